// @ts-check
/** Progress of a download of bars. */

import { word } from "./words.js";

/** @typedef {import("./market.js").Market} Market */
/** @typedef {import("./patch.js").Json} Json */

/**
 * @param {Market} market
 * @param {(done: boolean) => void} arrived called when bars have come
 */
export function bindDownload(market, arrived) {
  const box = /** @type {HTMLElement | null} */ (document.querySelector("[data-download]"));
  if (!box) {
    return;
  }
  let bars = -1;
  let state = box.dataset.state ?? "";
  paint(box, { state });
  market.followers.set(`downloads:${box.dataset.download}`, (told) => {
    paint(box, told);
    const more = bars >= 0 && told.bars > bars;
    const ended = state !== told.state && told.state === "done";
    bars = told.bars ?? 0;
    state = told.state;
    if (more || ended) {
      arrived(ended);
    }
  });
}

/**
 * @param {HTMLElement} box
 * @param {Json} told
 */
function paint(box, told) {
  box.dataset.state = told.state;
  const bar = box.querySelector("progress");
  if (bar && told.progress !== undefined) {
    bar.value = told.progress;
  }
  const percent = told.state === "running" ? ` ${Math.floor((told.progress ?? 0) * 100)}%` : "";
  const sentence = told.sentences?.[document.documentElement.lang];
  const texts = { state: word(`download_${told.state}`) + percent, sentence };
  for (const [name, text] of Object.entries(texts)) {
    const element = box.querySelector(`[data-part=${name}]`);
    if (element && text !== undefined) {
      element.textContent = text;
    }
  }
}
