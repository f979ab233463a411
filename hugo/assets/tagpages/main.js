// Improves the tables of a page that tagpages wrote. Without it the page says the same.

import { filtered } from "./filter.js";
import { packageIndex } from "./packages.js";
import { sortable } from "./sort.js";
import { tagTables } from "./tags.js";

const { tagpages: kind } = document.currentScript.dataset;
const FILTERED = 20; // a table of more rows gets a filter

namedTabs();
if (kind === "tags_history") {
  tagTables(FILTERED);
} else if (kind === "packages") {
  packageIndex();
} else {
  for (const table of document.querySelectorAll("table")) {
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
    if (kind === "other") {
      scrollable(table);
      cornered(table);
    }
    if (rows.length > FILTERED) {
      const filter = filtered([table]);
      if (kind === "index") {
        sortable(table, rows, filter);
      }
    }
  }
}

/** Tell assistive technology what the packaged tab bar is: links in a line, the active one bold. */
function namedTabs() {
  for (const line of document.querySelectorAll("p:has(> strong):has(> a)")) {
    const [active, ...more] = line.querySelectorAll("strong");
    const between = [...line.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    if (more.length === 0 && between.every((text) => ["", "·"].includes(text.data.trim()))) {
      line.setAttribute("role", "navigation");
      line.setAttribute("aria-label", "Pages of this image");
      active.setAttribute("aria-current", "page");
    }
  }
}

/** Make an empty heading, which Markdown needs above a column of headings, an empty cell. */
function cornered(table) {
  for (const heading of table.querySelectorAll("th:empty")) {
    heading.replaceWith(document.createElement("td"));
  }
}

/** Let the keyboard scroll a table that is wider than the page. */
function scrollable(table) {
  new ResizeObserver(() => {
    if (table.scrollWidth > table.clientWidth) {
      table.tabIndex = 0;
    } else {
      table.removeAttribute("tabindex");
    }
  }).observe(table);
}
