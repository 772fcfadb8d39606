// @ts-check
/** Which number of a quote is the price, what kind it is, and whether it may pass for current. */

import { sum } from "./format.js";

/** @typedef {import("./patch.js").Json} Json */
/**
 * @typedef {object} Price
 * @property {string | null} value
 * @property {string} kind live, delayed, frozen, delayed_frozen, close, broker or missing
 * @property {number | string | null} at epoch ms or ISO text
 */

/** Options and currencies trade rarely or not at all by last price: there the middle comes first. */
const BY_MIDDLE = new Set(["OPT", "FOP", "WAR", "CASH"]);
/** Kinds that are old by their nature; their badge says so, age adds nothing. */
const DATED = new Set(["close", "frozen", "delayed_frozen", "missing"]);

/**
 * @param {Json} quote
 * @returns {string | null}
 */
function middle(quote) {
  const { bid, ask } = quote;
  if (bid === undefined || ask === undefined || Number(bid) <= 0 || Number(ask) <= 0) {
    return null;
  }
  const both = BigInt(String(sum([bid, ask])).replace(".", "") + "0") / 2n;
  const digits = String(both).padStart(12, "0");
  return `${digits.slice(0, -11)}.${digits.slice(-11)}`;
}

/**
 * @param {Json | undefined} quote
 * @param {Json} row the position, whose broker valuation stands in
 * @returns {Price}
 */
export function priceOf(quote, row) {
  if (quote && quote.kind !== "missing") {
    const traded = [quote.last ?? null, middle(quote)];
    const found = [...(BY_MIDDLE.has(row.sec_type) ? traded.reverse() : traded), quote.mark ?? null]
      .find((value) => value !== null);
    if (found !== undefined) {
      return { value: found, kind: quote.kind ?? "live", at: quote.at ?? null };
    }
    if (quote.close !== undefined && row.market_price === undefined) {
      return { value: quote.close, kind: "close", at: quote.at ?? null };
    }
  }
  if (row.market_price !== undefined) {
    return { value: row.market_price, kind: "broker", at: row.valued_at ?? null };
  }
  return { value: null, kind: "missing", at: null };
}

/**
 * @param {Price} price
 * @param {{alive: boolean, link: Json | undefined, now: number, limit: number}} world
 *   limit: age in ms from which a streaming price is old
 * @returns {boolean}
 */
export function isStale(price, world) {
  if (price.value === null) {
    return false;
  }
  if (!world.alive || !flows(world.link)) {
    return true;
  }
  if (DATED.has(price.kind) || price.kind === "broker" || typeof price.at !== "number") {
    return false;
  }
  return world.now - price.at > world.limit;
}

/** @param {Json | undefined} link whether prices can arrive over this connection at all */
export function flows(link) {
  return link?.state === "ready" || (link?.state === "degraded" && link.code !== "1100");
}

/**
 * Change of the price since the last close in percent; null when either is missing.
 * @param {Price} price
 * @param {Json | undefined} quote
 * @returns {number | null}
 */
export function changePercent(price, quote) {
  const close = Number(quote?.close);
  if (price.value === null || price.kind === "close" || price.kind === "broker" || !(close > 0)) {
    return null;
  }
  return (Number(price.value) / close - 1) * 100;
}

/**
 * How far the underlying must move to reach the strike, in percent of its price.
 * @param {Json} row
 * @param {Json | undefined} quote
 * @returns {number | null}
 */
export function strikeDistance(row, quote) {
  const underlying = Number(quote?.und);
  if (row.strike === undefined || !(underlying > 0)) {
    return null;
  }
  return (Number(row.strike) / underlying - 1) * 100;
}
