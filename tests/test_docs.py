"""The manual's page about configuration is complete and up to date."""

from __future__ import annotations

from pathlib import Path

from postduif.config.describe import headings
from postduif.config.manual import EXAMPLE, MINIMAL, manual

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"


def test_page_is_up_to_date() -> None:
    """The page is what the schema makes; `make docs` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == manual()


def test_every_setting_is_documented() -> None:
    """Every setting stands in the table of its section, with a meaning."""
    sections = PAGE.read_text(encoding="utf-8").split("\n## ")
    for heading in headings().values():
        (section,) = [text for text in sections if text.startswith(f"{heading}\n")]
        rows = {row.split(" | ")[0]: row.split(" | ")[2] for row in section.splitlines() if row.startswith("| `")}
        assert rows.keys() == {f"| `{name}`" for name in heading.settings}
        assert all(len(meaning.split()) > 2 for meaning in rows.values())


def test_examples_are_shown() -> None:
    """Both examples stand on the page as they are tested."""
    page = PAGE.read_text(encoding="utf-8")
    assert MINIMAL in page
    assert EXAMPLE.read_text(encoding="utf-8") in page
