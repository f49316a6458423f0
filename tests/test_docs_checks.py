"""docs/checks.md has every rule as it is, and its typology can be read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from postduif.campaign.checks.catalogue import GROUPS, RULES
from postduif.campaign.checks.filters import Held
from postduif.campaign.checks.sieve import ORDER, Sieve
from postduif.campaign.checks.typology import load

PAGE = (Path(__file__).parents[1] / "docs" / "checks.md").read_text(encoding="utf-8")


def test_every_rule_has_its_row() -> None:
    """Name, level, phase and what must be so, as the rule itself says; below the headings that pages have, too."""
    kept = PAGE.split("## Rules\n")[1].split("\n## ")[0]
    for group, written in zip(GROUPS, kept.split("\n### ")[1:], strict=True):
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \| (content|target|end) \| (.+) \|$", written, re.MULTILINE)
        declared = [(one.id, one.level.word, one.phase.name.lower(), one.title.rstrip(".")) for one in group.rules]
        assert (written.partition("\n")[0], sorted(rows)) == (group.title, sorted(declared))


def test_every_filter_has_its_row() -> None:
    """In the order in which they work, with their kind and all causes that they give."""
    rows = re.findall(r"^\| `(\w+)` \| (filtering|pressure|capacity) \| .+ \| (.+) \|$", PAGE, re.MULTILINE)
    assert [(name, kind) for name, kind, _ in rows] == [
        (one.__dataclass_fields__["rule"].default, one.kind) for one in ORDER
    ]
    assert set(get_args(get_args(Sieve)[0])) == set(ORDER)
    assert {cause for *_, causes in rows for cause in re.findall(r"`(\w+)`", causes)} == set(Held)


def test_what_is_covered_names_every_rule() -> None:
    """The table of what is checked leaves no rule out but what only advises."""
    covered = set(re.findall(r"`(\w+)`", PAGE.split("## What is covered")[1].split("Not done")[0]))
    assert covered <= RULES.keys()
    assert RULES.keys() - covered == {"preheader_missing", "reply_address", "dns_silent"}


def test_the_typology_can_be_read() -> None:
    """The example is one."""
    text = PAGE.split("stored as JSON:\n")[1].split("\n- ")[0]
    assert load(text).name == "news"
