"""Small charts as SVG: bars for counts, a line for sizes; readable on light and dark pages. Pure.

They are drawn to stand in an `<img>`, where a page's own style does not reach: they follow the
reader's preference, by a media query of their own. What they show stands in a table beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 640, 160
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 12, 12, 24
_STYLE = (
    "text{font:12px sans-serif;fill:#57606a}.v{fill:#0969da}"
    ".l{fill:none;stroke:#0969da;stroke-width:2}.a{stroke:#8c959f}"
    "@media(prefers-color-scheme:dark){text{fill:#9ea7b3}.v{fill:#58a6ff}.l{stroke:#58a6ff}}"
)


class Point(NamedTuple):
    """A value with its label; `at` is its place along the chart, from 0 to 1."""

    label: str
    at: float
    value: float


def bars(title: str, values: Sequence[tuple[str, int]]) -> str:
    """A bar for each label, from the left to the right."""
    highest = max((value for _, value in values), default=0)
    step = (WIDTH - _LEFT - _RIGHT) / max(len(values), 1)
    marks = [
        f'<rect class="v" x="{_LEFT + step * place + step * 0.1:.1f}"'
        f' y="{_y(value, highest):.1f}" width="{step * 0.8:.1f}"'
        f' height="{HEIGHT - _BOTTOM - _y(value, highest):.1f}">'
        f"<title>{escape(label)}: {value}</title></rect>"
        for place, (label, value) in enumerate(values)
    ]
    labels = [label for label, _ in values]
    return _chart(title, marks, (labels[0], labels[-1]), ("0", str(highest)))


def steps(title: str, points: Sequence[Point], end: str, unit: str) -> str:
    """A line that keeps each value until the next point, or the chart's `end`."""
    highest = max(point.value for point in points)
    path = [f"M{_x(points[0].at):.1f} {_y(points[0].value, highest):.1f}"]
    path += [f"H{_x(point.at):.1f}V{_y(point.value, highest):.1f}" for point in points[1:]]
    path.append(f"H{WIDTH - _RIGHT}")
    marks = [f'<path class="l" d="{"".join(path)}"/>']
    return _chart(title, marks, (points[0].label, end), ("0", f"{highest:.1f} {unit}"))


def _x(at: float) -> float:
    return _LEFT + at * (WIDTH - _LEFT - _RIGHT)


def _y(value: float, highest: float) -> float:
    return HEIGHT - _BOTTOM - value / (highest or 1) * (HEIGHT - _TOP - _BOTTOM)


def _chart(title: str, marks: Iterable[str], across: tuple[str, str], up: tuple[str, str]) -> str:
    """The picture: marks, two axes, and what stands at their ends."""
    floor, end = HEIGHT - _BOTTOM, WIDTH - _RIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n"
        + "".join(f"{mark}\n" for mark in marks)
        + f'<path class="a" d="M{_LEFT} {_TOP}V{floor}H{end}" fill="none"/>\n'
        f'<text x="{_LEFT}" y="{HEIGHT - 8}">{escape(across[0])}</text>\n'
        f'<text x="{end}" y="{HEIGHT - 8}" text-anchor="end">{escape(across[1])}</text>\n'
        f'<text x="{_LEFT - 6}" y="{floor}" text-anchor="end">{escape(up[0])}</text>\n'
        f'<text x="{_LEFT - 6}" y="{_TOP + 10}" text-anchor="end">{escape(up[1])}</text>\n</svg>\n'
    )
