"""An installation with people and a mailing, for the commands about mailings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from click.testing import Result

from tests.cli.installation import run

HTML = '<p>Dear {{ name }} in {{ city }}, <a href="https://example.com/">look</a>.</p>'
NO_CHECKS = '{"only": []}'
"""A typology: what stands in the way of mail from a test is no matter here."""


def people(path: Path, addresses: Sequence[str]) -> None:
    """Take them in, into the selection All. Their name is the local part; every second has no city."""
    rows = [f"{one},{one.partition('@')[0]},{'Gouda' if n % 2 else ''}" for n, one in enumerate(addresses)]
    file = path.parent / "people.csv"
    file.write_text("\n".join(["email,name,city", *rows]) + "\n")
    result = run(path, "contact", "import", str(file), "--new", "--selection", "All", "--keep-invalid")
    assert result.exit_code in (0, 1), result.output


def created(path: Path, *words: str) -> int:
    """The number of a mailing to all of them."""
    (path.parent / "mail.html").write_text(HTML)
    (path.parent / "checks.json").write_text(NO_CHECKS)
    files = ("--html", str(path.parent / "mail.html"), "--typology", str(path.parent / "checks.json"))
    sender = ("--from", "News <news@sender.example>", "--subject", "For {{ name }}")
    return int(done(run(path, "mailing", "create", "Autumn", *sender, *files, "--selection", "All", *words)))


def done(result: Result) -> str:
    """What a command that went right has printed."""
    assert result.exit_code == 0, result.output
    return result.stdout


def shown(path: Path, *words: str) -> Any:
    """What it prints with --json."""
    return json.loads(done(run(path, "mailing", *words, "--json")))
