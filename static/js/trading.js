// @ts-check
/** Starts what a page of trading asks for with its data attributes. */

import { startBlotter } from "./blotter.js";
import { OrderPage } from "./orderpage.js";
import { RunPage } from "./runpage.js";
import { bindTicket } from "./ticket.js";
import { word } from "./words.js";

/** @typedef {import("./market.js").Market} Market */
/** @typedef {{changed: (topic: string, state: any, patch: any) => void, setAlive: (alive: boolean) => void, paintAges: () => void}} View */

/**
 * @param {Market | undefined} market
 * @returns {View[]}
 */
export function startTrading(market) {
  bindTicket(market);
  document.addEventListener("submit", once);
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
