// @ts-check
/**
 * Figures as people read them; the same rules as apps/accounts/figures.py.
 * Decimals stay strings: Intl formats them exactly, and sums are made of integers.
 */

export const MISSING = "–";
const MINUS = "\u2212";
const PLACES = 10;

/** @type {{[name: string]: [least: number, most: number, signed: boolean]}} */
const FORMATS = {
  money: [2, 2, false],
  signed: [2, 2, true],
  price: [2, 2, false],
  small_price: [2, 4, false],
  future: [2, 6, false],
  fx: [5, 5, false],
  quantity: [0, 8, false],
  share: [1, 1, false],
  signed_percent: [2, 2, true],
  greek: [3, 3, false],
};

/** @type {Map<string, Intl.NumberFormat>} */
const made = new Map();

/**
 * @param {string} name
 * @returns {Intl.NumberFormat}
 */
function formatter(name) {
  const known = made.get(name);
  if (known) {
    return known;
  }
  const [least, most, signed] = FORMATS[name];
  const fresh = new Intl.NumberFormat("en-US", {
    minimumFractionDigits: least,
    maximumFractionDigits: most,
    style: name === "share" ? "percent" : "decimal",
    signDisplay: signed ? "exceptZero" : "negative",
  });
  made.set(name, fresh);
  return fresh;
}

/** @type {{[secType: string]: string}} */
const PRICE_FORMATS = { CASH: "fx", FUT: "future", FOP: "future" };

/**
 * @param {string} secType
 * @returns {string}
 */
export function priceFormat(secType) {
  return PRICE_FORMATS[secType] ?? "price";
}

/**
 * @param {string | number | null | undefined} value a decimal; missing shows a dash
 * @param {string} name
 * @returns {string}
 */
export function figure(value, name) {
  if (value === null || value === undefined || value === "") {
    return MISSING;
  }
  const text = String(value);
  const shape = name === "price" && Math.abs(Number(text)) < 1 ? "small_price" : name;
  // A string goes through without becoming a float; TypeScript's type is narrower than the API.
  const shown = formatter(shape).format(/** @type {any} */ (text));
  return shown.replace("-", MINUS);
}

/**
 * @param {string} shown what `figure` made in a signed format
 * @returns {"up" | "down" | "flat" | ""}
 */
export function signOf(shown) {
  if (shown === MISSING) {
    return "";
  }
  return shown.startsWith("+") ? "up" : shown.startsWith(MINUS) ? "down" : "flat";
}

/**
 * @param {string} text
 * @returns {bigint}
 */
function scaled(text) {
  const [whole, fraction = ""] = text.replace("-", "").split(".");
  const digits = BigInt(whole + fraction.padEnd(PLACES, "0").slice(0, PLACES));
  return text.startsWith("-") ? -digits : digits;
}

/**
 * The exact sum of decimal strings with up to ten decimals; null when there is nothing to add.
 * @param {string[]} texts
 * @returns {string | null}
 */
export function sum(texts) {
  if (texts.length === 0) {
    return null;
  }
  const total = texts.reduce((left, text) => left + scaled(text), 0n);
  const digits = String(total < 0n ? -total : total).padStart(PLACES + 1, "0");
  return `${total < 0n ? "-" : ""}${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`;
}
