import { counted, element } from "./dom.js";
import { compareVersions } from "./versions.js";

const QUERY = /^\s*([^\s<>=]+)(?:\s*(<=|>=|<|>|=|below|above)\s*(\S+))?\s*$/;
const HOLDS = {
  "<": (order) => order < 0,
  below: (order) => order < 0,
  "<=": (order) => order <= 0,
  "=": (order) => order === 0,
  ">=": (order) => order >= 0,
  ">": (order) => order > 0,
  above: (order) => order > 0,
};
const NAMES = 20; // packages whose names begin like the query that are shown at once

/** Put a field above the list of the index's files that answers `libssl3 < 3.3` from them. */
export function packageIndex() {
  const links = [...document.querySelectorAll('a[href*="packages-"][href$=".json"]')];
  if (links.length === 0) {
    return;
  }
  const input = element("input", { type: "search", autocomplete: "off", spellcheck: false });
  const said = element("p", { role: "status" });
  const answer = element("div", { className: "tagpages-packages" });
  const files = new Map();
  let asked = 0;

  const list = links[0].closest("ul");
  const field = element("div", {}, element("label", {}, "Package ", input), said);
  list.before(element("div", { className: "tagpages-filter" }, field));
  list.after(answer);
  said.textContent = "A name, or such as libssl3 < 3.3";
  input.addEventListener("input", async () => {
    const turn = ++asked;
    const query = input.value.match(QUERY);
    const found = query ? await search(query) : [];
    if (turn === asked) {
      answer.replaceChildren(...found.map(tableOf));
      said.textContent = query ? counted(found.length, "package") : "";
    }
  });

  async function search([, name, operator, version]) {
    const wanted = name.toLowerCase();
    const all = await load(/[a-z]/.test(wanted[0]) ? wanted[0] : "others");
    const exact = all.filter((item) => item.name.toLowerCase() === wanted);
    const like = all.filter((item) => item.name.toLowerCase().startsWith(wanted));
    return (exact.length ? exact : like.slice(0, NAMES)).map((item) => sorted(item, operator, version));
  }

  function load(letter) {
    if (!files.has(letter)) {
      const { href } = links.find((link) => link.pathname.endsWith(`/packages-${letter}.json`));
      files.set(letter, fetch(href).then((reply) => reply.json()).then((file) => file.packages));
    }
    return files.get(letter);
  }
}

/** A package with the versions that hold, newest first; `compared` is false where none could be. */
function sorted({ name, type, versions }, operator, version) {
  const entries = Object.entries(versions);
  entries.sort(
    ([a], [b]) => compareVersions(type, b, a) ?? b.localeCompare(a, "en", { numeric: true }),
  );
  if (!operator) {
    return { name, type, entries, compared: true };
  }
  const known = entries.filter(([each]) => compareVersions(type, each, version) !== null);
  const holding = known.filter(([each]) => HOLDS[operator](compareVersions(type, each, version)));
  return { name, type, entries: known.length ? holding : entries, compared: known.length > 0 };
}

function tableOf({ name, type, entries, compared }) {
  const head = element("tr", {}, element("th", { scope: "col" }, "Version"), element("th", { scope: "col" }, "Images"));
  const rows = entries.map(([version, images]) =>
    element(
      "tr",
      {},
      element("td", {}, element("code", {}, version || "not known")),
      element(
        "td",
        {},
        element(
          "details",
          { open: images.length <= NAMES },
          element("summary", {}, counted(images.length, "image")),
          images.join(", "),
        ),
      ),
    ),
  );
  const kind = type ? ` (${type})` : "";
  const note = compared ? "" : ": how its versions are ordered is not known, so all are shown";
  return element(
    "section",
    {},
    element("h2", {}, element("code", {}, name), kind, note),
    entries.length
      ? element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows))
      : element("p", {}, "No image has such a version."),
  );
}
