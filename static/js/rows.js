// @ts-check
/** The rows of the positions table: one for each account and instrument. */

import { paintFields, setData, setFigure, setText } from "./cells.js";
import { figure, priceFormat } from "./format.js";
import { changePercent, isStale, priceOf, strikeDistance } from "./price.js";
import { moment, word } from "./words.js";

/** @typedef {import("./patch.js").Json} Json */
/** @typedef {{alive: boolean, link: Json | undefined, now: number, limit: number}} World */

const OPTIONS = new Set(["OPT", "FOP", "WAR"]);
/** @type {{[currency: string]: string}} */
const OPTION_CLASSES = { USD: "us_options", HKD: "hk_options" };
/** @type {{[secType: string]: string}} */
const BY_TYPE = { STK: "stocks", ETF: "stocks", FUT: "futures", CASH: "fx" };

/**
 * The tab a position is listed under; the same rule as apps/accounts/book.py.
 * @param {Json} row
 */
export function classOf(row) {
  if (OPTIONS.has(row.sec_type)) {
    return OPTION_CLASSES[row.currency] ?? "other";
  }
  return BY_TYPE[row.sec_type] ?? "other";
}

/**
 * The second line of a position's name.
 * @param {Json} row
 */
function detailOf(row) {
  if (row.sec_type === "CASH") {
    return `${row.symbol}.${row.currency}`;
  }
  if (row.expiry === undefined) {
    return row.exchange ?? "";
  }
  const strike = row.strike === undefined ? [] : [figure(row.strike, "quantity"), row.right ?? ""];
  return [row.expiry, ...strike].join(" ").trim();
}

/**
 * @param {HTMLTemplateElement} template
 * @param {string} account
 * @param {Json} row
 * @param {{group: string, name: string}} owner
 * @returns {HTMLElement}
 */
export function makeRow(template, account, row, owner) {
  const fragment = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const tr = /** @type {HTMLElement} */ (fragment.querySelector("[data-row]"));
  const kind = classOf(row);
  Object.assign(tr.dataset, { row: String(row.con_id), account, class: kind, group: owner.group });
  tr.querySelector("[data-instrument]")?.setAttribute("href", `/instruments/${row.con_id}/`);
  const detail = detailOf(row);
  tr.dataset.text = `${row.symbol} ${row.local_symbol ?? ""} ${detail} ${row.currency} ${owner.name}`;
  const texts = { symbol: row.symbol, detail, currency: row.currency, account: owner.name };
  for (const [name, text] of Object.entries(texts)) {
    const element = tr.querySelector(`[data-part=${name}]`);
    if (element) {
      element.textContent = text;
    }
  }
  for (const element of tr.querySelectorAll("[data-format=price]")) {
    /** @type {HTMLElement} */ (element).dataset.format = priceFormat(row.sec_type);
  }
  return tr;
}

/**
 * @param {HTMLElement} tr
 * @param {Json} row
 */
export function paintRow(tr, row) {
  paintFields(tr, row);
}

/**
 * Price, its kind and age, and what follows from it.
 * @param {HTMLElement} tr
 * @param {Json} row
 * @param {Json | undefined} quote
 * @param {World} world
 */
export function paintPrice(tr, row, quote, world) {
  const price = priceOf(quote, row);
  const value = part(tr, "price");
  if (value) {
    setFigure(value, price.value);
  }
  const change = part(tr, "change");
  if (change) {
    setFigure(change, changePercent(price, quote)?.toFixed(4));
  }
  const distance = part(tr, "distance");
  if (distance) {
    setFigure(distance, strikeDistance(row, quote)?.toFixed(4));
  }
  paintKind(tr, price, quote, world);
}

/**
 * @param {HTMLElement} tr
 * @param {import("./price.js").Price} price
 * @param {Json | undefined} quote
 * @param {World} world
 */
function paintKind(tr, price, quote, world) {
  const stale = isStale(price, world);
  const badge = part(tr, "kind");
  if (!badge) {
    return;
  }
  const halted = Number(quote?.halted) > 0;
  const kind = stale ? "stale" : halted ? "halted" : price.kind;
  setData(tr, "stale", String(stale));
  setData(badge, "kind", kind);
  setText(badge, word(`kind_${kind}`));
  const at = moment(price.at);
  badge.title = `${word(`about_${kind}`)} ${at}`.trim();
  const time = part(tr, "at");
  if (time) {
    setText(time, kind === "live" ? "" : at);
  }
}

/**
 * For a row whose state has not arrived: what the server painted is all there is.
 * @param {HTMLElement} tr
 */
export function markStale(tr) {
  setData(tr, "stale", "true");
  const badge = part(tr, "kind");
  if (badge) {
    setData(badge, "kind", "stale");
    setText(badge, word("kind_stale"));
  }
}

/**
 * @param {HTMLElement} tr
 * @param {string} name
 * @returns {HTMLElement | null}
 */
function part(tr, name) {
  return tr.querySelector(`[data-part=${name}]`);
}
