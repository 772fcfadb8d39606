// @ts-check
/** The page of one order: its parts fetch themselves anew when the order changes. */

/** @typedef {import("./patch.js").Json} Json */

const SOON_MS = 200;

export class OrderPage {
  constructor() {
    this.timer = 0;
  }

  /**
   * @param {string} topic
   * @param {Json} state
   * @param {Json | null} patch null when all of it is new
   */
  changed(topic, state, patch) {
    const box = /** @type {HTMLElement | null} */ (document.querySelector("[data-order]"));
    if (!box || topic !== `orders:${box.dataset.orderAccount}` || !concerns(patch, box.dataset.order ?? "")) {
      return;
    }
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => tell(), SOON_MS);
  }

  setAlive() {}

  paintAges() {}
}

/**
 * @param {Json | null} patch
 * @param {string} id
 */
function concerns(patch, id) {
  if (patch === null || patch.orders?.[id] !== undefined) {
    return true;
  }
  return Object.values(patch.executions ?? {}).some((row) => row === null || String(row.order) === id);
}

/** What somebody is typing into stays as it is. */
function tell() {
  const acts = document.getElementById("order-acts");
  const box = document.getElementById("order-live");
  const typing = acts?.contains(document.activeElement) && document.activeElement?.matches("input, select");
  if (box) {
    typing ? box.removeAttribute("hx-select-oob") : box.setAttribute("hx-select-oob", "#order-acts");
    box.dispatchEvent(new CustomEvent("told"));
  }
}
