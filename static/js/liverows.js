// @ts-check
/** Keeps a table's rows in line with the states of the topics `orders:<account>`. */

/** @typedef {import("./patch.js").Json} Json */
/** @typedef {import("./orderrows.js").Paint} Paint */

const ORDERS = "orders:";

export class LiveRows {
  /**
   * @param {HTMLElement} table carries data-names: the accounts' names by their key
   * @param {string} kind orders or executions: which part of the state the rows show
   * @param {Paint} paint
   * @param {() => void} rowsChanged called after rows or their values changed
   */
  constructor(table, kind, paint, rowsChanged) {
    this.table = table;
    this.kind = kind;
    this.paint = paint;
    this.rowsChanged = rowsChanged;
    this.template = /** @type {HTMLTemplateElement} */ (document.getElementById("row-template"));
    /** @type {{[account: string]: string}} */
    this.names = JSON.parse(document.getElementById("accounts")?.textContent ?? "{}");
    /** @type {Map<string, Json>} */
    this.states = new Map();
    /** What to paint: null is everything of the topic. @type {Map<string, Set<string> | null>} */
    this.due = new Map();
    /** @type {Map<string, HTMLElement>} */
    this.rows = new Map();
    for (const element of table.querySelectorAll("tbody [data-row]")) {
      const tr = /** @type {HTMLElement} */ (element);
      this.rows.set(`${tr.dataset.account}/${tr.dataset.row}`, tr);
    }
    this.frame = 0;
  }

  /**
   * @param {string} topic
   * @param {Json} state
   * @param {Json | null} patch null when all of it is new
   */
  changed(topic, state, patch) {
    if (!topic.startsWith(ORDERS)) {
      return;
    }
    this.states.set(topic, state);
    const due = this.due.get(topic);
    if (patch === null || due === null) {
      this.due.set(topic, null);
    } else {
      this.due.set(topic, new Set([...(due ?? []), ...Object.keys(patch[this.kind] ?? {})]));
    }
    if (this.frame === 0) {
      this.frame = requestAnimationFrame(() => this.paintDue());
    }
  }

  /** @param {boolean} alive rows of a lost stream step back by style alone */
  setAlive(alive) {
    this.table.dataset.alive = String(alive);
  }

  paintAges() {}

  paintDue() {
    this.frame = 0;
    for (const [topic, ids] of this.due) {
      const account = topic.slice(ORDERS.length);
      const rows = this.states.get(topic)?.[this.kind] ?? {};
      if (ids === null) {
        this.removeOthers(account, rows);
      }
      for (const id of ids ?? Object.keys(rows)) {
        this.paintOne(account, id, rows[id]);
      }
    }
    this.due.clear();
    this.rowsChanged();
  }

  /**
   * @param {string} account
   * @param {Json} rows
   */
  removeOthers(account, rows) {
    for (const [key, tr] of this.rows) {
      if (tr.dataset.account === account && rows[tr.dataset.row ?? ""] === undefined) {
        tr.remove();
        this.rows.delete(key);
      }
    }
  }

  /**
   * @param {string} account
   * @param {string} id
   * @param {Json | undefined} row
   */
  paintOne(account, id, row) {
    const key = `${account}/${id}`;
    if (row === undefined) {
      this.rows.get(key)?.remove();
      this.rows.delete(key);
      return;
    }
    this.paint(this.rows.get(key) ?? this.make(account, id), row);
  }

  /**
   * @param {string} account
   * @param {string} id
   * @returns {HTMLElement}
   */
  make(account, id) {
    const fragment = /** @type {DocumentFragment} */ (this.template.content.cloneNode(true));
    const tr = /** @type {HTMLElement} */ (fragment.querySelector("[data-row]"));
    Object.assign(tr.dataset, { row: id, account });
    const name = tr.querySelector("[data-part=account]");
    if (name) {
      name.textContent = this.names[account] ?? "";
    }
    this.table.querySelector("tbody")?.prepend(tr);
    this.rows.set(`${account}/${id}`, tr);
    return tr;
  }
}
