// @ts-check
/** Writes figures into elements: only what changed, coloured by sign, with a short flash. */

import { MISSING, figure, signOf } from "./format.js";

const quiet = matchMedia("(prefers-reduced-motion: reduce)");
const FLASH_MS = 700;

/**
 * @param {Element} element
 * @param {boolean} up
 */
function flash(element, up) {
  if (quiet.matches) {
    return;
  }
  const colour = `var(${up ? "--flash-up" : "--flash-down"})`;
  element.animate([{ backgroundColor: colour }, { backgroundColor: "transparent" }], {
    duration: FLASH_MS,
    easing: "ease-out",
  });
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 * @returns {boolean} whether it was another text before
 */
export function setText(element, text) {
  if (element.textContent === text) {
    return false;
  }
  element.textContent = text;
  return true;
}

/**
 * Shows a value in the element's own format (data-format).
 * @param {HTMLElement} element
 * @param {string | number | null | undefined} value
 */
export function setFigure(element, value) {
  const format = element.dataset.format ?? "money";
  const before = element.dataset.value ?? "";
  const shown = figure(value, format);
  element.dataset.value = value === null || value === undefined ? "" : String(value);
  if (format.startsWith("signed")) {
    element.dataset.sign = signOf(shown);
  }
  if (setText(element, shown) && before !== "" && shown !== MISSING && !element.hasAttribute("data-still")) {
    flash(element, Number(value) > Number(before));
  }
}

/**
 * Every element below `root` that is bound to a field of `state`.
 * @param {ParentNode} root
 * @param {{[field: string]: any}} state
 */
export function paintFields(root, state) {
  for (const element of root.querySelectorAll("[data-field]")) {
    const cell = /** @type {HTMLElement} */ (element);
    setFigure(cell, state[cell.dataset.field ?? ""]);
  }
}

/**
 * @param {HTMLElement} element
 * @param {string} name
 * @param {string} value
 */
export function setData(element, name, value) {
  if (element.dataset[name] !== value) {
    element.dataset[name] = value;
  }
}
