// @ts-check
/** The page of one trade run: how far it has come, line by line, while it executes. */

import { setData, setText } from "./cells.js";
import { figure } from "./format.js";
import { priced, reasonText } from "./steps.js";
import { word } from "./words.js";

/** @typedef {import("./patch.js").Json} Json */

const SOON_MS = 250;

export class RunPage {
  /** @param {HTMLElement} root carries data-run and data-run-state */
  constructor(root) {
    this.root = root;
    this.topic = `runs:${root.dataset.run}`;
    this.timer = 0;
    /** Events seen, so that a new one fetches the parts that the server words. */
    this.seen = root.dataset.runSeen ?? "";
  }

  /**
   * @param {string} topic
   * @param {Json} state
   */
  changed(topic, state) {
    if (topic !== this.topic) {
      return;
    }
    this.paint(state.run ?? {});
    for (const [number, line] of Object.entries(state.lines ?? {})) {
      this.paintLine(number, line);
    }
    const seen = `${state.run?.state} ${Object.keys(state.events ?? {}).length}`;
    if (seen !== this.seen) {
      this.seen = seen;
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.tell(), SOON_MS);
    }
  }

  setAlive() {}

  paintAges() {}

  /** @param {Json} run */
  paint(run) {
    for (const box of document.querySelectorAll("[data-run-part]")) {
      const cell = /** @type {HTMLElement} */ (box);
      const name = cell.dataset.runPart ?? "";
      if (name === "state") {
        setText(cell, word(`run_${run.state}`));
        setData(cell, "runState", run.state);
      } else if (name === "filled_share") {
        setText(cell, figure(run.filled_share, "share"));
      } else {
        setText(cell, String(run[name] ?? 0));
      }
    }
    const bar = /** @type {HTMLProgressElement | null} */ (document.querySelector("[data-run-bar]"));
    if (bar) {
      bar.value = Number(run.filled_share ?? 0) * 100;
    }
  }

  /**
   * @param {string} number
   * @param {Json} line
   */
  paintLine(number, line) {
    const tr = document.querySelector(`[data-line="${number}"]`);
    const state = /** @type {HTMLElement | null} */ (tr?.querySelector("[data-part=state]") ?? null);
    if (!tr || !state) {
      return;
    }
    setText(state, word(`order_${line.state}`));
    setData(state, "orderState", line.state);
    const link = tr.querySelector("[data-part=order]");
    link?.setAttribute("href", `/orders/${line.order}/`);
    link?.removeAttribute("hidden");
    this.write(tr, "filled", figure(line.filled, "quantity"));
    this.write(tr, "average", priced(line.average_price, tr.getAttribute("data-step") ?? ""));
    this.write(tr, "why", reasonText(line.reason));
  }

  /**
   * @param {Element} tr
   * @param {string} name
   * @param {string} text
   */
  write(tr, name, text) {
    const cell = /** @type {HTMLElement | null} */ (tr.querySelector(`[data-part=${name}]`));
    if (cell) {
      setText(cell, text);
    }
  }

  /** What somebody is filling in stays as it is. */
  tell() {
    for (const box of document.querySelectorAll("[data-run-told]")) {
      const typing = box.contains(document.activeElement) && document.activeElement?.matches("input, select");
      if (!typing) {
        box.dispatchEvent(new CustomEvent("told"));
      }
    }
  }
}
