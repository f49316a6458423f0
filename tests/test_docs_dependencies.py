"""docs/dependencies.md has a line for every dependency, and none for what is gone."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CELLS = 5
EXTRAS = {"For development": "dev", "For fuzzing": "fuzz"}
SECTIONS = ["At run time", *EXTRAS]


def rows(section: str) -> dict[str, list[str]]:
    """Package name and the cells of its row, of one section of the page."""
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    text = page.split(f"## {section}\n")[1].split("\n## ")[0]
    table = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:3] == "| `"]
    return {cells[0].strip("`"): cells for cells in table}


def required(requirements: list[str]) -> dict[str, str]:
    """Package name and allowed range of each requirement."""
    return {re.split(r"[\[<>=!~; ]", requirement)[0]: requirement for requirement in requirements}


def wanted(section: str) -> dict[str, str]:
    """What pyproject.toml asks for under that heading."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    if section == "At run time":
        return required(project["dependencies"])
    return required(project["optional-dependencies"][EXTRAS[section]])


@pytest.mark.parametrize("section", SECTIONS)
def test_every_dependency_has_its_line(section: str) -> None:
    """Each package that pyproject.toml names is in the table, and the table names no other."""
    assert set(rows(section)) == set(wanted(section))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_line_is_complete(section: str) -> None:
    """Each line says what the package does, what it replaces, who keeps it and which version is tested."""
    assert {name for name, cells in rows(section).items() if len(cells) != CELLS or not all(cells)} == set()


@pytest.mark.parametrize("section", SECTIONS)
def test_tested_versions_are_the_constraints(section: str) -> None:
    """The version called tested is the one in constraints.txt."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = {name.lower().replace("_", "-"): version for name, _, version in (line.partition("==") for line in lines)}
    tested = {name: cells[4].partition(",")[0] for name, cells in rows(section).items()}
    assert tested == {name: pinned[name] for name in tested}
