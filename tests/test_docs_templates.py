"""docs/templates.md has every filter, and its examples and limits are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from postduif.mta.merge import budget, message, steps, template, value
from postduif.mta.merge.expression import MAX_DEPTH, MAX_PARTS
from postduif.mta.merge.filters import FILTERS, LINES
from tests.mta.merge.mailing import text

PAGE = (Path(__file__).parents[1] / "docs" / "templates.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \| `(.+?)` \| (.+) \|$", re.MULTILINE)
ROWS = ROW.findall(PAGE)
LIMITS = {
    "a template": template.MAX_TEMPLATE,
    "one text that": value.MAX_VALUE,
    "headers, HTML and text": budget.MAX_OCTETS,
    "steps": budget.MAX_STEPS,
    "CPU time": budget.MAX_SECONDS,
    "conditions and loops": steps.MAX_NESTING,
    "expressions": MAX_DEPTH,
    "parts": MAX_PARTS,
    "rows": value.MAX_ROWS,
    "attachments": message.MAX_ATTACHED,
    "extra header": message.MAX_HEADERS,
}


def test_every_filter_is_on_the_page() -> None:
    """The table has each filter once, and no other."""
    named = [name for names, _, _ in ROWS for name in re.findall(r"\w+", names)]
    assert sorted(named) == sorted([*FILTERS, LINES])


@pytest.mark.parametrize(("example", "shows"), [row[1:] for row in ROWS if row[1].startswith(('"', "1"))])
def test_examples(example: str, shows: str) -> None:
    """Each example with fixed text shows what the table says."""
    assert shows.startswith(text("{{ " + example.replace("\\|", "|") + " }}"))


@pytest.mark.parametrize(("begins", "limit"), LIMITS.items())
def test_limits(begins: str, limit: float) -> None:
    """Each limit is the one of the program."""
    (row,) = re.findall(rf"^\| {begins}.* \| (.+) \|$", PAGE.split("### Limits")[1], re.MULTILINE)
    assert f"{limit:,}" in row
