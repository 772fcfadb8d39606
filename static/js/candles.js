// @ts-check
/** The candle chart of an instrument: stored bars, and the last one moves with the stream. */

import { candleOf, moved, startOf } from "./bars.js";
import { bindDownload } from "./download.js";
import { isOpen } from "./hours.js";
import { candleOptions, chartOptions, watchTheme } from "./chartlook.js";
import { PriceLine } from "./priceline.js";
import { serverNow, word } from "./words.js";

/** @typedef {import("./market.js").Market} Market */
/** @typedef {import("./quote.js").Shown} Shown */
/** @typedef {import("./bars.js").Candle} Candle */

const IN_SIGHT = 260;
const MOVING = new Set(["live", "delayed"]);

/** @param {Market} market */
export function bindCandles(market) {
  const box = /** @type {HTMLElement | null} */ (document.querySelector("[data-chart]"));
  if (box) {
    new Candles(box, market).start();
  }
}

class Candles {
  /**
   * @param {HTMLElement} box
   * @param {Market} market
   */
  constructor(box, market) {
    this.box = box;
    this.market = market;
    this.size = box.dataset.size ?? "1 day";
    this.conId = box.dataset.conId ?? "";
    /** @type {Candle | undefined} */
    this.last = undefined;
    /** @type {any} */
    this.series = null;
  }

  async start() {
    const address = this.box.dataset.library;
    try {
      if (!address) {
        throw new Error("not installed");
      }
      this.draw(await import(address));
    } catch (error) {
      console.info("no chart:", error);
      this.note(word("chart_absent"));
      return;
    }
    await this.load();
    bindDownload(this.market, () => this.load());
    this.market.watch(this.conId, (shown) => this.follow(shown));
    this.market.paintOne(this.conId);
  }

  /** @param {any} library */
  draw(library) {
    const daily = this.size === "1 day";
    this.chart = library.createChart(this.box, chartOptions(daily));
    this.series = this.chart.addSeries(library.CandlestickSeries, candleOptions(this.box.dataset.format));
    this.line = new PriceLine(this.series);
    watchTheme(() => {
      this.chart.applyOptions(chartOptions(daily));
      this.series.applyOptions(candleOptions(this.box.dataset.format));
    });
  }

  async load() {
    const query = new URLSearchParams({ size: this.size });
    try {
      const answer = await fetch(`${this.box.dataset.bars}?${query}`, { credentials: "same-origin" });
      if (!answer.ok) {
        throw new Error(String(answer.status));
      }
      this.show((await answer.json()).map(candleOf));
    } catch (error) {
      console.info("no bars:", error);
      this.note(word("chart_failed"));
    }
  }

  /** @param {Candle[]} bars */
  show(bars) {
    const first = this.last === undefined;
    this.series.setData(bars);
    this.last = bars.at(-1);
    this.box.dataset.count = String(bars.length);
    this.tell();
    this.note(bars.length === 0 ? word("chart_empty") : "");
    if (first) {
      this.frame(bars.length);
    }
    this.market.paintOne(this.conId);
  }

  /** The newest bars, not a year of minutes at once. @param {number} count */
  frame(count) {
    const scale = this.chart.timeScale();
    if (count > IN_SIGHT) {
      scale.setVisibleLogicalRange({ from: count - IN_SIGHT, to: count + 4 });
    } else {
      scale.fitContent();
    }
  }

  /** @param {Shown} shown */
  follow(shown) {
    this.line?.paint(shown);
    const facts = this.market.facts[this.conId];
    if (shown.stale || shown.value === null || shown.at === null || !MOVING.has(shown.kind) || !facts) {
      return;
    }
    if (this.last === undefined || isOpen(facts.hours, serverNow()) === false) {
      return;
    }
    const bar = moved(this.last, startOf(shown.at, this.size, facts, this.last), Number(shown.value));
    if (bar && (bar.close !== this.last.close || bar.time !== this.last.time)) {
      this.last = bar;
      this.series.update(bar);
      this.note("");
      this.tell();
    }
  }

  tell() {
    this.box.dataset.last = this.last === undefined ? "" : String(this.last.close);
  }

  /** @param {string} text empty: the chart speaks for itself */
  note(text) {
    const note = /** @type {HTMLElement | null} */ (this.box.querySelector("[data-chart-note]"));
    if (note) {
      note.textContent = text;
      note.hidden = text === "";
    }
  }
}
