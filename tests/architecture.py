"""The rules of the tree, as functions from a root directory to a list of what breaks them. Only `ast`: imports nothing.

`test_architecture` holds the project to them and shows, on made-up trees, that each one can fail.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = "postduif"
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


def files(root: Path) -> Iterator[Path]:
    """Every file of the project, without what tools leave behind."""
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if path.is_file() and not any(part in _SKIPPED or part.endswith(".egg-info") for part in parts):
            yield path


def sources(root: Path, *tops: str) -> Iterator[tuple[str, ast.Module, str]]:
    """Python files below the named top directories: path from the root, tree, text."""
    for path in files(root):
        name = path.relative_to(root)
        if path.suffix == ".py" and name.parts[0] in tops:
            text = path.read_text(encoding="utf-8")
            yield name.as_posix(), ast.parse(text), text


def part_of(module: str) -> str:
    """The part that a dotted module of the package belongs to."""
    names = module.split(".")
    if len(names) == 1:
        return "nouns"
    if names[1] in TOP_MODULES:
        return "top"
    return names[1] if names[1] in MAY_IMPORT else "nouns"


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every import of ours, wherever in the file it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name) for name in names if name.split(".")[0] == PACKAGE)


def functions(tree: ast.Module) -> Iterator[Function]:
    """Every function, methods and inner ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def import_order(root: Path) -> list[str]:
    """Imports go one way: nouns <- config <- queue | bounce | sink <- mta <- campaign <- cli, demo and app."""
    problems = []
    for path, tree, _ in sources(root, PACKAGE):
        part = part_of(path.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        folder = path.split("/")[1]
        if part == "nouns" and not folder.endswith(".py"):
            problems.append(f"{path}: the part {folder} has no place in the order of imports")
        for line, name in imported(tree):
            if part_of(name) not in MAY_IMPORT[part]:
                problems.append(f"{path}:{line}: {part} may not import {name}")
    return problems


def relative_imports(root: Path) -> list[str]:
    """Imports are absolute, so that the rule above sees them all."""
    return [
        f"{path}:{node.lineno}: relative import"
        for path, tree, _ in sources(root, PACKAGE, "tests", "bench")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]


def imports_inside_functions(root: Path) -> list[str]:
    """No import stands inside a function, but in the command line, which starts lazily."""
    return [
        f"{path}:{node.lineno}: import inside {function.name}"
        for path, tree, _ in sources(root, PACKAGE)
        if not path.startswith(f"{PACKAGE}/cli/")
        for function in functions(tree)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]


def file_size(root: Path) -> list[str]:
    """A file is readable in one sitting."""
    return [
        f"{path}: {lines} lines, {MAX_FILE_LINES} at most; find the second idea"
        for path, _, text in sources(root, PACKAGE, "tests", "bench")
        if (lines := len(text.splitlines())) > MAX_FILE_LINES
    ]


def function_size(root: Path) -> list[str]:
    """A function is readable at a glance."""
    return [
        f"{path}:{function.lineno}: {function.name} has {lines} lines, {MAX_FUNCTION_LINES} at most"
        for path, tree, _ in sources(root, PACKAGE, "tests", "bench")
        for function in functions(tree)
        if (lines := (function.end_lineno or function.lineno) - function.lineno + 1) > MAX_FUNCTION_LINES
    ]


def module_docstrings(root: Path) -> list[str]:
    """Every module says what it is for."""
    return [
        f"{path}: no module docstring"
        for path, tree, _ in sources(root, PACKAGE, "tests", "bench")
        if not ast.get_docstring(tree)
    ]


def _must_say(path: str, name: str) -> bool:
    return name.startswith("test_") if path.startswith("tests/") else not name.startswith("_")


def public_docstrings(root: Path) -> list[str]:
    """Every public class and function says what it promises; every test says what is true."""
    return [
        f"{path}:{node.lineno}: {node.name} has no docstring"
        for path, tree, _ in sources(root, PACKAGE, "tests", "bench")
        for node in tree.body
        if isinstance(node, ast.ClassDef | Function)
        if _must_say(path, node.name) and not ast.get_docstring(node)
    ]


def module_names(root: Path) -> list[str]:
    """A name that means nothing means that the name is not found yet."""
    return [
        f"{path}: {word!r} is not a name"
        for path, _, _ in sources(root, PACKAGE, "tests", "bench")
        for word in Path(path).stem.split("_")
        if word in BANNED_NAMES | _PLURALS
    ]


def speaks_of_itself(root: Path) -> list[str]:
    """The project needs nothing but itself to be understood: no ticket numbers, no paths of one machine."""
    problems = []
    for path in files(root):
        if path.suffix not in TEXT_SUFFIXES and path.name not in TEXT_NAMES:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if found := FOREIGN.search(line):
                problems.append(f"{path.relative_to(root)}:{number}: speaks of {found.group()!r}")
    return problems


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
