// @ts-check
/** The blotter: live rows, a cancel that stays on the page, and keys for those who use no mouse. */

import { LiveRows } from "./liverows.js";
import { paintExecution, paintOrder } from "./orderrows.js";
import { Table } from "./table.js";

/** @returns {LiveRows[]} none on pages without a blotter */
export function startBlotter() {
  const table = /** @type {HTMLElement | null} */ (document.querySelector("[data-live-rows]"));
  const panel = /** @type {HTMLElement | null} */ (table?.closest("[data-panel]") ?? null);
  if (!table || !panel) {
    return [];
  }
  const kind = table.dataset.liveRows ?? "";
  const listing = new Table(table, panel, () => {});
  listing.refresh();
  table.addEventListener("submit", (event) => void cancel(event));
  table.addEventListener("keydown", (event) => move(event));
  const paint = kind === "orders" ? paintOrder : paintExecution;
  return [new LiveRows(table, kind, paint, () => listing.refresh())];
}

/** The answer is a sentence on this page; the row itself changes when the order does. @param {SubmitEvent} event */
async function cancel(event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const box = document.getElementById("order-answer");
  if (!form.matches("[data-cancel]") || !box) {
    return;
  }
  event.preventDefault();
  const button = form.querySelector("button");
  button?.setAttribute("disabled", "");
  try {
    const headers = { "HX-Request": "true" };
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers });
    box.innerHTML = await answer.text();
    if (!answer.ok) {
      button?.removeAttribute("disabled");
    }
  } catch {
    // Without an answer nobody knows whether it was heard: the page of the order will show it.
    form.submit();
  }
}

/** Arrows go from row to row, Enter opens, Delete cancels. @param {KeyboardEvent} event */
function move(event) {
  const row = /** @type {HTMLElement | null} */ (
    /** @type {HTMLElement} */ (event.target).closest("[data-row]")
  );
  if (!row || event.target !== row) {
    return;
  }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    neighbour(row, event.key === "ArrowDown")?.focus();
  } else if (event.key === "Enter") {
    row.querySelector("a")?.click();
  } else if (event.key === "Delete") {
    const form = /** @type {HTMLFormElement | null} */ (row.querySelector("[data-cancel]:not([hidden])"));
    const ask = /** @type {HTMLElement | null} */ (row.querySelector("[data-ask]:not([hidden])"));
    form ? form.requestSubmit() : ask?.click();
  }
}

/**
 * @param {HTMLElement} row
 * @param {boolean} down
 * @returns {HTMLElement | null}
 */
function neighbour(row, down) {
  let next = row;
  do {
    next = /** @type {HTMLElement} */ (down ? next.nextElementSibling : next.previousElementSibling);
  } while (next && next.hidden);
  return next;
}
