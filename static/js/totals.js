// @ts-check
/** Sums over the rows in sight, one line for each mode and base currency, with what they leave out. */

import { setFigure, setText } from "./cells.js";
import { sum } from "./format.js";
import { word } from "./words.js";

/** @param {HTMLElement} table */
export function paintTotals(table) {
  const rows = /** @type {HTMLElement[]} */ ([...table.querySelectorAll("tbody [data-row]")]);
  const seen = rows.filter((row) => !row.hidden);
  for (const element of table.querySelectorAll("[data-total]")) {
    const line = /** @type {HTMLElement} */ (element);
    const own = seen.filter((row) => row.dataset.group === line.dataset.total);
    line.hidden = own.length === 0 && line.dataset.total !== table.dataset.group;
    paintLine(line, own);
  }
}

/**
 * @param {HTMLElement} line
 * @param {HTMLElement[]} rows
 */
function paintLine(line, rows) {
  for (const element of line.querySelectorAll("[data-sum]")) {
    const cell = /** @type {HTMLElement} */ (element);
    const field = cell.dataset.sum;
    const values = rows.map((row) => valueOf(row, `[data-field=${field}]`)).filter(Boolean);
    setFigure(cell, sum(values));
    const note = line.querySelector(`[data-coverage=${field}]`);
    if (note) {
      const whole = values.length === rows.length;
      const counts = { known: values.length, count: rows.length };
      setText(/** @type {HTMLElement} */ (note), whole ? "" : word("some_of", counts));
    }
  }
  const priced = rows.filter((row) => valueOf(row, "[data-part=price]") !== "").length;
  const coverage = /** @type {HTMLElement | null} */ (line.querySelector("[data-priced]"));
  if (coverage) {
    setText(coverage, word("priced", { known: priced, count: rows.length }));
  }
}

/**
 * @param {HTMLElement} row
 * @param {string} selector
 * @returns {string} the raw decimal, empty when missing
 */
function valueOf(row, selector) {
  const cell = /** @type {HTMLElement | null} */ (row.querySelector(selector));
  return cell?.dataset.value ?? "";
}
