import { copying } from "./copy.js";
import { element } from "./dom.js";
import { filtered } from "./filter.js";
import { sections } from "./sections.js";

const SECONDS = { year: 31_557_600, month: 2_629_800, day: 86_400, hour: 3_600, minute: 60 };

/** Improve the tables of tags; those of more rows than `most` get a filter. */
export function tagTables(most) {
  const anchors = new Map(); // by id: the link of a tag, its row, and what may hide it
  for (const { known, tables } of sections()) {
    const fold = tables[1] && folded(tables[1].table, tables[0].table);
    const openIfFound = ([, older]) => {
      if (fold && older !== undefined) {
        fold.open = older > 0;
      }
    };
    let filter;
    if (tables[0].rows.length > most) {
      filter = filtered(tables.map(({ table }) => table), openIfFound);
    } else if (tables[1]?.rows.length > most) {
      filter = filtered([tables[1].table]);
    }
    for (const { table, rows } of tables) {
      shortened(table, rows[0]);
      for (const row of rows) {
        dated(row.date, known?.changed[row.short], table);
        for (const code of row.tags) {
          const link = linked(code, known?.name, anchors);
          anchors.set(link.id, { link, row: row.row, filter, fold });
        }
      }
    }
    copying(tables, known?.address);
  }
  const arrive = () => shown(anchors.get(decodeURIComponent(location.hash.slice(1))));
  window.addEventListener("hashchange", arrive);
  arrive();
}

/** Fold a second table under the same heading, with the sentence above it as what opens it. */
function folded(table, before) {
  let block = table;
  while (!block.previousElementSibling) {
    block = block.parentElement;
  }
  const said = block.previousElementSibling;
  if (said.tagName !== "P" || !said.previousElementSibling?.matches(":has(table), table")) {
    return undefined;
  }
  const fold = element("details", { className: "tagpages-older" });
  fold.style.margin = getComputedStyle(said).margin; // so that nothing below moves
  said.replaceWith(fold);
  fold.append(element("summary", {}, ...said.childNodes), block);
  return fold;
}

/** Mark a table whose digests do not fit, now and whenever its width changes. */
function shortened(table, { row, digest }) {
  new ResizeObserver(() => {
    if (!row.hasAttribute("data-tagpages-whole")) {
      table.toggleAttribute("data-tagpages-short", digest.scrollWidth > digest.clientWidth);
    }
  }).observe(table);
}

/** Say, where a pointer rests on a day, the time and how long ago it was. */
function dated(cell, time, table) {
  if (!cell || !time) {
    return;
  }
  const passed = (new Date(time) - Date.now()) / 1000;
  const unit = Object.keys(SECONDS).find((name) => Math.abs(passed) >= SECONDS[name]) ?? "minute";
  const ago = new Intl.RelativeTimeFormat("en").format(Math.trunc(passed / SECONDS[unit]), unit);
  const title = `${ago}: ${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
  const label = table.tHead.rows[0].cells[cell.cellIndex].textContent;
  const day = element("time", { dateTime: time, title, "data-tagpages-label": label });
  day.append(...cell.childNodes);
  cell.append(day);
}

/** Give a tag its anchor: `tag-3.12`; where another table has that one, `tag-3.12@private`. */
function linked(code, table, anchors) {
  const first = `tag-${code.textContent}`;
  const taken = anchors.has(first) || document.getElementById(first);
  const id = taken ? `${first}@${table ?? anchors.size}` : first;
  const link = element("a", { id, href: `#${id}`, className: "tagpages-tag" });
  code.replaceWith(link);
  link.append(code);
  return link;
}

/** Bring the tag into view that the address names, wherever it is hidden. */
function shown(place) {
  for (const row of document.querySelectorAll("tr[aria-current]")) {
    row.removeAttribute("aria-current");
  }
  if (place) {
    const { link, row, filter, fold } = place;
    filter?.reveal(row);
    if (fold?.contains(row)) {
      fold.open = true;
    }
    row.setAttribute("aria-current", "true");
    link.focus({ preventScroll: true });
    link.scrollIntoView();
  }
}
