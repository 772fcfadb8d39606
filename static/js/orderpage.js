// @ts-check
/** The page of one order: its parts fetch themselves anew when the order changes. */

/** @typedef {import("./patch.js").Json} Json */

const SOON_MS = 200;

export class OrderPage {
  constructor() {
    this.timer = 0;
    document.addEventListener("input", (event) => {
      const typed = /** @type {HTMLElement} */ (event.target);
      typed.closest("#order-acts")?.setAttribute("data-begun", "");
    });
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

/** What somebody has typed, and what was wrong with it, stays as it is. */
function tell() {
  const box = document.getElementById("order-live");
  if (box) {
    begun() ? box.removeAttribute("hx-select-oob") : box.setAttribute("hx-select-oob", "#order-acts");
    box.dispatchEvent(new CustomEvent("told"));
  }
}

function begun() {
  const acts = document.getElementById("order-acts");
  return acts?.matches("[data-begun]") || acts?.querySelector(".oops, input:focus, select:focus") != null;
}
