// @ts-check
/** Binds the states of topics to the page: what changed is noted, and painted once a frame. */

import { Book } from "./book.js";
import { paintCash } from "./cash.js";
import { paintFields } from "./cells.js";
import { paintLinks } from "./links.js";

/** @typedef {import("./patch.js").Json} Json */

const QUOTES = "quotes:";
const ACCOUNTS = "accounts:";

export class Desk {
  /**
   * @param {HTMLElement} body carries data-stale-seconds
   * @param {HTMLElement | null} table
   * @param {() => void} rowsChanged called after rows or their values changed
   */
  constructor(body, table, rowsChanged) {
    this.rowsChanged = rowsChanged;
    this.book = new Book(table, Number(body.dataset.staleSeconds ?? 30) * 1000);
    this.alive = true;
    /** @type {Map<string, Json>} */
    this.states = new Map();
    /** Topics to paint. @type {Set<string>} */
    this.topics = new Set();
    /** Instruments whose price is to be painted. @type {Set<string>} */
    this.quoted = new Set();
    this.frame = 0;
  }

  /**
   * @param {string} topic
   * @param {Json} state
   * @param {Json | null} patch null when all of it is new
   */
  changed(topic, state, patch) {
    this.states.set(topic, state);
    if (topic.startsWith(QUOTES) && patch !== null) {
      Object.keys(patch).forEach((conId) => this.quoted.add(conId));
    } else {
      this.topics.add(topic);
    }
    if (this.frame === 0) {
      this.frame = requestAnimationFrame(() => this.paint());
    }
  }

  /** Prices must not look current for a moment longer, so this waits for no frame. @param {boolean} alive */
  setAlive(alive) {
    this.alive = alive;
    this.paintAges();
  }

  /** Every price again: they grow old without an event. */
  paintAges() {
    this.book.paintPrices(this.book.all(), this.states, this.alive);
  }

  paint() {
    this.frame = 0;
    const topics = [...this.topics];
    const quoted = [...this.quoted];
    this.topics.clear();
    this.quoted.clear();
    topics.forEach((topic) => this.paintTopic(topic));
    if (topics.length > 0) {
      this.paintAges();
    } else {
      const entries = quoted.flatMap((conId) => this.book.entries.get(conId) ?? []);
      this.book.paintPrices(entries, this.states, this.alive);
    }
    if (topics.some((topic) => topic !== "connections")) {
      this.rowsChanged();
    }
  }

  /** @param {string} topic */
  paintTopic(topic) {
    const state = this.states.get(topic) ?? {};
    if (topic === "connections") {
      paintLinks(state);
    } else if (topic.startsWith(ACCOUNTS)) {
      const account = topic.slice(ACCOUNTS.length);
      for (const box of document.querySelectorAll(`[data-card="${account}"]`)) {
        paintFields(box, state.card ?? {});
        paintCash(box, state.cash ?? {});
      }
      this.book.paintAccount(account, state);
    }
  }
}
