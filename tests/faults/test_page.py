"""The manual's page about faults of others is what the tables say, and the tables are whole."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.faults.page import page
from tests.faults.table import FAULTS, STAGES, cells

PAGE = Path(__file__).parents[2] / "docs" / "receiver-faults.md"


def test_page_is_up_to_date() -> None:
    """`make docs` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_every_fault_at_every_stage_has_its_cell() -> None:
    """Exactly one for each mode that makes a difference."""
    there = Counter((cell.row.stage, cell.fault, cell.mode) for cell in cells())
    assert there == Counter(
        (stage, fault, mode) for stage, modes in STAGES.items() for fault in FAULTS for mode in modes
    )
