"""Write what is generated of the documentation: schemas, the catalog reference, the commands.

`make docs` runs it; a test holds that it changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from generator.cli import cli
from generator.jobs.job import catalog_schema
from generator.report.changes import Report

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- commands: begin -->\n", "<!-- commands: end -->\n"


def generated() -> Iterator[tuple[Path, str]]:
    """The files, and what must stand in them."""
    schema = catalog_schema()
    yield ROOT / "catalog.schema.json", schema
    yield ROOT / "docs/catalog.md", catalog_reference(json.loads(schema)["$defs"])
    report_schema = json.dumps(msgspec.json.schema(Report), indent=2) + "\n"
    yield ROOT / "docs/report.schema.json", report_schema
    readme = (ROOT / "README.md").read_text()
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    yield ROOT / "README.md", before + BEGIN + commands() + END + after


def commands() -> str:
    """The commands and their options, as `--help` says them."""
    parts = []
    parent = cli.make_context("tagpages", ["schema"], terminal_width=90)
    for name, command in sorted(cli.commands.items()):
        context = click.Context(command, parent, info_name=name)
        parts.append(
            f"<details><summary><code>tagpages {name}</code>: {command.help}</summary>\n\n"
        )
        parts.append(f"```\n{command.get_help(context)}\n```\n\n</details>\n\n")
    return "\n" + "".join(parts)


def catalog_reference(definitions: dict[str, Any]) -> str:
    """The keys of `catalog.yaml`, from its JSON Schema."""
    kinds = {
        definition["properties"]["kind"]["enum"][0]: definition
        for definition in definitions.values()
        if "kind" in definition.get("properties", {})
    }
    parts = [
        (
            "# The catalog\n\n`catalog.yaml` says which images have pages, and where their tags"
            " come from. This page is made from the catalog's schema (`make docs`). Paths are"
            " relative to the file; a key without a default must be there.\n"
        )
    ]
    parts += section("Top level", definitions["Catalog"])
    for title, name in (
        ("`tables[]`", "TableSpec"),
        ("`tables[].guard`", "Guard"),
        ("`images`", "Images"),
        ("`images.overrides.<image>.<table>`", "Override"),
        ("`retired.<image>`", "Retired"),
        ("`tabs[]`", "Tab"),
        ("`history`", "History"),
        ("`readmes`", "Readmes"),
        ("`tables[].verify`", "Verify"),
    ):
        parts += section(title, definitions[name])
    for kind, definition in sorted(kinds.items()):
        parts += section(f"`tables[].source` of kind `{kind}`", definition)
    return "".join(parts)


def section(title: str, definition: dict[str, Any]) -> Iterator[str]:
    """A table of one mapping's keys."""
    yield f"\n## {title}\n\n{definition.get('description', '')}\n\n"
    yield "| key | value | default | meaning |\n| --- | --- | --- | --- |\n"
    required = definition.get("required", [])
    for key, value in definition["properties"].items():
        default = "" if key in required else f"`{json.dumps(value.get('default'))}`"
        yield f"| `{key}` | {form(value)} | {default} | {value.get('description', '')} |\n"


def form(value: dict[str, Any]) -> str:
    """What a value looks like, in words."""
    if "enum" in value:
        return " or ".join(f"`{item}`" for item in value["enum"])
    if "anyOf" in value:
        forms = [form(item) for item in value["anyOf"] if item.get("type") != "null"]
        return " or ".join(dict.fromkeys(forms))
    if "$ref" in value:
        return "mapping"
    if value.get("type") == "array":
        items = value.get("items")
        return f"list of {form(items)}" if items else "list"
    words = {"object": "mapping", "string": "text", "boolean": "true or false"}
    kind: str = value.get("type", "any value")
    return words.get(kind, kind)


def main() -> None:
    """Bring the files up to date."""
    for path, text in generated():
        path.write_text(text)


if __name__ == "__main__":
    main()
