"""The tree keeps its rules, and each rule can fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import architecture

ROOT = Path(__file__).resolve().parents[1]

DOC = '"""What it is for."""\n'
BAD = [
    (architecture.import_order, "postduif/queue/store.py", DOC + "from postduif.bounce import report\n"),
    (architecture.import_order, "postduif/bounce/report.py", DOC + "import postduif.queue.store\n"),
    (architecture.import_order, "postduif/sink/rules.py", DOC + "from postduif.mta import dkim\n"),
    (architecture.import_order, "postduif/address.py", DOC + "from postduif.config.schema import Config\n"),
    (architecture.import_order, "postduif/config/loading.py", DOC + "from postduif import queue\n"),
    (architecture.import_order, "postduif/mta/server.py", DOC + "from postduif.campaign.content import render\n"),
    (architecture.import_order, "postduif/campaign/content.py", DOC + "import postduif.app\n"),
    (architecture.import_order, "postduif/queue/__init__.py", DOC + "from postduif.mta.metrics import Gauge\n"),
    (architecture.import_order, "postduif/mta/client.py", DOC + "def f():\n    from postduif.cli import main\n"),
    (architecture.import_order, "postduif/plugins/greylist.py", DOC),
    (architecture.relative_imports, "postduif/mta/server.py", DOC + "from . import client\n"),
    (architecture.imports_inside_functions, "postduif/mta/server.py", DOC + "def f():\n    import os\n"),
    (architecture.file_size, "tests/test_long.py", DOC + "x = 1\n" * 400),
    (architecture.function_size, "bench/run.py", DOC + "class A:\n    def f(self):\n" + "        x = 1\n" * 60),
    (architecture.module_docstrings, "tests/test_silent.py", "x = 1\n"),
    (architecture.public_docstrings, "postduif/reply.py", DOC + "class Reply:\n    code = 250\n"),
    (architecture.public_docstrings, "postduif/mta/limits.py", DOC + "async def permit():\n    return 1\n"),
    (architecture.public_docstrings, "tests/test_a.py", DOC + "def test_it():\n    assert True\n"),
    (architecture.module_names, "postduif/mta/connection_manager.py", DOC),
    (architecture.module_names, "postduif/utils.py", DOC),
    (architecture.speaks_of_itself, "docs/queue.md", "As asked in issue " + "#7.\n"),
    (architecture.speaks_of_itself, "Makefile", "test:\n\tcd /wo" + "rk/main\n"),
    (architecture.speaks_of_itself, "postduif/reply.py", "# see ../sha" + "red/notes.md\n"),
]

GOOD = {
    "postduif/__init__.py": DOC,
    "postduif/__main__.py": DOC + "from postduif.cli import main\n",
    "postduif/app.py": DOC + "from postduif.mta.server import Server\nfrom postduif.campaign import content\n",
    "postduif/reply.py": DOC + "import postduif.address\n",
    "postduif/config/schema.py": DOC + "from postduif.reply import Reply\n",
    "postduif/queue/store.py": DOC + "from postduif.config.schema import Queue\nfrom postduif.queue import journal\n",
    "postduif/mta/server.py": DOC + "from postduif.queue.store import Store\nfrom postduif.bounce import report\n",
    "postduif/cli/serve.py": DOC + "def _f():\n    from postduif.app import App\n",
    "docs/queue.md": "An SMTP session; the issue is open; this issue, that session; homework/main.\n",
}


def plant(root: Path, tree: dict[str, str]) -> Path:
    """Writes the files of a made-up tree below the root."""
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_project_keeps_its_rules() -> None:
    """All of them, in every file."""
    assert architecture.broken(ROOT, *architecture.RULES) == []


@pytest.mark.parametrize(("rule", "name", "text"), BAD, ids=[f"{rule.__name__}-{name}" for rule, name, _ in BAD])
def test_rule_can_fail(rule: architecture.Rule, name: str, text: str, tmp_path: Path) -> None:
    """A tree that breaks the rule in one file is found out, once, by the name of that file."""
    (problem,) = architecture.broken(plant(tmp_path, GOOD | {name: text}), rule)
    assert problem.startswith(name)


@pytest.mark.parametrize("rule", architecture.RULES, ids=lambda rule: rule.__name__)
def test_good_tree_passes(rule: architecture.Rule, tmp_path: Path) -> None:
    """A tree that keeps every rule is left in peace."""
    assert architecture.broken(plant(tmp_path, GOOD), rule) == []


def test_every_rule_is_shown_to_fail() -> None:
    """No rule is without a tree that breaks it."""
    assert {rule for rule, _, _ in BAD} == set(architecture.RULES)
