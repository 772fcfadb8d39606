// @ts-check
/** What a quote shows: the best of several, its price, kind and age; apps/marketdata/shown.py paints it first. */

import { sum } from "./format.js";
import { isOld } from "./hours.js";
import { flows, priceOf } from "./price.js";
import { word } from "./words.js";

/** @typedef {import("./patch.js").Json} Json */
/** @typedef {{type: string, hours: import("./hours.js").Hours, zone: string}} Facts */
/**
 * @typedef {object} Shown
 * @property {Json} quote
 * @property {string | null} value
 * @property {string} kind what the price is: live, delayed, frozen, delayed_frozen, close or missing
 * @property {string} badge the kind, or stale or halted
 * @property {number | null} at epoch ms
 * @property {boolean} stale
 */
/** @typedef {{alive: boolean, now: number, limit: number}} World */

const RANK = ["live", "frozen", "delayed", "delayed_frozen", "close", "missing"];

/**
 * The best quote of an instrument over all connections, with the state of its link.
 * @param {string} conId
 * @param {Map<string, Json>} states by topic
 * @returns {{quote: Json, link: Json | undefined} | null}
 */
export function bestQuote(conId, states) {
  const links = states.get("connections") ?? {};
  let best = null;
  let order = Infinity;
  for (const [topic, quotes] of states) {
    const quote = topic.startsWith("quotes:") ? quotes[conId] : undefined;
    if (quote) {
      const link = links[topic.slice("quotes:".length)];
      const rank = RANK.indexOf(quote.kind ?? "missing") + (flows(link) ? 0 : RANK.length);
      if (rank < order) {
        order = rank;
        best = { quote, link };
      }
    }
  }
  return best;
}

/**
 * @param {{quote: Json, link: Json | undefined} | null} best
 * @param {Facts} facts
 * @param {World} world
 * @returns {Shown}
 */
export function shownOf(best, facts, world) {
  const quote = best?.quote ?? {};
  const gone = quote.kind === "missing";
  // Of a stream that has ended the last values are still worth a look, never as current ones.
  const price = priceOf(gone ? { ...quote, kind: "frozen" } : quote, { sec_type: facts.type });
  if (price.value === null || (best && quote.kind === undefined && quote.at === undefined)) {
    return { quote, value: null, kind: "missing", badge: "missing", at: null, stale: false };
  }
  const at = typeof price.at === "number" ? price.at : null;
  const cut = gone || quote.stale === true || !world.alive || !flows(best?.link);
  const stale = cut || isOld(price.kind, at, facts.hours, world.now, world.limit);
  const badge = stale ? "stale" : Number(quote.halted) > 0 ? "halted" : price.kind;
  return { quote, value: price.value, kind: price.kind, badge, at, stale };
}

/**
 * @param {Shown} shown
 * @returns {string | null} price less last close, an exact decimal
 */
export function changeOf(shown) {
  const { close } = shown.quote;
  if (shown.value === null || close === undefined || shown.kind === "close") {
    return null;
  }
  return sum([shown.value, close.startsWith("-") ? close.slice(1) : `-${close}`]);
}

/**
 * @param {Shown} shown
 * @returns {string | null}
 */
export function changePercentOf(shown) {
  const change = changeOf(shown);
  const close = Number(shown.quote.close);
  return change === null || !(close > 0) ? null : ((Number(change) / close) * 100).toFixed(4);
}

/**
 * Rounded down to whole seconds, minutes, hours or days, as apps/marketdata/ages.py does.
 * @param {number} ms
 * @returns {string}
 */
export function ageWords(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) {
    return word("age_seconds", { n: seconds });
  }
  if (seconds < 3600) {
    return word("age_minutes", { n: Math.floor(seconds / 60) });
  }
  if (seconds < 86_400) {
    return word("age_hours", { n: Math.floor(seconds / 3600) });
  }
  return word("age_days", { n: Math.floor(seconds / 86_400) });
}
