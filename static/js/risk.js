// @ts-check
/** The guard on every page, and the risk pages: parts are asked for anew when something happened. */

/** @typedef {import("./patch.js").Json} Json */

import { localTimes } from "./words.js";

const RISK = "risk";
const WAIT_MS = 400;

export class Risk {
  constructor() {
    this.timer = 0;
    this.strip = false;
    bindKill(document);
    keepOpen(document.body);
    document.body.addEventListener("htmx:afterSettle", () => localTimes(document));
  }

  /**
   * @param {string} topic
   * @param {Json} state
   * @param {Json | null} patch null when all of it is new
   */
  changed(topic, state, patch) {
    if (topic !== RISK && !topic.startsWith(`${RISK}:`)) {
      return;
    }
    if (state.guard) {
      paintChips(topic.slice(RISK.length + 1), state.guard.state);
    }
    this.strip ||= patch !== null && ("alerts" in patch || "kill" in patch);
    if (patch !== null && this.timer === 0) {
      this.timer = window.setTimeout(() => this.ask(), WAIT_MS);
    }
  }

  /** A part in which somebody is typing stays until they are done. */
  ask() {
    if (document.querySelector("#risk-strip.htmx-request, [data-risk-live].htmx-request")) {
      // The swap takes the element away, and with it a request that waits for the answer before.
      this.timer = window.setTimeout(() => this.ask(), WAIT_MS);
      return;
    }
    this.timer = 0;
    if (this.strip) {
      this.strip = false;
      document.getElementById("risk-strip")?.dispatchEvent(new CustomEvent("told"));
    }
    for (const part of document.querySelectorAll("[data-risk-live]")) {
      const lists = [part, ...document.querySelectorAll("#lock-list, #guard-history, #kill-lift")];
      if (lists.some((each) => each.contains(document.activeElement) && typing())) {
        this.timer = window.setTimeout(() => this.ask(), WAIT_MS * 5);
        continue;
      }
      part.dispatchEvent(new CustomEvent("told"));
    }
  }

  /** @param {boolean} alive */
  setAlive(alive) {
    for (const part of document.querySelectorAll("[data-risk]")) {
      part.toggleAttribute("data-stale", !alive);
    }
  }

  paintAges() {}
}

/** The tray stays as its reader left it when it is asked for anew. @param {HTMLElement} body */
function keepOpen(body) {
  const tray = () => /** @type {HTMLDetailsElement | null} */ (document.querySelector(".tray"));
  let open = false;
  body.addEventListener("htmx:beforeSwap", () => {
    open = tray()?.open ?? false;
  });
  body.addEventListener("htmx:afterSwap", () => {
    const found = tray();
    if (found && open) {
      found.open = true;
    }
  });
}

/** @returns {boolean} */
function typing() {
  return document.activeElement?.matches("input, select, textarea") ?? false;
}

/**
 * @param {string} account
 * @param {string} state
 */
function paintChips(account, state) {
  for (const found of document.querySelectorAll(`[data-guard="${account}"]`)) {
    const chip = /** @type {HTMLElement} */ (found);
    const text = chip.querySelector("span");
    chip.dataset.guardState = state;
    if (text) {
      text.textContent = chip.getAttribute(`data-word-${state}`) ?? state;
    }
  }
}

/** The word to type follows the level that is chosen; another one never leaves the form, so that
 * what was written with it is not lost. @param {Document} root */
function bindKill(root) {
  for (const form of root.querySelectorAll("[data-kill-form]")) {
    form.addEventListener("change", (event) => {
      const word = /** @type {HTMLElement} */ (event.target).dataset?.confirm;
      const shown = form.querySelector("[data-confirm-word]");
      const typed = /** @type {HTMLInputElement | null} */ (
        form.querySelector("[data-confirm-input]")
      );
      if (word && shown && typed) {
        shown.textContent = word;
        typed.pattern = `\\s*${[...word].map((c) => `[${c}${c.toLowerCase()}]`).join("")}\\s*`;
        typed.title = word;
      }
    });
  }
}
