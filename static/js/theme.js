// @ts-check
/** Light, dark or the system's choice; a cookie, so that the server paints the right one at once. */

const YEAR = 365 * 24 * 3600;

/** @returns {"light" | "dark"} what is on screen now */
function shown() {
  const chosen = document.documentElement.dataset.theme;
  if (chosen === "light" || chosen === "dark") {
    return chosen;
  }
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

/** @param {ParentNode} root */
export function bindTheme(root) {
  for (const button of root.querySelectorAll("[data-theme-toggle]")) {
    button.setAttribute("aria-pressed", String(shown() === "dark"));
    button.addEventListener("click", () => {
      const next = shown() === "dark" ? "light" : "dark";
      document.documentElement.dataset.theme = next;
      button.setAttribute("aria-pressed", String(next === "dark"));
      document.cookie = `theme=${next}; path=/; max-age=${YEAR}; samesite=lax`;
    });
  }
}
