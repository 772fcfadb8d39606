// @ts-check
/** The balances of an account card, one line for each currency. */

import { setFigure } from "./cells.js";

/** @typedef {import("./patch.js").Json} Json */

/**
 * @param {ParentNode} card
 * @param {Json} cash by currency
 */
export function paintCash(card, cash) {
  const list = card.querySelector("[data-cash]");
  const template = /** @type {HTMLTemplateElement | null} */ (
    document.getElementById("cash-template")
  );
  if (!list || !template) {
    return;
  }
  for (const line of list.querySelectorAll("[data-currency]")) {
    if (cash[/** @type {HTMLElement} */ (line).dataset.currency ?? ""] === undefined) {
      line.remove();
    }
  }
  for (const [currency, balance] of Object.entries(cash)) {
    const line = list.querySelector(`[data-currency="${currency}"]`) ?? add(list, template, currency);
    const amount = /** @type {HTMLElement | null} */ (line.querySelector("[data-amount]"));
    if (amount) {
      setFigure(amount, balance.cash);
    }
  }
}

/**
 * @param {Element} list
 * @param {HTMLTemplateElement} template
 * @param {string} currency
 * @returns {Element}
 */
function add(list, template, currency) {
  const fragment = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const line = /** @type {HTMLElement} */ (fragment.querySelector("[data-currency]"));
  line.dataset.currency = currency;
  const name = line.querySelector("[data-name]");
  if (name) {
    name.textContent = currency;
  }
  list.append(line);
  return line;
}
