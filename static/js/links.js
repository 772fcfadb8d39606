// @ts-check
/** Shows the state of each connection wherever the page mentions it. */

import { setData, setText } from "./cells.js";
import { moment, word } from "./words.js";

/** @typedef {import("./patch.js").Json} Json */

/**
 * A connection that has left the topic leaves the page; one the topic has not named yet stays as
 * the server painted it. The warning of real money is only ever put up here, never taken down.
 * @param {Json} state the topic `connections`
 */
export function paintLinks(state) {
  for (const element of document.querySelectorAll("[data-link]")) {
    const box = /** @type {HTMLElement} */ (element);
    const link = state[box.dataset.link ?? ""];
    if (link !== undefined) {
      box.dataset.told = "true";
      box.hidden = false;
      paintLink(box, link);
    } else if (box.dataset.told) {
      box.hidden = true;
    }
  }
  const banner = document.getElementById("live-banner");
  if (banner && Object.values(state).some((link) => link.mode === "live")) {
    banner.hidden = false;
  }
}

/**
 * @param {HTMLElement} box
 * @param {Json} link
 */
function paintLink(box, link) {
  setData(box, "state", link.state);
  const texts = {
    state: word(`state_${link.state}`),
    since: moment(link.since_at),
    sentence: link.sentences?.[document.documentElement.lang] ?? link.sentence ?? "",
    label: link.label,
  };
  for (const [name, text] of Object.entries(texts)) {
    for (const element of box.querySelectorAll(`[data-link-part=${name}]`)) {
      setText(/** @type {HTMLElement} */ (element), text);
    }
  }
}
