// @ts-check
/** The line of a chart that marks the latest price and says what kind of price it is. */

import { setData, setText } from "./cells.js";
import { colour } from "./chartlook.js";
import { word } from "./words.js";

/** @typedef {import("./quote.js").Shown} Shown */

export class PriceLine {
  /** @param {any} series of the chart */
  constructor(series) {
    this.series = series;
    /** @type {any} */
    this.line = null;
    this.badge = /** @type {HTMLElement | null} */ (document.querySelector("[data-chart-last] .kind"));
  }

  /** @param {Shown} shown */
  paint(shown) {
    if (this.badge) {
      setData(this.badge, "kind", shown.badge);
      setText(this.badge, word(`kind_${shown.badge}`));
    }
    if (shown.value === null) {
      this.remove();
      return;
    }
    const live = shown.badge === "live";
    const look = {
      price: Number(shown.value),
      title: word(`kind_${shown.badge}`),
      color: colour(live ? "--accent" : "--muted"),
      lineStyle: live ? 2 : 3,
      lineWidth: 1,
      axisLabelVisible: true,
    };
    if (this.line) {
      this.line.applyOptions(look);
    } else {
      this.line = this.series.createPriceLine(look);
    }
  }

  remove() {
    if (this.line) {
      this.series.removePriceLine(this.line);
      this.line = null;
    }
  }
}
