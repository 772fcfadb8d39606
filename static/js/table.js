// @ts-check
/** Sort, tabs and text filter of a table whose rows come and go. */

/** @typedef {{column: string, up: boolean} | null} Order */

export class Table {
  /**
   * @param {HTMLElement} table
   * @param {HTMLElement} panel holds the table, its tabs ([data-tab]) and its filter
   * @param {() => void} painted called when other rows are in sight
   */
  constructor(table, panel, painted) {
    this.table = table;
    this.panel = panel;
    this.painted = painted;
    this.tab = "all";
    this.count = this.rows().length;
    /** @type {Order} */
    this.order = null;
    this.tabs = /** @type {HTMLElement[]} */ ([...panel.querySelectorAll("[data-tab]")]);
    this.input = /** @type {HTMLInputElement | null} */ (panel.querySelector("[data-filter]"));
    this.headers = /** @type {HTMLElement[]} */ ([...table.querySelectorAll("th[data-sort]")]);
    this.input?.addEventListener("input", () => this.refresh());
    for (const tab of this.tabs) {
      tab.addEventListener("click", () => this.show(tab.dataset.tab ?? "all"));
    }
    for (const header of this.headers) {
      header.querySelector("button")?.addEventListener("click", () => this.sortBy(header));
    }
  }

  /** @returns {HTMLElement[]} */
  rows() {
    return /** @type {HTMLElement[]} */ ([...this.table.querySelectorAll("tbody [data-row]")]);
  }

  /** @param {string} tab */
  show(tab) {
    this.tab = tab;
    this.tabs.forEach((t) => t.setAttribute("aria-pressed", String(t.dataset.tab === tab)));
    this.refresh();
  }

  /** Applies tab and filter to the rows, and counts the tabs. */
  refresh() {
    const wanted = (this.input?.value ?? "").trim().toLowerCase();
    /** @type {{[name: string]: number}} */
    const counts = { all: 0 };
    let shown = 0;
    const rows = this.rows();
    if (rows.length > this.count) {
      this.sort();
    }
    this.count = rows.length;
    for (const row of rows) {
      const kind = row.dataset.class ?? "other";
      counts.all += 1;
      counts[kind] = (counts[kind] ?? 0) + 1;
      const fits = (row.dataset.text ?? "").toLowerCase().includes(wanted);
      row.hidden = !fits || (this.tab !== "all" && kind !== this.tab);
      shown += row.hidden ? 0 : 1;
    }
    this.paintTabs(counts);
    const nothing = /** @type {HTMLElement | null} */ (this.panel.querySelector("[data-nothing]"));
    if (nothing) {
      nothing.hidden = shown > 0;
    }
    this.painted();
  }

  /** @param {{[name: string]: number}} counts */
  paintTabs(counts) {
    for (const tab of this.tabs) {
      const name = tab.dataset.tab ?? "all";
      const count = tab.querySelector("[data-count]");
      if (count && count.textContent !== String(counts[name] ?? 0)) {
        count.textContent = String(counts[name] ?? 0);
      }
      tab.hidden = name !== "all" && name !== this.tab && !counts[name];
    }
  }

  /** First click: words from A, figures from the largest; then the other way. @param {HTMLElement} header */
  sortBy(header) {
    const column = header.dataset.sort ?? "";
    const first = header.dataset.words !== undefined;
    this.order = { column, up: this.order?.column === column ? !this.order.up : first };
    for (const other of this.headers) {
      other.removeAttribute("aria-sort");
    }
    header.setAttribute("aria-sort", this.order.up ? "ascending" : "descending");
    this.sort();
  }

  sort() {
    const order = this.order;
    if (order === null) {
      return;
    }
    const rows = this.rows().map((row) => ({ row, key: keyOf(row, order.column) }));
    rows.sort((a, b) => compare(a.key, b.key, order.up));
    this.table.querySelector("tbody")?.append(...rows.map(({ row }) => row));
  }
}

/**
 * @param {HTMLElement} row
 * @param {string} column
 * @returns {number | string | null}
 */
function keyOf(row, column) {
  const cell = /** @type {HTMLElement | null} */ (
    row.querySelector(`[data-field="${column}"], [data-part="${column}"]`)
  );
  if (cell?.dataset.value === undefined) {
    return cell?.textContent ?? null;
  }
  return cell.dataset.value === "" ? null : Number(cell.dataset.value);
}

/**
 * Missing values come last, whichever way the rest is sorted.
 * @param {number | string | null} left
 * @param {number | string | null} right
 * @param {boolean} up
 */
function compare(left, right, up) {
  if (left === null || right === null) {
    return Number(left === null) - Number(right === null);
  }
  const way = up ? 1 : -1;
  if (typeof left === "number" && typeof right === "number") {
    return (left - right) * way;
  }
  return String(left).localeCompare(String(right)) * way;
}
