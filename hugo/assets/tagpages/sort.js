import { element } from "./dom.js";

/** Make the headings of a table buttons that sort its `rows`, up first and then down. */
export function sortable(table, rows, filter) {
  const collator = new Intl.Collator("en", { numeric: true });
  const headings = [...table.tHead.rows[0].cells];
  const keys = new Map(rows.map((row) => [row, [...row.cells].map(textOf)]));
  headings.forEach((heading, column) => {
    const button = element("button", { type: "button", className: "tagpages-sort" });
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      for (const other of headings) {
        other.removeAttribute("aria-sort");
      }
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sign = down ? -1 : 1;
      filter.reorder(
        (one, other) => sign * collator.compare(keys.get(one)[column], keys.get(other)[column]),
      );
    });
  });
}

function textOf(cell) {
  return cell.textContent.trim();
}
