import { element } from "./dom.js";

const COPIED = 2000; // milliseconds for which a button says that it has done it

/** Give each row of these tables buttons that copy its digest and, with an address, what to pull. */
export function copying(tables, address) {
  const said = element("div", { role: "status", className: "tagpages-said" });
  tables[0].table.after(said);
  for (const { table, rows } of tables) {
    const parts = new Map(rows.map((row) => [row.row, row]));
    for (const { digest } of rows) {
      digest.parentElement.append(buttons(address));
    }
    table.addEventListener("click", ({ target }) => {
      const button = target.closest("button");
      const row = parts.get(target.closest("tr"));
      if (button?.dataset.copy) {
        copy(button, textOf(row, button.dataset.copy, address), said);
      } else if (button) {
        const whole = row.row.toggleAttribute("data-tagpages-whole");
        button.setAttribute("aria-expanded", whole);
      }
    });
  }
}

function buttons(address) {
  const kinds = { digest: "Digest" };
  if (address) {
    Object.assign(kinds, { reference: "Reference", from: "FROM" });
  }
  const group = element("div", { className: "tagpages-copy", role: "group", "aria-label": "Digest" });
  if (navigator.clipboard) {
    group.append(
      element("span", { "aria-hidden": "true" }, "Copy"),
      ...Object.entries(kinds).map(([kind, name]) =>
        element("button", { type: "button", "data-copy": kind, "aria-label": `Copy ${name}` }, name),
      ),
    );
  }
  const whole = { "aria-label": "Whole digest", "aria-expanded": "false", title: "Whole digest" };
  group.append(element("button", { type: "button", className: "tagpages-whole", ...whole }, "…"));
  return group;
}

/** What to copy of a row; its tag is the one that the address of the page names, or the first. */
function textOf({ digest, tags }, kind, address) {
  if (kind === "digest") {
    return digest.textContent;
  }
  const named = tags.find((tag) => location.hash.slice(1) === tag.parentElement.id) ?? tags[0];
  const reference = `${address}:${named.textContent}@${digest.textContent}`;
  return kind === "from" ? `FROM ${reference}` : reference;
}

async function copy(button, text, said) {
  try {
    await navigator.clipboard.writeText(text);
    said.textContent = `Copied: ${text}`;
    button.dataset.copied = "";
  } catch {
    said.textContent = "The browser did not allow to copy.";
  }
  setTimeout(() => {
    delete button.dataset.copied;
    said.textContent = "";
  }, COPIED);
}
