"""Plots as SVG, made of figures alone. Pure: the same figures give the same picture.

Whoever cannot see one reads its title and description; the page has a table of the same figures below it. Colours and
letters are classes of the style sheet, so a plot is right in the dark, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from markupsafe import Markup, escape

from postduif.campaign.web.wording import number

WIDTH, HEIGHT = 760, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 10, 30
_ROW = 26
_LABEL = 210
_MOST_LETTERS = 32
_LETTER = 8
COLOURS = 6
"""Series that can be told apart."""
_STEPS = (
    60.0, 300.0, 600.0, 1800.0, 3600.0, 2 * 3600.0, 6 * 3600.0, 12 * 3600.0, 86400.0, 2 * 86400.0, 7 * 86400.0,
    14 * 86400.0, 30 * 86400.0, 90 * 86400.0, 365 * 86400.0,
)  # fmt: skip
_MOST_MARKS = 8


class Series(NamedTuple):
    """One line, or one colour of bars."""

    name: str
    values: Sequence[float]


class Bar(NamedTuple):
    """One row of bars, a value for each series."""

    label: str
    values: Sequence[float]


def curves(name: str, said: str, starts: Sequence[float], series: Sequence[Series], id_: str = "plot") -> Markup:
    """Lines over time. `starts`: seconds since the epoch, rising, one for each value. `id_` is unique on the page."""
    if not starts:
        return Markup()
    top = _nice(max((value for one in series for value in one.values), default=0))
    begin, end = starts[0], max(starts[-1], starts[0] + 1)
    parts = [*_grid(top), *_marks(begin, end)]
    for place, one in enumerate(series):
        points = " ".join(
            f"{_x(at, begin, end):.1f},{_y(value, top):.1f}" for at, value in zip(starts, one.values, strict=True)
        )
        parts.append(f'<polyline class="line s{place % COLOURS + 1}" points="{points}"/>')
        if len(starts) == 1:
            parts.append(
                f'<circle class="f{place % COLOURS + 1}" cx="{_LEFT}" cy="{_y(one.values[0], top):.1f}" r="3"/>'
            )
    return _svg(name, said, HEIGHT, parts, id_)


def bars(name: str, said: str, rows: Sequence[Bar], id_: str = "plot") -> Markup:
    """A row for each, its values side by side below one another; all of one measure."""
    if not rows:
        return Markup()
    top = max((value for row in rows for value in row.values), default=0) or 1
    room = WIDTH - _LABEL - 16 - _LETTER * max(len(_short(row.values)) for row in rows)
    parts = []
    for place, row in enumerate(rows):
        above = place * _ROW + 4
        label = row.label if len(row.label) <= _MOST_LETTERS else f"{row.label[: _MOST_LETTERS - 1]}…"
        parts.append(f'<text x="{_LABEL - 8}" y="{above + 13}" text-anchor="end">{escape(label)}</text>')
        thick = (_ROW - 8) / len(row.values)
        for series, value in enumerate(row.values):
            width = room * value / top
            y = above + series * thick
            parts.append(
                f'<rect class="f{series % COLOURS + 1}" x="{_LABEL}" y="{y:.1f}" width="{width:.1f}" '
                f'height="{thick - 1:.1f}" rx="2"/>'
            )
        best = max(row.values)
        parts.append(f'<text x="{_LABEL + room * best / top + 6:.1f}" y="{above + 13}">{_short(row.values)}</text>')
    return _svg(name, said, len(rows) * _ROW + 6, parts, id_)


def key(names: Sequence[str]) -> Markup:
    """Which colour is what."""
    items = (
        f'<li><svg class="plot" viewBox="0 0 10 10" aria-hidden="true">'
        f'<rect class="f{place % COLOURS + 1}" width="10" height="10" rx="2"/></svg>{escape(name)}</li>'
        for place, name in enumerate(names)
    )
    return Markup(f'<ul class="legend plot-key">{"".join(items)}</ul>')  # noqa: S704  every part is escaped


def _svg(name: str, said: str, height: int, parts: Sequence[str], id_: str) -> Markup:
    title, words = f"{escape(id_)}-title", f"{escape(id_)}-words"
    text = (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{title}" '
        f'aria-describedby="{words}">'
        f'<title id="{title}">{escape(name)}</title><desc id="{words}">{escape(said)}</desc>{"".join(parts)}</svg>'
    )
    return Markup(text)  # noqa: S704  every part is escaped, or a number


def _grid(top: float) -> Iterator[str]:
    for place in range(5):
        value = top * place / 4
        y = _y(value, top)
        kind = "grid" if place else "axis"
        yield f'<line class="{kind}" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        if value == int(value):
            yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{number(value)}</text>'


def _marks(begin: float, end: float) -> Iterator[str]:
    """Whole hours or days below the axis."""
    step = next((one for one in _STEPS if (end - begin) / one <= _MOST_MARKS), _STEPS[-1])
    at = math.ceil(begin / step) * step
    while at <= end:
        form = "%H:%M" if step < 86400 and at % 86400 else "%-d %b"
        x = _x(at, begin, end)
        place = "start" if x < _LEFT + 12 else "end" if x > WIDTH - _RIGHT - 12 else "middle"
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{HEIGHT - _BOTTOM}" y2="{HEIGHT - _BOTTOM + 4}"/>'
        words = datetime.fromtimestamp(at, UTC).strftime(form)
        yield f'<text x="{x:.1f}" y="{HEIGHT - 8}" text-anchor="{place}">{words}</text>'
        at += step


def _nice(value: float) -> float:
    """The next round number, of which a quarter is round, too."""
    if value <= 4:
        return 4
    size = 10 ** math.floor(math.log10(value))
    return float(next(step * size for step in (1, 2, 4, 6, 8, 10) if step * size >= value))


def _x(at: float, begin: float, end: float) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * (at - begin) / (end - begin)


def _y(value: float, top: float) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / top


def _short(values: Sequence[float]) -> str:
    return " / ".join(number(value) if value == int(value) else f"{value:.1f}" for value in values)
