"""The rules of the tree, as functions from a file to what in it breaks them. Only `ast`: imports nothing.

`test_architecture` holds the project to them and shows, on made-up trees, that each one can fail.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path

PACKAGE = "postduif"
_CODE = (PACKAGE, "tests", "bench")
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

_BELOW_MTA = ("nouns", "config", "queue", "bounce", "sink")
MAY_IMPORT = {
    "nouns": {"nouns"},
    "config": {"nouns", "config"},
    "queue": {"nouns", "config", "queue"},
    "bounce": {"nouns", "config", "bounce"},
    "sink": {"nouns", "config", "sink"},
    "mta": {*_BELOW_MTA, "mta"},
    "campaign": {*_BELOW_MTA, "mta", "campaign"},
    "demo": {*_BELOW_MTA, "mta", "campaign", "demo", "top"},
    "cli": {*_BELOW_MTA, "mta", "campaign", "demo", "cli", "top"},
    "top": {*_BELOW_MTA, "mta", "campaign", "cli", "top"},
}
TOP_MODULES = {"app", "__main__"}
BANNED_NAMES = {"manager", "handler", "helper", "util", "base", "common", "data", "info", "process"}
_PLURALS = {f"{name}s" for name in BANNED_NAMES} | {"processes"}

# Places and papers that a reader of the project does not have.
FOREIGN = re.compile(
    r"issue #\d|/work[/]|\.\./shared[/]|\b(in|by) (this|an earlier) session\b|\bCONTRACT\.md\b", re.IGNORECASE
)
TEXT_SUFFIXES = {".py", ".md", ".toml", ".txt", ".sql", ".service", ".socket", ".conf", ".smtp", ".sh", ".cfg"}
TEXT_NAMES = {"Makefile", "run", "LICENSE"}
_SKIPPED = {".git", ".venv", "build", "__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


class File:
    """One of the project's: its path from the root, and its text."""

    def __init__(self, path: str, text: str) -> None:
        self.path, self.text = path, text

    def below(self, *tops: str) -> bool:
        """It is Python, in one of these directories of the root."""
        return self.path.endswith(".py") and self.path.partition("/")[0] in tops

    @cached_property
    def tree(self) -> ast.Module:
        """What it says, as Python."""
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """All of the tree."""
        return list(ast.walk(self.tree))

    @property
    def functions(self) -> Iterator[Function]:
        """Every function, methods and inner ones too."""
        return (node for node in self.nodes if isinstance(node, Function))


Rule = Callable[[File], Iterator[str]]
"""What is wrong with a file."""


def broken(root: Path, *rules: Rule) -> list[str]:
    """What is wrong with the project by these rules. Each file is read, and taken apart, once for all of them."""
    return [problem for file in files(root) for rule in rules for problem in rule(file)]


def files(root: Path) -> Iterator[File]:
    """Every file of the project with text, without what tools leave behind."""
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        left = any(part in _SKIPPED or part.endswith(".egg-info") for part in name.parts)
        if not left and (path.suffix in TEXT_SUFFIXES or path.name in TEXT_NAMES) and path.is_file():
            yield File(name.as_posix(), path.read_text(encoding="utf-8", errors="replace"))


def part_of(module: str) -> str:
    """The part that a dotted module of the package belongs to."""
    names = module.split(".")
    if len(names) == 1:
        return "nouns"
    if names[1] in TOP_MODULES:
        return "top"
    return names[1] if names[1] in MAY_IMPORT else "nouns"


def imported(file: File) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import of ours, wherever in the file it stands."""
    for node in file.nodes:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name) for name in names if name.split(".")[0] == PACKAGE)


def import_order(file: File) -> Iterator[str]:
    """Imports go one way: nouns <- config <- queue | bounce | sink <- mta <- campaign <- cli, demo and app."""
    if not file.below(PACKAGE):
        return
    part = part_of(file.path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    folder = file.path.split("/")[1]
    if part == "nouns" and not folder.endswith(".py"):
        yield f"{file.path}: the part {folder} has no place in the order of imports"
    for line, name in imported(file):
        if part_of(name) not in MAY_IMPORT[part]:
            yield f"{file.path}:{line}: {part} may not import {name}"


def relative_imports(file: File) -> Iterator[str]:
    """Imports are absolute, so that the rule above sees them all."""
    if file.below(*_CODE):
        for node in file.nodes:
            if isinstance(node, ast.ImportFrom) and node.level:
                yield f"{file.path}:{node.lineno}: relative import"


def imports_inside_functions(file: File) -> Iterator[str]:
    """No import stands inside a function, but in the command line, which starts lazily."""
    if file.below(PACKAGE) and not file.path.startswith(f"{PACKAGE}/cli/"):
        for function in file.functions:
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    yield f"{file.path}:{node.lineno}: import inside {function.name}"


def file_size(file: File) -> Iterator[str]:
    """A file is readable in one sitting."""
    if file.below(*_CODE) and (lines := len(file.text.splitlines())) > MAX_FILE_LINES:
        yield f"{file.path}: {lines} lines, {MAX_FILE_LINES} at most; find the second idea"


def function_size(file: File) -> Iterator[str]:
    """A function is readable at a glance."""
    if file.below(*_CODE):
        for function in file.functions:
            lines = (function.end_lineno or function.lineno) - function.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                where = f"{file.path}:{function.lineno}"
                yield f"{where}: {function.name} has {lines} lines, {MAX_FUNCTION_LINES} at most"


def module_docstrings(file: File) -> Iterator[str]:
    """Every module says what it is for."""
    if file.below(*_CODE) and not ast.get_docstring(file.tree):
        yield f"{file.path}: no module docstring"


def _must_say(path: str, name: str) -> bool:
    return name.startswith("test_") if path.startswith("tests/") else not name.startswith("_")


def public_docstrings(file: File) -> Iterator[str]:
    """Every public class and function says what it promises; every test says what is true."""
    if file.below(*_CODE):
        for node in file.tree.body:
            public = isinstance(node, ast.ClassDef | Function) and _must_say(file.path, node.name)
            if public and not ast.get_docstring(node):
                yield f"{file.path}:{node.lineno}: {node.name} has no docstring"


def module_names(file: File) -> Iterator[str]:
    """A name that means nothing means that the name is not found yet."""
    if file.below(*_CODE):
        for word in Path(file.path).stem.split("_"):
            if word in BANNED_NAMES | _PLURALS:
                yield f"{file.path}: {word!r} is not a name"


def speaks_of_itself(file: File) -> Iterator[str]:
    """The project needs nothing but itself to be understood: no ticket numbers, no paths of one machine."""
    for number, line in enumerate(file.text.splitlines(), 1):
        if found := FOREIGN.search(line):
            yield f"{file.path}:{number}: speaks of {found.group()!r}"


RULES = (
    import_order,
    relative_imports,
    imports_inside_functions,
    file_size,
    function_size,
    module_docstrings,
    public_docstrings,
    module_names,
    speaks_of_itself,
)
