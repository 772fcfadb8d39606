// @ts-check
/** A bar made of ticks gives way to the broker's own, some seconds after it has ended. */

import { candleOf } from "./bars.js";

/** @typedef {import("./bars.js").Candle} Candle */

const LOOK_AFTER_MS = [2_000, 6_000, 20_000, 60_000];

export class Latest {
  /**
   * @param {HTMLElement} box the chart
   * @param {(stored: Candle[]) => void} arrived
   */
  constructor(box, arrived) {
    this.box = box;
    this.arrived = arrived;
    this.form = /** @type {HTMLFormElement | null} */ (document.querySelector("[data-latest]"));
  }

  /** Has it fetched and looks for it. @param {number} time of the bar that has ended, epoch s */
  async ended(time) {
    if (!this.form) {
      return;
    }
    try {
      await fetch(this.form.action, { method: "POST", body: new FormData(this.form) });
      for (const wait of LOOK_AFTER_MS) {
        await new Promise((go) => setTimeout(go, wait));
        const stored = await storedBars(this.box, time);
        // What was stored before the end is only a part; with its successor it is whole.
        if (stored.some((bar) => bar.time > time)) {
          this.arrived(stored);
          return;
        }
      }
    } catch (error) {
      console.info("no newer bars:", error);
    }
  }
}

/**
 * @param {HTMLElement} box the chart
 * @param {number} [time] epoch s; all of them without
 * @returns {Promise<Candle[]>}
 */
export async function storedBars(box, time) {
  const query = new URLSearchParams({ size: box.dataset.size ?? "1 day" });
  if (time !== undefined) {
    query.set("since_at", new Date(time * 1000).toISOString());
  }
  const answer = await fetch(`${box.dataset.bars}?${query}`, { credentials: "same-origin" });
  if (!answer.ok) {
    throw new Error(String(answer.status));
  }
  return (await answer.json()).map(candleOf);
}
