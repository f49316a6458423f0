"""The manual names only what is there: files, tests, pages, commands, settings."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from postduif.cli import COMMANDS
from postduif.config.describe import headings

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FILE = re.compile(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|smtp|sql|md|service|socket))`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
COMMAND = re.compile(r"(?:`|^ {4}|^ {6,}\$ )postduif ([a-z]+)\b", re.MULTILINE)
SETTING = re.compile(r"`(server|auth|queue|dns|delivery|dsn|bounce|campaign|metrics)\.(?!py\b|sqlite\b)([a-z_]+)`")
METHOD = re.compile(r"`([A-Z]\w+)\.(_?[a-z]\w*)`")
TEST = re.compile(r"`(test_\w+)`")
AUDIENCE = ("postduif/campaign/audience", "postduif/campaign/audience/condition")
PLACES = (
    "",
    "postduif",
    "tests",
    "docs",
    "systemd",
    "postduif/mta",
    "postduif/queue",
    "postduif/bounce",
    *AUDIENCE,
    "postduif/campaign/checks",
)
"""Where a path in the manual may begin: most pages leave out what every path would begin with."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_files_are_there(page: Path) -> None:
    """Every file and link that a page names exists."""
    text = page.read_text(encoding="utf-8")
    named = {name for name in FILE.findall(text) if not any((ROOT / place / name).exists() for place in PLACES)}
    linked = {name for name in LINK.findall(text) if not (page.parent / name).exists()}
    assert named | linked == set()


def names_below(directory: str) -> set[str]:
    """Names of the test functions of a directory."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "tests" / directory).rglob("test_*.py"))
    return {name for text in texts for name in re.findall(r"^(?:async )?def (test_\w+)", text, re.MULTILINE)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_tests_are_there(page: Path) -> None:
    """Every test that a page names exists."""
    assert set(TEST.findall(page.read_text(encoding="utf-8"))) <= names_below("")


@pytest.mark.parametrize(("page", "directory"), [("standards.md", "rfc"), ("security.md", "attacks")])
def test_tests_are_on_their_page(page: str, directory: str) -> None:
    """The page of the standards names every test of them, the page of the attacks every file of tests."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    named = set(TEST.findall(text)) | {name.rpartition("/")[2] for name in FILE.findall(text)}
    wanted = {path.name for path in (ROOT / "tests" / directory).glob("test_*.py")}
    assert (names_below(directory) if directory == "rfc" else wanted) <= named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_are_there(page: Path) -> None:
    """Every command that a page names exists."""
    assert set(COMMAND.findall(page.read_text(encoding="utf-8"))) <= COMMANDS.keys()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_settings_are_there(page: Path) -> None:
    """Every setting that a page names with its section exists."""
    known = {(section, setting) for section, heading in headings().items() for setting in heading.settings}
    assert set(SETTING.findall(page.read_text(encoding="utf-8"))) <= known


def methods(classes: set[str]) -> set[tuple[str, str]]:
    """Class and method of each class of the package that has one of these names."""
    texts = (path.read_text(encoding="utf-8") for path in (ROOT / "postduif").rglob("*.py"))
    found = re.compile(rf"^class ({'|'.join(sorted(classes))})\b", re.MULTILINE)
    trees = [ast.parse(text) for text in texts if found.search(text)]
    there = [node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef)]
    function = ast.FunctionDef | ast.AsyncFunctionDef
    return {(one.name, node.name) for one in there for node in one.body if isinstance(node, function)}


def test_methods_are_there() -> None:
    """Every method on the page about the flow, written `Class.method`, exists."""
    named = set(METHOD.findall((ROOT / "docs" / "flow.md").read_text(encoding="utf-8")))
    assert len(named) > 20
    assert named <= methods({name for name, _ in named})
