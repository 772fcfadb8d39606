// @ts-check
/** The rows of the blotter: one for each order and for each fill. */

import { setData, setText } from "./cells.js";
import { MISSING, figure, signOf } from "./format.js";
import { priced, pricesOf, reasonText, typeOf } from "./steps.js";
import { moment, word } from "./words.js";

/** @typedef {import("./patch.js").Json} Json */
/** @typedef {(tr: HTMLElement, row: Json) => void} Paint */

/**
 * @param {HTMLElement} tr
 * @param {string} name
 * @param {string} text
 * @param {string} [value] what the table sorts by, where it is not the text
 */
function write(tr, name, text, value) {
  const cell = /** @type {HTMLElement | null} */ (tr.querySelector(`[data-part=${name}]`));
  if (cell) {
    setText(cell, text);
    if (value !== undefined) {
      setData(cell, "value", value);
    }
  }
}

/**
 * @param {HTMLElement} tr
 * @param {Json} row
 */
function writeSide(tr, row) {
  const side = /** @type {HTMLElement | null} */ (tr.querySelector("[data-part=side]"));
  if (side) {
    setText(side, word(`side_${row.side}`));
    setData(side, "side", row.side);
  }
}

/** @param {Json} row */
function classOf(row) {
  return row.open ? "open" : row.state === "filled" ? "filled" : "over";
}

/** @type {Paint} */
export function paintOrder(tr, row) {
  setData(tr, "class", classOf(row));
  setData(tr, "text", [row.name, row.symbol, row.by, row.strategy, typeOf(row), row.tif, row.id].join(" "));
  setData(tr, "source", row.source);
  for (const link of tr.querySelectorAll("[data-order-link]")) {
    link.setAttribute("href", `/orders/${row.id}/`);
  }
  writeSide(tr, row);
  write(tr, "symbol", row.name);
  write(tr, "source", word(`source_${row.source}`));
  write(tr, "by", [row.by, row.strategy].filter(Boolean).join(" · "));
  write(tr, "type", [typeOf(row), row.algo].filter(Boolean).join(" "));
  write(tr, "tif", row.outside_rth ? `${row.tif} +` : row.tif);
  writePrices(tr, row);
  writeProgress(tr, row);
  write(tr, "at", moment(row.accepted_at), String(Date.parse(row.accepted_at)));
  write(tr, "reason", reasonText(row.reason) || (row.why_held ?? ""));
  const state = /** @type {HTMLElement | null} */ (tr.querySelector("[data-part=state]"));
  if (state) {
    setText(state, word(`order_${row.state}`));
    setData(state, "orderState", row.state);
  }
  paintCancel(tr, row);
}

/** @type {Paint} */
function writePrices(tr, row) {
  const cell = tr.querySelector("[data-part=prices]");
  const found = pricesOf(row);
  if (cell && cell.getAttribute("data-told") !== JSON.stringify(found)) {
    cell.setAttribute("data-told", JSON.stringify(found));
    cell.setAttribute("data-value", row.limit_price ?? row.stop_price ?? "");
    cell.replaceChildren(...(found.length > 0 ? found.map(labelled) : [MISSING]));
  }
}

/** @param {[label: string, text: string]} price */
function labelled([label, text]) {
  const span = document.createElement("span");
  const small = document.createElement("small");
  small.textContent = label;
  span.append(small, ` ${text} `);
  return span;
}

/** @type {Paint} */
function writeProgress(tr, row) {
  write(tr, "filled", figure(row.filled, "quantity"), row.filled);
  write(tr, "quantity", figure(row.quantity, "quantity"));
  write(tr, "average", priced(row.average_price, row.step), row.average_price ?? "");
  write(tr, "commission", figure(row.commission, "money"), row.commission ?? "");
  const bar = /** @type {HTMLProgressElement | null} */ (tr.querySelector("progress"));
  if (bar) {
    bar.value = Math.floor((Number(row.filled) * 100) / Number(row.quantity));
  }
}

/** Only what is open can be cancelled; what was placed elsewhere is asked about on its own page. @type {Paint} */
function paintCancel(tr, row) {
  const form = /** @type {HTMLFormElement | null} */ (tr.querySelector("[data-cancel]"));
  const button = form?.querySelector("button");
  if (form && button) {
    form.hidden = !row.open || row.external === true;
    form.setAttribute("action", `/orders/${row.id}/cancel/`);
    button.disabled = row.state === "pending_cancel" || row.cancel_asked_at !== undefined;
  }
  const ask = /** @type {HTMLElement | null} */ (tr.querySelector("[data-ask]"));
  if (ask) {
    ask.hidden = !row.open || row.external !== true;
  }
}

/** @type {Paint} */
export function paintExecution(tr, row) {
  setData(tr, "class", row.side);
  setData(tr, "text", [row.name, row.exchange, row.exec_id].join(" "));
  for (const link of tr.querySelectorAll("[data-order-link]")) {
    link.setAttribute("href", row.order === undefined ? `/instruments/${row.con_id}/` : `/orders/${row.order}/`);
  }
  writeSide(tr, row);
  write(tr, "symbol", row.name);
  write(tr, "quantity", figure(row.quantity, "quantity"), row.quantity);
  write(tr, "price", priced(row.price), row.price);
  write(tr, "exchange", row.exchange ?? MISSING);
  write(tr, "commission", figure(row.commission, "money"), row.commission ?? "");
  write(tr, "realized", figure(row.realized_pnl, "signed"), row.realized_pnl ?? "");
  const realized = /** @type {HTMLElement | null} */ (tr.querySelector("[data-part=realized]"));
  if (realized) {
    setData(realized, "sign", signOf(realized.textContent ?? ""));
  }
  write(tr, "note", [row.corrected && word("corrected"), row.liquidation && word("liquidation")].filter(Boolean).join(", "));
  write(tr, "at", moment(row.at), String(Date.parse(row.at)));
}
