const DIGEST = /^[a-z0-9+._-]+:[\w=-]{32,}$/;

/**
 * The tables of tags on the page, by the heading that they stand under.
 *
 * A section has one table, or two, the second of them with older rows. `known` is what the site
 * knows of the catalog's table: that of the last heading above which is its title, or the only one.
 */
export function sections() {
  const all = JSON.parse(document.getElementById("tagpages-tables").textContent);
  const found = [];
  let known = all.length === 1 ? all[0] : undefined;
  let section;
  for (const place of document.querySelectorAll("h1, h2, h3, h4, h5, h6, table")) {
    if (place.tagName !== "TABLE") {
      const title = place.textContent.trim();
      known = all.find((table) => titled(title, table.title)) ?? known;
      section = undefined;
      continue;
    }
    const rows = rowsOf(place);
    if (rows.length) {
      if (section === undefined || section.tables.length > 1) {
        section = { known, tables: [] };
        found.push(section);
      }
      section.tables.push({ table: place, rows });
    }
  }
  return found;
}

/** Whether a heading says a title; themes put a sign behind it that links to it. */
function titled(heading, title) {
  return heading === title || (heading.startsWith(title) && /^\W+$/.test(heading.slice(title.length)));
}

/** The rows of a table that has one digest in each; none of any other table. */
function rowsOf(table) {
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]).map(rowOf);
  return rows.every(Boolean) ? rows : [];
}

function rowOf(row) {
  const digest = [...row.querySelectorAll("td > code:only-child")].find((code) =>
    DIGEST.test(code.textContent),
  );
  const cells = [...row.cells].filter((cell) => cell !== digest?.parentElement);
  const tags = [...(cells[0]?.querySelectorAll("code") ?? [])];
  return (
    digest && {
      row,
      digest,
      tags,
      date: cells.find((cell) => !cell.querySelector("code")),
      short: digest.textContent.split(":")[1].slice(0, 12),
    }
  );
}
