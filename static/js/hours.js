// @ts-check
/** Whether a price is old, given when its market is open; the same rules as apps/marketdata/staleness.py. */

/** Pairs of start and end, epoch ms, in order. @typedef {[number, number][]} Hours */

const CLOSE_OLD_AFTER = 5 * 86_400_000;

/**
 * @param {Hours} hours
 * @param {number} now
 * @returns {boolean | null} null: the announced hours do not reach this moment
 */
export function isOpen(hours, now) {
  if (hours.length === 0 || now >= Math.max(...hours.map(([, end]) => end))) {
    return null;
  }
  return hours.some(([start, end]) => start <= now && now < end);
}

/**
 * @param {Hours} hours
 * @param {number} now
 * @returns {[number, number] | undefined} the newest session that has ended
 */
function lastSession(hours, now) {
  return hours.filter(([, end]) => end <= now).pop();
}

/**
 * @param {string} kind
 * @param {number | null} at
 * @param {Hours} hours
 * @param {number} now
 * @param {number} limit ms
 * @returns {boolean}
 */
export function isOld(kind, at, hours, now, limit) {
  if (kind === "missing" || at === null) {
    return true;
  }
  if (kind !== "close" && isOpen(hours, now) !== false) {
    return now - at > limit;
  }
  const ended = lastSession(hours, now);
  return ended ? at < ended[0] : now - at > CLOSE_OLD_AFTER;
}
