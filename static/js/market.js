// @ts-check
/** Binds quotes to every element of the page that names an instrument, one paint a frame. */

import { paintLinks } from "./links.js";
import { ageWords, bestQuote, shownOf } from "./quote.js";
import { paintCell } from "./quotecells.js";
import { tell } from "./telling.js";
import { localTimes, serverNow } from "./words.js";

/** @typedef {import("./patch.js").Json} Json */
/** @typedef {import("./quote.js").Shown} Shown */
/** @typedef {import("./quote.js").Facts} Facts */

const QUOTES = "quotes:";
/** @type {Facts} */
const UNKNOWN = { type: "", hours: [], zone: "UTC" };

export class Market {
  /** @param {HTMLElement} body carries data-stale-seconds */
  constructor(body) {
    this.limit = Number(body.dataset.staleSeconds ?? 30) * 1000;
    this.alive = body.dataset.stream === "live";
    /** @type {Map<string, Json>} */
    this.states = new Map();
    /** @type {Map<string, HTMLElement[]>} */
    this.cells = new Map();
    /** @type {{[conId: string]: Facts}} */
    this.facts = {};
    /** Called with what an instrument shows now. @type {Map<string, ((shown: Shown) => void)[]>} */
    this.watchers = new Map();
    /** Called with the state of a topic. @type {Map<string, (state: Json) => void>} */
    this.followers = new Map();
    /** @type {Set<string>} */
    this.quoted = new Set();
    this.frame = 0;
    this.collect();
    document.body.addEventListener("htmx:afterSettle", () => this.swapped());
  }

  /** Finds the bound elements; again after a part of the page has been replaced. */
  collect() {
    this.cells.clear();
    this.facts = JSON.parse(document.getElementById("facts")?.textContent ?? "{}");
    for (const element of document.querySelectorAll("[data-of][data-q]")) {
      const cell = /** @type {HTMLElement} */ (element);
      const conId = cell.dataset.of ?? "";
      this.cells.set(conId, [...(this.cells.get(conId) ?? []), cell]);
    }
  }

  swapped() {
    this.collect();
    localTimes(document);
    paintLinks(this.states.get("connections") ?? {});
    this.paintAges();
  }

  /**
   * @param {string} conId
   * @param {(shown: Shown) => void} watcher
   */
  watch(conId, watcher) {
    this.watchers.set(conId, [...(this.watchers.get(conId) ?? []), watcher]);
  }

  /**
   * @param {string} topic
   * @param {Json} state
   * @param {Json | null} patch null when all of it is new
   */
  changed(topic, state, patch) {
    this.states.set(topic, state);
    this.followers.get(topic)?.(state);
    if (topic.startsWith("streams:") && patch !== null) {
      tell(topic.slice("streams:".length));
    }
    const named = topic.startsWith(QUOTES) && patch !== null ? Object.keys(patch) : this.known();
    named.forEach((conId) => this.quoted.add(conId));
    if (this.frame === 0) {
      this.frame = requestAnimationFrame(() => this.paint());
    }
  }

  /** @returns {string[]} */
  known() {
    return [...new Set([...this.cells.keys(), ...this.watchers.keys()])];
  }

  /** Prices must not look current for a moment longer, so this waits for no frame. @param {boolean} alive */
  setAlive(alive) {
    this.alive = alive;
    this.paintAges();
  }

  paintAges() {
    this.known().forEach((conId) => this.paintOne(conId));
    for (const element of document.querySelectorAll("[data-age]")) {
      const at = Date.parse(/** @type {HTMLElement} */ (element).dataset.age ?? "");
      element.textContent = ageWords(serverNow() - at);
    }
  }

  paint() {
    this.frame = 0;
    const quoted = [...this.quoted];
    this.quoted.clear();
    quoted.forEach((conId) => this.paintOne(conId));
  }

  /** What the server painted stands until the first state has come. @param {string} conId */
  paintOne(conId) {
    const cells = this.cells.get(conId) ?? [];
    const watchers = this.watchers.get(conId) ?? [];
    if (cells.length + watchers.length === 0 || (this.alive && this.states.size === 0)) {
      return;
    }
    const now = serverNow();
    const world = { alive: this.alive, now, limit: this.limit };
    const best = bestQuote(conId, this.states);
    if (best === null && !this.alive && this.states.size === 0) {
      cells.forEach(dim);
      return;
    }
    const shown = shownOf(best, this.facts[conId] ?? UNKNOWN, world);
    cells.forEach((cell) => paintCell(cell, shown, now));
    watchers.forEach((watcher) => watcher(shown));
  }
}

/** The stream never came: what the server painted is all there is, and it is not current. @param {HTMLElement} cell */
function dim(cell) {
  if (cell.dataset.q === "kind" && cell.dataset.kind !== "missing") {
    paintCell(cell, { quote: {}, value: null, kind: "missing", badge: "stale", at: null, stale: true }, 0);
  } else if (cell.dataset.q !== "kind" && cell.dataset.q !== "age") {
    cell.dataset.stale = "true";
  }
}
