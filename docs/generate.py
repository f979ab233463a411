"""Write what is generated of the documentation: schemas, the catalog reference, the commands.

`make docs` runs it; a test holds that it changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from generator.cli import cli
from generator.cli.options import SHARED
from generator.jobs.schemas import TYPES, schema

ROOT = Path(__file__).parent.parent
NAMES = ", ".join(f"`TAGPAGES_{name.replace('-', '_').upper()}`" for name in sorted(SHARED))
COMMANDS = f"""\
# Commands

This page is made from what `--help` says (`make docs`). Exit codes: 0 done; 1 `check` found drift,
or something failed or was held back and all else is written; 2 a mistake in the catalog or on the
command line, nothing written; 130 interrupted.

Every option is also read from the environment, as `TAGPAGES_<COMMAND>_<OPTION>`, several values
with spaces between them. What commands share is read for all of them by one name:
{NAMES}.
The name with the command counts before that one. Without any, the catalog is
`catalog.yaml` of this folder, or of the nearest one above it within the git repository.

A shell completes commands, options, images and tables after one line in its startup file:

| shell | file | line |
| --- | --- | --- |
| bash (4.4 or newer) | `~/.bashrc` | `eval "$(_TAGPAGES_COMPLETE=bash_source tagpages)"` |
| zsh | `~/.zshrc`, below `compinit` | `eval "$(_TAGPAGES_COMPLETE=zsh_source tagpages)"` |
| fish | `~/.config/fish/config.fish` | `_TAGPAGES_COMPLETE=fish_source tagpages \\| source` |
"""


def generated() -> Iterator[tuple[Path, str]]:
    """The files, and what must stand in them."""
    catalog = schema("catalog")
    yield ROOT / "catalog.schema.json", catalog
    yield ROOT / "docs/catalog.md", catalog_reference(json.loads(catalog)["$defs"])
    for name in TYPES.keys() - {"catalog"}:
        yield ROOT / f"docs/{name}.schema.json", schema(name)
    yield ROOT / "docs/commands.md", COMMANDS + "".join(commands())


def commands() -> Iterator[str]:
    """The commands and their options, as `--help` says them."""
    parent = cli.make_context("tagpages", ["schema"], terminal_width=90)
    for name, command in sorted(cli.commands.items()):
        context = click.Context(command, parent, info_name=name)
        yield f"\n## tagpages {name}\n\n```\n{command.get_help(context)}\n```\n"


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
