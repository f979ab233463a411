"""The Jinja environment: templates, tables, dates, escaping.

`render` is pure: the same templates and values give the same text. There is no autoescape, as
the output is Markdown; every value that is not checked by a grammar goes through a filter.
"""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache, partial
from pathlib import Path

import jinja2
import jinja2.nodes
from jinja2.meta import find_referenced_templates

from generator.catalog.globs import nearest
from generator.errors import UsageError
from generator.grouping import more_than_months
from generator.model import TagGroup, short_digest
from generator.pages.base import json_text
from generator.pages.cells import code, codes, table
from generator.pages.details import dotted, package_rows, settings_of
from generator.pages.plain import escaped_sign, one_line

MONTHS_WITHOUT_YEAR = 11
"""A day that lies more months back than this is written with its year."""

PACKAGED = Path(__file__).parent.parent / "templates"
"""The folder of the default templates."""
PREFIX = "tagpages"
"""The folder that a site's templates find them in, even where they have one of the same name."""

HEADER = ("Tag (s)", "Last Changed", "Digest")

_SIGNS = re.compile(r"[\\`*_{}\[\]<>&~|$]")
_OPENING = re.compile(r"([0-9]*)([#+=:.)-])")
"""What would begin a heading, a list or the like at the start of a line."""
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


class Renderer:
    """Templates of a site: its own first, then the packaged ones, file by file.

    A site's template extends the packaged one of the same name as `tagpages/NAME`. With `pad` the
    cells of tables are padded.
    """

    def __init__(self, folder: Path | None = None, *, pad: bool = True) -> None:
        self._own = [jinja2.FileSystemLoader(folder)] if folder else []
        packaged = jinja2.FileSystemLoader(PACKAGED)
        prefixed = jinja2.PrefixLoader({PREFIX: packaged})
        self._loader = jinja2.ChoiceLoader([prefixed, *self._own, packaged])
        self._environment = jinja2.Environment(  # noqa: S701 - the output is Markdown, not HTML
            loader=self._loader,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
            cache_size=-1,
        )
        self._template = lru_cache(self._loaded)
        self._environment.filters |= {
            "tags_table": partial(tags_table, pad=pad),
            "day": day,
            "datetime": page_time,
            "markdown": markdown,
            "code": code,
            "codes": codes,
            "table": table,
            "settings": settings_of,
            "package_rows": package_rows,
            "dotted": dotted,
            "short": short_digest,
            "yaml": yaml_value,
            "quoted": quoted,
        }

    def _loaded(self, name: str) -> jinja2.Template:
        template = self._environment.get_template(name)
        # each page copies them, which takes Jinja's chain of mappings as long as a table
        template.globals = dict(template.globals)
        return template

    def load(self, templates: Iterable[str]) -> None:
        """Compile templates, and those that they extend, ahead of their use.

        Raises UsageError for one that is missing or wrong.
        """
        names = list(templates)
        for name in names:
            try:
                self._template(name)
                names += self._extended(name) - set(names)
            except Exception as error:  # noqa: BLE001 - a template may raise anything
                raise _mistake(name, error) from None

    def _extended(self, template: str) -> set[str]:
        source, _, _ = self._loader.get_source(self._environment, template)
        statements = self._environment.parse(source).find_all(jinja2.nodes.Extends)
        named = (statement.template for statement in statements)
        return {name.value for name in named if isinstance(name, jinja2.nodes.Const)}

    def unused(self) -> list[tuple[str, str]]:
        """The site's templates (`*.j2`) that no page has, each with the nearest that pages have.

        One that another template includes or imports is used. None are told where a template names
        such a one only when it is rendered.
        """
        pages = sorted(path.name for path in PACKAGED.iterdir())
        files = [name for loader in self._own for name in loader.list_templates()]
        own = [name for name in files if name.endswith(".j2")]
        used = [name for name in own if name in pages]
        for name in used:
            source, _, _ = self._loader.get_source(self._environment, name)
            named = set(find_referenced_templates(self._environment.parse(source)))
            if None in named:
                return []
            used += [other for other in own if other in named and other not in used]
        return [(name, nearest(name, pages)) for name in own if name not in used]

    def render(self, template: str, values: Mapping[str, object]) -> str:
        """The text that a template makes of the values.

        Raises UsageError for a template that is missing or wrong, with its file and line.
        """
        try:
            return self._template(template).render(values)
        except Exception as error:  # noqa: BLE001 - likewise
            raise _mistake(template, error) from None


