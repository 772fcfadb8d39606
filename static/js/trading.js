// @ts-check
/** Starts what a page of trading asks for with its data attributes. */

import { startBlotter } from "./blotter.js";
import { OrderPage } from "./orderpage.js";
import { RunPage } from "./runpage.js";
import { bindTicket } from "./ticket.js";
import { localTimes, word } from "./words.js";

/** @typedef {import("./market.js").Market} Market */
/** @typedef {{changed: (topic: string, state: any, patch: any) => void, setAlive: (alive: boolean) => void, paintAges: () => void}} View */

/**
 * @param {Market | undefined} market
 * @returns {View[]}
 */
export function startTrading(market) {
  bindTicket(market);
  document.addEventListener("submit", once);
  document.addEventListener("pointerdown", aim);
  document.addEventListener("focusin", aim);
  document.body.addEventListener("htmx:afterSettle", () => localTimes(document));
  window.addEventListener("pageshow", freeAgain);
  const views = /** @type {View[]} */ (startBlotter());
  if (document.querySelector("[data-order]")) {
    views.push(new OrderPage());
  }
  const run = /** @type {HTMLElement | null} */ (document.querySelector("[data-run]"));
  if (run) {
    views.push(new RunPage(run));
  }
  return views;
}

/** The server takes an order only once anyway; this says that the first click was heard. @param {SubmitEvent} event */
function once(event) {
  const form = /** @type {HTMLFormElement} */ (event.target);
  if (!form.matches("[data-once]") || event.defaultPrevented) {
    return;
  }
  if (form.dataset.once === "sent") {
    event.preventDefault();
    return;
  }
  form.dataset.once = "sent";
  const button = event.submitter;
  if (button?.matches("[data-send]")) {
    button.textContent = word("sending");
  }
}

/** A page brought back from the browser's memory can be used again. @param {PageTransitionEvent} event */
function freeAgain(event) {
  if (event.persisted) {
    location.reload();
  }
}

/** The trade link of a row that came later knows its instrument from the row. @param {Event} event */
function aim(event) {
  const link = event.target instanceof Element ? event.target.closest("[data-trade]") : null;
  const row = /** @type {HTMLElement | null} */ (link?.closest("[data-row]") ?? null);
  if (link && row) {
    link.setAttribute("href", `/orders/new/?con_id=${row.dataset.row}&account=${row.dataset.account}`);
  }
}
