// @ts-check
/** The positions on the page: which rows there are, and their prices. */

import { makeRow, markStale, paintPrice, paintRow } from "./rows.js";
import { serverNow } from "./words.js";

/** @typedef {import("./patch.js").Json} Json */
/** @typedef {{account: string, conId: string, tr: HTMLElement}} Entry */

export class Book {
  /**
   * @param {HTMLElement | null} table
   * @param {number} limit age in ms from which a streaming price is old
   */
  constructor(table, limit) {
    this.table = table;
    this.limit = limit;
    this.template = /** @type {HTMLTemplateElement | null} */ (
      document.getElementById("row-template")
    );
    /** Rows by conId: several accounts may hold the same. @type {Map<string, Entry[]>} */
    this.entries = new Map();
    for (const element of table?.querySelectorAll("tbody [data-row]") ?? []) {
      const tr = /** @type {HTMLElement} */ (element);
      this.add({ account: tr.dataset.account ?? "", conId: tr.dataset.row ?? "", tr });
    }
  }

  /** @param {Entry} entry */
  add(entry) {
    this.entries.set(entry.conId, [...(this.entries.get(entry.conId) ?? []), entry]);
  }

  /** @returns {Entry[]} */
  all() {
    return [...this.entries.values()].flat();
  }

  /**
   * Brings the rows of one account in line with its state.
   * @param {string} account
   * @param {Json} state
   */
  paintAccount(account, state) {
    const positions = state.positions ?? {};
    for (const entry of this.all()) {
      if (entry.account === account && positions[entry.conId] === undefined) {
        this.remove(entry);
      }
    }
    for (const [conId, row] of Object.entries(positions)) {
      const tr = this.rowFor(account, conId, row, state.card ?? {});
      if (tr) {
        paintRow(tr, row);
      }
    }
  }

  /** @param {Entry} entry */
  remove(entry) {
    entry.tr.remove();
    const rest = (this.entries.get(entry.conId) ?? []).filter((other) => other !== entry);
    this.entries.set(entry.conId, rest);
  }

  /**
   * @param {string} account
   * @param {string} conId
   * @param {Json} row
   * @param {Json} card
   * @returns {HTMLElement | undefined}
   */
  rowFor(account, conId, row, card) {
    const known = this.entries.get(conId)?.find((entry) => entry.account === account);
    if (known || !this.table || !this.template) {
      return known?.tr;
    }
    const group = `${card.mode} ${card.base_currency ?? ""}`.trim();
    const owner = { group, name: card.name ?? "" };
    const tr = makeRow(this.template, account, row, owner);
    this.table.querySelector("tbody")?.append(tr);
    this.add({ account, conId, tr });
    return tr;
  }

  /**
   * @param {Entry[]} entries
   * @param {Map<string, Json>} states by topic
   * @param {boolean} alive whether the stream can be trusted
   */
  paintPrices(entries, states, alive) {
    const links = states.get("connections") ?? {};
    for (const { account, conId, tr } of entries) {
      const state = states.get(`accounts:${account}`);
      const row = state?.positions?.[conId];
      if (row !== undefined) {
        const slug = state?.card?.connection ?? "";
        const quote = states.get(`quotes:${slug}`)?.[conId];
        const world = { alive, link: links[slug], now: serverNow(), limit: this.limit };
        paintPrice(tr, row, quote, world);
      } else if (!alive) {
        markStale(tr);
      }
    }
  }
}