def _mistake(template: str, error: Exception) -> UsageError:
    """Whatever a template raises, as an error of who wrote it."""
    if isinstance(error, jinja2.TemplateSyntaxError):
        where = f"{error.filename or error.name}:{error.lineno}"
        return UsageError(f"template {where}: {error.message}")
    if isinstance(error, jinja2.TemplateNotFound):
        return UsageError(f"there is no template `{error.name}`")
    if isinstance(error, RecursionError):
        return UsageError(
            f"template {template}: it extends or includes itself; the packaged template is named"
            f" `{PREFIX}/{template}`"
        )
    return UsageError(f"template {_template_line(error) or template}: {error}")


def _template_line(error: Exception) -> str | None:
    """The innermost template line of a traceback: Jinja puts template lines into it."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        f"{at.filename}:{at.lineno}" for at in frames if not at.filename.endswith((".py", ">"))
    ]
    return lines[-1] if lines else None


def tags_table(groups: Iterable[TagGroup], as_of: datetime, *, pad: bool = True) -> str:
    """A Markdown table of groups, padded if the catalog does not say otherwise (rule 3)."""
    rows = [
        (
            " `" + "` `".join(group.tags) + "`",
            day(group.last_changed, as_of),
            f"`{group.digest}`",
        )
        for group in groups
    ]
    return table([HEADER, *rows], pad=pad)


def day(time: datetime, as_of: datetime) -> str:
    """The day in words, `May 31st`; with the year when it lies far back: `May 31st, 2023`."""
    return _day(time.date(), as_of.date())


@lru_cache(maxsize=4096)
def _day(day: date, as_of: date) -> str:
    text = f"{_MONTHS[day.month - 1]} {day.day}{_ordinal(day.day)}"
    return f"{text}, {day.year}" if more_than_months(day, MONTHS_WITHOUT_YEAR, as_of) else text


def _ordinal(number: int) -> str:
    if number in {11, 12, 13}:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


@lru_cache(maxsize=16)
def page_time(time: datetime) -> str:
    """A time in UTC without its offset: `2024-06-03 00:46:08`.

    Hugo reads it in the site's `timeZone`, which is UTC unless the site says otherwise.
    """
    return time.replace(tzinfo=None).isoformat(" ", "seconds")


def yaml_value(value: object) -> str:
    """A front matter value as YAML on one line."""
    if isinstance(value, str):
        text = json_text(value)
        if not text.isprintable():  # JSON's escapes beyond U+FFFF are pairs, which are not YAML's
            text = "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in text)
        # Hugo reads shortcodes in front matter too.
        return text.replace("{{", "{\\u007b")
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z") if value.tzinfo else page_time(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(yaml_value, value)) + "]"
    if isinstance(value, dict):
        pairs = (f"{yaml_value(key)}: {yaml_value(item)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    return json.dumps(value)


def markdown(text: str) -> str:
    """Plain text as a line of Markdown: what would be Markdown, HTML or a shortcode is escaped.

    Signs that nobody sees are left out.
    """
    line = _SIGNS.sub(escaped_sign, one_line(text))
    opening = _OPENING.match(line)
    return f"{opening[1]}\\{line[opening.end(1) :]}" if opening else line


def quoted(value: str) -> str:
    """A shortcode's parameter: in double quotes, or raw where Hugo would stumble over those."""
    if "\\" in value or "\n" in value:
        return f"`{value}`"
    return '"' + value.replace('"', '\\"') + '"'
