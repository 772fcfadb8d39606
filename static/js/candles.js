// @ts-check
/** The candle chart of an instrument: stored bars, and the last one moves with the stream. */

import { moved, replaced, startOf } from "./bars.js";
import { bindDownload } from "./download.js";
import { isOpen } from "./hours.js";
import { candleOptions, chartOptions, frame, watchTheme } from "./chartlook.js";
import { Latest, storedBars } from "./latest.js";
import { PriceLine } from "./priceline.js";
import { serverNow, word } from "./words.js";

/** @typedef {import("./market.js").Market} Market */
/** @typedef {import("./quote.js").Shown} Shown */
/** @typedef {import("./bars.js").Candle} Candle */

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
    /** @type {Candle[]} */
    this.bars = [];
    this.latest = new Latest(box, (stored) => this.replace(stored));
    /** @type {any} */
    this.series = null;
  }

  get last() {
    return this.bars.at(-1);
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
    try {
      this.show(await storedBars(this.box));
    } catch (error) {
      console.info("no bars:", error);
      this.note(word("chart_failed"));
    }
  }

  /** @param {Candle[]} bars */
  show(bars) {
    const first = this.last === undefined;
    this.bars = bars;
    this.series.setData(bars);
    this.box.dataset.count = String(bars.length);
    this.tell();
    this.note(bars.length === 0 ? word("chart_empty") : "");
    if (first) {
      frame(this.chart, bars.length);
    }
    this.market.paintOne(this.conId);
  }

  /** @param {Candle[]} stored those since the bar that ended */
  replace(stored) {
    this.bars = replaced(this.bars, stored);
    this.series.setData(this.bars);
    this.box.dataset.stored = String(stored[0].close);
    this.tell();
  }

  /** @param {Shown} shown */
  follow(shown) {
    this.line?.paint(shown);
    const facts = this.market.facts[this.conId];
    if (shown.stale || shown.value === null || shown.at === null || !MOVING.has(shown.kind) || !facts) {
      return;
    }
    const last = this.last;
    if (last === undefined || isOpen(facts.hours, serverNow()) === false) {
      return;
    }
    const bar = moved(last, startOf(shown.at, this.size, facts, last), Number(shown.value));
    if (bar && (bar.close !== last.close || bar.time !== last.time)) {
      if (bar.time === last.time) {
        this.bars.pop();
      } else {
        this.latest.ended(last.time);
      }
      this.bars.push(bar);
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
