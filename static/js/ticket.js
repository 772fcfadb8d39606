// @ts-check
/** The ticket: only the fields that the type asks for, prices to fill in, and what it is worth. */

import { figure } from "./format.js";
import { word } from "./words.js";

/** @typedef {import("./quote.js").Shown} Shown */
/** @typedef {import("./market.js").Market} Market */

/** @param {Market | undefined} market */
export function bindTicket(market) {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-ticket]"));
  if (!form) {
    return;
  }
  /** @type {{[field: string]: string[]}} */
  const uses = JSON.parse(document.getElementById("uses")?.textContent ?? "{}");
  /** @type {{shown: Shown | null}} */
  const now = { shown: null };
  const refresh = () => {
    showFields(form, uses);
    showWorth(form, now.shown);
  };
  market?.watch(form.dataset.ticket ?? "", (shown) => {
    now.shown = shown;
    showWorth(form, shown);
  });
  form.addEventListener("input", refresh);
  form.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-fill]");
    if (button) {
      fill(form, /** @type {HTMLElement} */ (button).dataset.fill ?? "", now.shown);
      refresh();
    }
  });
  refresh();
}

/**
 * @param {HTMLFormElement} form
 * @param {{[field: string]: string[]}} uses
 */
function showFields(form, uses) {
  const type = value(form, "order_type");
  for (const element of form.querySelectorAll("[data-for]")) {
    const box = /** @type {HTMLElement} */ (element);
    box.hidden = !(uses[box.dataset.for ?? ""] ?? []).includes(type);
  }
  for (const element of form.querySelectorAll("[data-tif]")) {
    const box = /** @type {HTMLElement} */ (element);
    box.hidden = value(form, "tif") !== box.dataset.tif || !uses.tif.includes(type);
  }
  for (const element of form.querySelectorAll("[data-algo]")) {
    const box = /** @type {HTMLElement} */ (element);
    box.hidden = !(box.dataset.algo ?? "").split(" ").includes(value(form, "algo_strategy"));
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {Shown | null} shown
 */
function showWorth(form, shown) {
  const box = form.querySelector("[data-worth]");
  const price = Number(value(form, "limit_price") || shown?.value || NaN);
  const amount = price * Number(value(form, "quantity")) * Number(form.dataset.multiplier || 1);
  if (box) {
    const told = Number.isFinite(amount) && amount > 0;
    box.textContent = told
      ? word("worth", { amount: figure(amount.toFixed(2), "money"), currency: form.dataset.currency ?? "" })
      : "";
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name bid, ask or middle
 * @param {Shown | null} shown
 */
function fill(form, name, shown) {
  const { bid, ask } = shown?.quote ?? {};
  const middle = bid === undefined || ask === undefined ? undefined : String((Number(bid) + Number(ask)) / 2);
  const price = { bid, ask, middle }[name];
  const field = /** @type {HTMLInputElement | null} */ (form.elements.namedItem("limit_price"));
  if (field && price !== undefined) {
    field.value = name === "middle" ? String(Number(Number(price).toFixed(6))) : price;
  }
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 * @returns {string}
 */
function value(form, name) {
  return String(new FormData(form).get(name) ?? "");
}
