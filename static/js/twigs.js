// @ts-check
/** Small lines of the last weeks beside the positions, for those whose daily bars are stored. */

const SVG = "http://www.w3.org/2000/svg";

/** @param {HTMLElement | null} table */
export async function bindTwigs(table) {
  const rows = /** @type {HTMLElement[]} */ ([...(table?.querySelectorAll("tbody [data-row]") ?? [])]);
  const ids = [...new Set(rows.map((row) => row.dataset.row))].join(",");
  if (!table?.dataset.twigs || ids === "") {
    return;
  }
  try {
    const answer = await fetch(`${table.dataset.twigs}?ids=${ids}`, { credentials: "same-origin" });
    const twigs = answer.ok ? await answer.json() : {};
    rows.forEach((row) => draw(row.querySelector("[data-part=twig]"), twigs[row.dataset.row ?? ""]));
  } catch (error) {
    console.info("no lines beside the positions:", error);
  }
}

/**
 * @param {Element | null} box
 * @param {{path: string, sign: string, days: number} | undefined} twig
 */
function draw(box, twig) {
  if (!box || !twig) {
    return;
  }
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 64 18");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  svg.dataset.sign = twig.sign;
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("class", "stroke");
  path.setAttribute("d", twig.path);
  svg.append(path);
  box.replaceChildren(svg);
}
