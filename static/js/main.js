// @ts-check
/** Starts what the page asks for with its data attributes. */

import { bindCandles } from "./candles.js";
import { bindChain } from "./chain.js";
import { Desk } from "./desk.js";
import { Market } from "./market.js";
import { Risk } from "./risk.js";
import { Stream } from "./stream.js";
import { Table } from "./table.js";
import { bindTheme } from "./theme.js";
import { paintTotals } from "./totals.js";
import { startTrading } from "./trading.js";
import { bindTwigs } from "./twigs.js";
import { clockTime, localTimes, noteServerTime, word } from "./words.js";

const body = document.body;

/** @param {string} text empty hides the banner */
function banner(text) {
  const box = document.getElementById("stream-banner");
  if (box && box.textContent !== text) {
    box.textContent = text;
    box.hidden = text === "";
  }
}

/** What this page may not follow is said, and the rest goes on. @param {string} message */
function complain(message) {
  const box = document.getElementById("stream-refused");
  if (box) {
    box.textContent = message;
    box.hidden = false;
  }
}

/** @param {import("./trading.js").View[]} views */
function startStream(views) {
  const url = new URL(body.dataset.streamUrl ?? "", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  const wanted = `${body.dataset.topics ?? ""} ${body.dataset.riskTopics ?? ""}`;
  const topics = [...new Set(wanted.split(" ").filter(Boolean))];
  const stream = new Stream(url.href, topics, {
    changed: (topic, state, patch) => views.forEach((view) => view.changed(topic, state, patch)),
    beat: noteServerTime,
    refused: (message, had) => (had ? location.reload() : complain(message)),
    status: (alive, frozenAt, loggedOut) => {
      body.dataset.stream = alive ? "live" : "lost";
      views.forEach((view) => view.setAlive(alive));
      const time = clockTime(new Date(frozenAt));
      banner(alive ? "" : word(loggedOut ? "logged_out" : "lost", { time }));
    },
  });
  stream.start();
}

/** @returns {Market[]} none on pages without quotes of their own */
function startMarket() {
  if (!document.querySelector("[data-market]")) {
    return [];
  }
  const market = new Market(body);
  bindCandles(market);
  bindChain(market);
  return [market];
}

function start() {
  bindTheme(document);
  localTimes(document);
  const table = /** @type {HTMLElement | null} */ (document.querySelector("[data-positions]"));
  const panel = /** @type {HTMLElement | null} */ (table?.closest("[data-panel]") ?? null);
  /** @type {Table | null} */
  let listing = null;
  if (table && panel) {
    listing = new Table(table, panel, () => paintTotals(table));
    void bindTwigs(table);
  }
  if (body.dataset.streamUrl) {
    const desk = new Desk(body, table, () => listing?.refresh());
    const market = startMarket();
    const views = [desk, ...market, ...startTrading(market[0]), new Risk()];
    startStream(views);
    setInterval(() => views.forEach((view) => view.paintAges()), 1_000);
  }
}

start();
