// @ts-check
/** Stored bars as the chart wants them, and the bar that the latest price belongs to; pure. */

/** @typedef {{time: any, open: number, high: number, low: number, close: number}} Candle */

const MINUTE = 60;
/** @type {{[size: string]: number}} seconds */
export const LENGTHS = {
  "1 min": MINUTE,
  "2 mins": 2 * MINUTE,
  "5 mins": 5 * MINUTE,
  "15 mins": 15 * MINUTE,
  "30 mins": 30 * MINUTE,
  "1 hour": 60 * MINUTE,
  "4 hours": 240 * MINUTE,
  "1 day": 1440 * MINUTE,
};

/**
 * Daily bars stand at midnight UTC of their day, all others at the moment they begin.
 * @param {{start_at: string, open: string, high: string, low: string, close: string}} bar
 * @returns {Candle}
 */
export function candleOf(bar) {
  return {
    time: Math.floor(Date.parse(bar.start_at) / 1000),
    open: Number(bar.open),
    high: Number(bar.high),
    low: Number(bar.low),
    close: Number(bar.close),
  };
}

/**
 * When the bar begins that a price of this moment belongs to.
 * @param {number} at epoch ms
 * @param {string} size
 * @param {import("./quote.js").Facts} facts
 * @param {Candle | undefined} last the newest bar there is
 * @returns {number} epoch s
 */
export function startOf(at, size, facts, last) {
  const length = LENGTHS[size];
  const seconds = at / 1000;
  if (size === "1 day") {
    return dayOf(at, facts.zone);
  }
  if (last && last.time <= seconds && seconds < last.time + length) {
    return last.time;
  }
  const session = facts.hours.find(([start, end]) => start <= at && at < end);
  const floor = Math.floor(seconds / length) * length;
  return session ? Math.max(floor, session[0] / 1000) : floor;
}

/**
 * The newest bar after a price, a fresh one where a new one begins; null for a price from before.
 * @param {Candle | undefined} last
 * @param {number} start epoch s
 * @param {number} price
 * @returns {Candle | null}
 */
export function moved(last, start, price) {
  if (last && start < last.time) {
    return null;
  }
  if (!last || start > last.time) {
    return { time: start, open: price, high: price, low: price, close: price };
  }
  return { ...last, high: Math.max(last.high, price), low: Math.min(last.low, price), close: price };
}

/**
 * Stored bars in place of those made of ticks; the newest keeps what it has seen since.
 * @param {Candle[]} bars
 * @param {Candle[]} stored
 * @returns {Candle[]}
 */
export function replaced(bars, stored) {
  const last = bars.at(-1);
  const all = new Map(bars.map((bar) => [bar.time, bar]));
  for (const bar of stored) {
    const seen = last && bar.time === last.time ? [last.high, last.low] : [];
    const close = last && bar.time === last.time ? last.close : bar.close;
    const high = Math.max(bar.high, ...seen);
    all.set(bar.time, { ...bar, high, low: Math.min(bar.low, ...seen), close });
  }
  return [...all.values()].sort((one, other) => one.time - other.time);
}

/**
 * Midnight UTC of the day it is in a zone.
 * @param {number} at epoch ms
 * @param {string} zone
 * @returns {number} epoch s
 */
function dayOf(at, zone) {
  let day = new Date(at).toISOString().slice(0, 10);
  try {
    day = new Intl.DateTimeFormat("en-CA", { timeZone: zone }).format(new Date(at));
  } catch {
    // A zone this browser does not know: the day of UTC is the day of most exchanges' sessions.
  }
  return Date.parse(`${day}T00:00:00Z`) / 1000;
}
