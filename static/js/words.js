// @ts-check
/** The page's own words, translated by the server, and times as a person reads them. */

/** @type {{[key: string]: string}} */
const table = JSON.parse(document.getElementById("words")?.textContent ?? "{}");

/**
 * @param {string} key
 * @param {{[name: string]: string | number}} [values] fill the {names} of the text
 * @returns {string}
 */
export function word(key, values = {}) {
  let text = table[key] ?? key;
  for (const [name, value] of Object.entries(values)) {
    text = text.replaceAll(`{${name}}`, String(value));
  }
  return text;
}

/** Milliseconds that the server's clock is ahead of this machine's. */
let offset = 0;

/** @param {number} at the server's time, epoch milliseconds */
export function noteServerTime(at) {
  offset = at - Date.now();
}

/** @returns {number} the server's time, epoch milliseconds */
export function serverNow() {
  return Date.now() + offset;
}

/**
 * @param {Date} moment
 * @returns {string} hh:mm:ss of this machine's zone
 */
export function clockTime(moment) {
  return [moment.getHours(), moment.getMinutes(), moment.getSeconds()]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
}

/**
 * Today only the time, else the day as well.
 * @param {string | number | undefined | null} at ISO text or epoch milliseconds
 * @returns {string}
 */
export function moment(at) {
  if (at === undefined || at === null || at === "") {
    return "";
  }
  const date = new Date(at);
  if (date.toDateString() === new Date().toDateString()) {
    return clockTime(date);
  }
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, "0"))
    .join("-");
  return `${day} ${clockTime(date).slice(0, 5)}`;
}

/**
 * Times that the server wrote become times of this machine's zone.
 * @param {ParentNode} root
 */
export function localTimes(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    const at = element.getAttribute("datetime") ?? "";
    element.textContent = moment(at);
    element.setAttribute("title", at);
  }
}
