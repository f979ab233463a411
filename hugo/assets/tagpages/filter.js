import { counted, element } from "./dom.js";

const DRAWN = 50; // rows of a table that a key press draws: more would make it slow
const WHOLE = 200; // up to so many rows a table stays as it is until somebody filters it

/**
 * Put a filter above the first of these tables that is about the rows of all of them.
 *
 * `onShown` is told, after each change, how many rows of each table are shown while there is a
 * filter. Returns `reveal`, which shows a row whatever was filtered, and `reorder`, which sorts the
 * rows.
 */
export function filtered(tables, onShown = () => {}) {
  const parts = tables.map((table) => ({ body: table.tBodies[0], rows: [...table.tBodies[0].rows] }));
  const texts = new Map(parts.flatMap(({ rows }) => rows.map((row) => [row, textOf(row)])));
  const input = element("input", { type: "search", autocomplete: "off", spellcheck: false });
  const count = element("p", { role: "status" });
  const more = element("button", { type: "button", className: "tagpages-more", hidden: true });
  let limit = texts.size > WHOLE ? DRAWN : Infinity;

  tables[0].before(
    element(
      "div",
      { className: "tagpages-filter" },
      element("div", {}, element("label", {}, "Filter ", input), count),
    ),
  );
  tables[0].after(more);
  input.addEventListener("input", () => show(DRAWN));
  more.addEventListener("click", () => {
    const last = parts[0].body.lastElementChild;
    show(Infinity);
    (last?.nextElementSibling?.querySelector("a, button") ?? input).focus();
  });
  say(texts.size);
  if (limit < texts.size) {
    show(limit);
  }

  function show(most) {
    limit = most;
    const words = wordsOf(input.value);
    const found = parts.map(({ rows }) =>
      words.length ? rows.filter((row) => words.every((word) => texts.get(row).includes(word))) : rows,
    );
    parts.forEach(({ body }, part) => body.replaceChildren(...found[part].slice(0, limit)));
    const total = found.reduce((sum, rows) => sum + rows.length, 0);
    more.hidden = found.every((rows) => rows.length <= limit);
    more.textContent = `Show all ${counted(total, "row")}`;
    say(total);
    onShown(words.length ? found.map((rows) => rows.length) : []);
  }

  function say(total) {
    const all = counted(texts.size, "row");
    count.textContent = total < texts.size ? `${total.toLocaleString("en")} of ${all}` : all;
  }

  return {
    reveal(row) {
      if (!row.isConnected) {
        input.value = "";
        show(Infinity);
      }
    },
    reorder(compare) {
      for (const { rows } of parts) {
        rows.sort(compare);
      }
      show(limit);
    },
  };
}

/** What is looked for, in any order: of a pasted `name:tag@sha256:…` only the digest. */
function wordsOf(text) {
  return text
    .toLowerCase()
    .split(/\s+/)
    .map((word) => word.slice(word.lastIndexOf("@") + 1))
    .filter(Boolean);
}

function textOf(row) {
  return row.textContent.toLowerCase();
}
