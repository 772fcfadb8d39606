// @ts-check
/** Paints one bound element of a quote: data-q names the field, data-of the instrument. */

import { setData, setFigure, setText } from "./cells.js";
import { MISSING } from "./format.js";
import { ageWords, changeOf, changePercentOf } from "./quote.js";
import { moment, word } from "./words.js";

/** @typedef {import("./quote.js").Shown} Shown */

/** @type {{[name: string]: (cell: HTMLElement, shown: Shown, now: number) => void}} */
const SPECIAL = {
  row: () => {},
  stand_in: (cell, shown) => {
    cell.hidden = shown.kind !== "close";
  },
  price: (cell, shown) => setFigure(cell, shown.value),
  change: (cell, shown) => setFigure(cell, changeOf(shown)),
  change_percent: (cell, shown) => setFigure(cell, changePercentOf(shown)),
  kind: paintBadge,
  age: (cell, shown, now) => {
    setText(cell, ageOf(shown, now));
  },
  last_trade_at: (cell, shown) => {
    const seconds = shown.quote.last_trade_at;
    setText(cell, seconds === undefined ? MISSING : moment(Number(seconds) * 1000));
  },
  halted: (cell, { quote }) => {
    const text = quote.halted === undefined ? MISSING : word(Number(quote.halted) > 0 ? "halted_yes" : "halted_no");
    setText(cell, text);
  },
};

/**
 * @param {HTMLElement} cell
 * @param {Shown} shown
 * @param {number} now the server's time, epoch ms
 */
export function paintCell(cell, shown, now) {
  const name = cell.dataset.q ?? "";
  const special = SPECIAL[name];
  if (special) {
    special(cell, shown, now);
  } else {
    setFigure(cell, shown.quote[name]);
  }
  if (name !== "kind" && name !== "age") {
    setData(cell, "stale", String(shown.stale));
    setData(cell, "shown", shown.badge);
  }
}

/**
 * A close says of which day it is: it was made before that day's end.
 * @param {Shown} shown
 * @param {number} now
 */
function ageOf(shown, now) {
  if (shown.at === null) {
    return "";
  }
  return shown.kind === "close" ? new Date(shown.at - 1).toISOString().slice(0, 10) : ageWords(now - shown.at);
}

/**
 * @param {HTMLElement} cell
 * @param {Shown} shown
 */
function paintBadge(cell, shown) {
  setData(cell, "kind", shown.badge);
  setText(cell, word(`kind_${shown.badge}`));
  const why = shown.badge === "missing" ? cell.dataset.why : "";
  cell.title = why || `${word(`about_${shown.badge}`)} ${moment(shown.at)}`.trim();
}
