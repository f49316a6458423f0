"""Plots: what is drawn, what is said to whom cannot see them, and that nobody's words become markup."""

from __future__ import annotations

from xml.etree import ElementTree

from postduif.campaign.web.plot import Bar, Series, bars, curves, key

SPACE = "{http://www.w3.org/2000/svg}"
EVIL = '"><script>&'


def read(text: str) -> ElementTree.Element:
    """As a browser does; raises when it is no XML."""
    return ElementTree.fromstring(f'<g xmlns="http://www.w3.org/2000/svg">{text}</g>')[0]


def test_curves() -> None:
    """A line for each series from the first to the last moment, with title, description and round marks."""
    starts = [1_800_000_000.0 + 3600 * hour for hour in range(48)]
    made = curves(f"Opens {EVIL}", f"Most {EVIL}", starts, [Series("a", range(48)), Series("b", [0] * 48)], "one")
    svg = read(made)
    assert (svg[0].text, svg[1].text) == (f"Opens {EVIL}", f"Most {EVIL}")
    assert (svg.get("role"), svg.get("aria-labelledby"), svg.get("aria-describedby")) == (
        "img",
        "one-title",
        "one-words",
    )
    lines = svg.findall(f"{SPACE}polyline")
    assert [line.get("class") for line in lines] == ["line s1", "line s2"]
    points = [tuple(map(float, pair.split(","))) for pair in (lines[0].get("points") or "").split()]
    assert points[0] == (56.0, 220.0)
    assert points[-1][0] == 748.0
    assert points[-1][1] < points[0][1]
    assert {text.text for text in svg.findall(f"{SPACE}text")} >= {"0", "15", "60", "12:00"}
    assert curves("x", "y", [], []) == ""
    assert read(curves("x", "y", [1e9], [Series("a", [3])])).findall(f"{SPACE}circle")


def test_bars() -> None:
    """A row for each, side by side, the largest as wide as there is room; long and evil words are tamed."""
    svg = read(bars("Domains", "said", [Bar(EVIL * 9, [10, 5]), Bar("b", [0, 0.5])]))
    widths = [float(one.get("width") or 0) for one in svg.findall(f"{SPACE}rect")]
    assert widths == [478.0, 239.0, 0.0, 23.9]
    assert [text.text for text in svg.findall(f"{SPACE}text")][1::2] == ["10 / 5", "0 / 0.5"]
    assert (svg.findall(f"{SPACE}text")[0].text or "").endswith("…")
    assert bars("x", "y", []) == ""
    assert "<script>" not in key([EVIL])
