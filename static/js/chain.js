// @ts-check
/** Marks in an option chain where the underlying stands, and which options are in the money. */

import { setData } from "./cells.js";

/** @typedef {import("./market.js").Market} Market */

/** @param {Market} market */
export function bindChain(market) {
  const table = /** @type {HTMLElement | null} */ (document.querySelector("[data-chain]"));
  if (table) {
    market.watch(table.dataset.chain ?? "", (shown) => {
      if (shown.value !== null) {
        mark(table, Number(shown.value));
      }
    });
  }
}

/**
 * @param {HTMLElement} table
 * @param {number} price
 */
function mark(table, price) {
  const rows = /** @type {HTMLElement[]} */ ([...table.querySelectorAll("[data-strike]")]);
  const below = rows.filter((row) => Number(row.dataset.strike) <= price).pop();
  for (const row of rows) {
    row.toggleAttribute("data-below", row === below);
    const strike = Number(row.dataset.strike);
    setData(row, "itm", strike < price ? "C" : strike > price ? "P" : "");
  }
}
