// @ts-check
/** Colours, figures and times of charts: those of the page. */

import { figure } from "./format.js";

const IN_SIGHT = 260;

/**
 * @param {string} name of a custom property
 * @returns {string}
 */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** @param {number} value */
function two(value) {
  return String(value).padStart(2, "0");
}

/** @param {Date} date */
function dayOf(date) {
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** @param {Date} date */
function timeOf(date) {
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

/**
 * @param {number} seconds epoch
 * @param {boolean} daily
 * @returns {string}
 */
function moment(seconds, daily) {
  const date = new Date(seconds * 1000);
  return daily ? date.toISOString().slice(0, 10) : `${dayOf(date)} ${timeOf(date)}`;
}

/**
 * @param {number} seconds epoch
 * @param {number} type of the mark: 0 year, 1 month, 2 day, 3 and 4 time
 * @param {boolean} daily
 * @returns {string}
 */
function mark(seconds, type, daily) {
  const text = moment(seconds, daily);
  return [text.slice(0, 4), text.slice(0, 7), text.slice(5, 10)][type] ?? text.slice(11);
}

/** @param {boolean} daily */
export function chartOptions(daily) {
  return {
    autoSize: true,
    layout: {
      background: { color: colour("--surface") },
      textColor: colour("--muted"),
      fontFamily: getComputedStyle(document.body).fontFamily,
      // The page names and links the library below the chart.
      attributionLogo: false,
    },
    grid: { vertLines: { color: colour("--line") }, horzLines: { color: colour("--line") } },
    rightPriceScale: { borderColor: colour("--line") },
    timeScale: {
      borderColor: colour("--line"),
      timeVisible: !daily,
      rightOffset: 4,
      maxBarSpacing: 24,
      tickMarkFormatter: (/** @type {number} */ at, /** @type {number} */ type) => mark(at, type, daily),
    },
    localization: { timeFormatter: (/** @type {number} */ at) => moment(at, daily) },
  };
}

/** @param {string | undefined} format */
export function candleOptions(format) {
  const up = colour("--up");
  const down = colour("--down");
  return {
    upColor: up,
    wickUpColor: up,
    borderUpColor: up,
    downColor: down,
    wickDownColor: down,
    borderDownColor: down,
    lastValueVisible: false,
    priceLineVisible: false,
    priceFormat: {
      type: "custom",
      minMove: 0.00001,
      formatter: (/** @type {number} */ value) => figure(value.toFixed(6), format ?? "price"),
    },
  };
}

/** @param {() => void} changed called when light has become dark, or dark light */
export function watchTheme(changed) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", changed);
  new MutationObserver(changed).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}

/**
 * Shows the newest bars, not a year of minutes at once.
 * @param {any} chart
 * @param {number} count
 */
export function frame(chart, count) {
  const scale = chart.timeScale();
  if (count > IN_SIGHT) {
    scale.setVisibleLogicalRange({ from: count - IN_SIGHT, to: count + 4 });
  } else {
    scale.fitContent();
  }
}
