// @ts-check
/** Has the fragments that put a stream's state into words fetch themselves anew. */

let timer = 0;
/** @type {Set<string>} */
const slugs = new Set();

/** Once for changes that come together. @param {string} slug */
export function tell(slug) {
  slugs.add(slug);
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    for (const element of document.querySelectorAll("[data-stream-told]")) {
      const wanted = /** @type {HTMLElement} */ (element).dataset.streamTold;
      if (!wanted || slugs.has(wanted)) {
        element.dispatchEvent(new CustomEvent("told"));
      }
    }
    slugs.clear();
  }, 300);
}
