// @ts-check
/** Prices with the decimals of the instrument's smallest step; the same rules as apps/trading/shown.py. */

import { MISSING, figure } from "./format.js";
import { word } from "./words.js";

/** @typedef {import("./patch.js").Json} Json */

const EXTRA = 2;
const MANY = 8;
/** @type {{[type: string]: string}} */
const AT_OPEN = { MKT: "MOO", LMT: "LOO" };
const BEHIND = " - reason:";
/** @type {Map<number, Intl.NumberFormat>} */
const made = new Map();

/** @param {string | undefined} step */
export function decimals(step) {
  const digits = (step ?? "").split(".")[1] ?? "";
  return Math.min(Math.max(digits.replace(/0+$/, "").length, 2), MANY);
}

/**
 * @param {string | undefined} value
 * @param {string | undefined} step
 * @returns {string}
 */
export function priced(value, step) {
  if (value === undefined || value === "") {
    return MISSING;
  }
  const least = decimals(step);
  const known = made.get(least);
  const format =
    known ??
    new Intl.NumberFormat("en-US", {
      minimumFractionDigits: least,
      maximumFractionDigits: Math.min(least + EXTRA, MANY),
    });
  made.set(least, format);
  return format.format(/** @type {any} */ (value)).replace("-", "\u2212");
}

/**
 * What an order was given: limit, stop or trail, each with its word.
 * @param {Json} row
 * @returns {[label: string, text: string][]}
 */
export function pricesOf(row) {
  /** @type {[string, string][]} */
  const found = [];
  if (row.limit_price !== undefined) {
    found.push([word("price_limit"), priced(row.limit_price, row.step)]);
  }
  if (row.stop_price !== undefined) {
    found.push([word(row.type === "TRAIL" ? "price_trail" : "price_stop"), priced(row.stop_price, row.step)]);
  }
  if (row.trailing_percent !== undefined) {
    found.push([word("price_trail"), `${figure(row.trailing_percent, "quantity")}%`]);
  }
  return found;
}

/**
 * What people call the type: TWS knows orders for the open only by their time in force.
 * @param {Json} row
 * @returns {string}
 */
export function typeOf(row) {
  return row.tif === "OPG" ? (AT_OPEN[row.type] ?? row.type) : row.type;
}

/**
 * Without TWS's "Order Canceled - reason:", which the state says already.
 * @param {string | undefined} reason
 * @returns {string}
 */
export function reasonText(reason) {
  const text = reason ?? "";
  return text.includes(BEHIND) ? text.slice(text.lastIndexOf(BEHIND) + BEHIND.length).trim() : text;
}
