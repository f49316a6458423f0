"""`postduif suppress`: the list without a daemon, and over the control socket."""

from __future__ import annotations

import asyncio
import csv
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from click.testing import CliRunner

from postduif.bounce.suppression import Change
from postduif.cli import main
from postduif.mta.control import Control
from postduif.mta.suppression_operations import SuppressionOperations
from postduif.queue.inspect import looking
from tests.bounce.lists import DEFAULTS, NOW, SECRET, What, a_list, event, happen, standings
from tests.cli.installation import cells, run, written

T = TypeVar("T")


def entries(path: Path, *words: str) -> list[dict[str, Any]]:
    """What `suppress list --json` prints."""
    result = run(path, "suppress", "list", *words, "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_add_and_remove(tmp_path: Path) -> None:
    """What is added is on the list with who, when and why; what is removed is not, and both are in the history."""
    path = written(tmp_path)
    result = run(path, "suppress", "add", "Bob@Example.com", "*@bad.example", "--reason", "he phoned")
    assert (result.exit_code, result.stdout) == (0, "2 addresses added\n")
    assert run(path, "suppress", "add", "bob@example.com", "--reason", "again").stdout == "0 addresses added\n"
    assert [(one["address"], one["standing"], one["cause"], one["reason"]) for one in entries(path)] == [
        ("*@bad.example", "suppressed", "manual", "he phoned"),
        ("bob@example.com", "suppressed", "manual", "he phoned"),
    ]
    ((address, state, cause, *_, why),) = cells(run(path, "suppress", "list", "--domain", "@example.com"))
    assert (address, state, cause, why) == ("bob@example.com", "suppressed", "manual", "he phoned")
    (eve,) = entries(path, "eve@bad.example")
    assert eve["refused_by"]["address"] == "*@bad.example"
    result = run(path, "suppress", "remove", "bob@example.com", "joe@example.com", "--reason", "he phoned again")
    assert (result.exit_code, result.stdout) == (1, "1 address released\n")
    assert "joe@example.com is not on the list; " in result.stderr
    (bob,) = entries(path, "bob@example.com")
    assert bob["entries"] == []
    assert [(one["event"], one["reason"]) for one in bob["history"]] == [
        ("release", "he phoned again"),
        ("entry", "he phoned"),
    ]
    shown = run(path, "suppress", "list", "bob@example.com", "--history").stdout
    assert shown.startswith("bob@example.com: not on the list\n")
    assert "\trelease\t\tsuppressed -> valid\tmanual\t" in shown


def test_the_history_of_a_pattern(tmp_path: Path) -> None:
    """What happened to a pattern is the history of each address that it means."""
    path = written(tmp_path)
    run(path, "suppress", "add", "*@bad.example", "--reason", "all of them")
    result = run(path, "suppress", "list", "eve@bad.example", "--history")
    assert "\t*@bad.example\tentry\t\tvalid -> suppressed\tmanual\t" in result.stdout
    (eve,) = entries(path, "eve@bad.example", "--history")
    assert [one["reason"] for one in eve["history"]] == ["all of them"]


def test_types(tmp_path: Path) -> None:
    """An unsubscribe from one type can be added and removed by itself."""
    path = written(tmp_path)
    for type_ in ("news", "*"):
        run(path, "suppress", "add", "bob@example.com", "--type", type_, "--reason", "asked")
    run(path, "suppress", "remove", "bob@example.com", "--type", "news", "--reason", "asked")
    assert [(one["type"], one["cause"]) for one in entries(path)] == [("*", "unsubscribe")]
    result = run(path, "suppress", "remove", "bob@example.com", "--type", "news", "--reason", "asked")
    assert result.exit_code == 1


def test_erase(tmp_path: Path) -> None:
    """Of an erased person only a hash is left, and he is refused and found all the same."""
    path = written(tmp_path)
    run(path, "suppress", "add", "bob@example.com", "--reason", "bob asked")
    result = run(path, "suppress", "add", "--erase", "bob@example.com", "--reason", "asked by letter")
    assert (result.exit_code, result.stdout) == (0, "1 address erased\n")
    (entry,) = entries(path)
    assert entry["address"].startswith("#")
    (bob,) = entries(path, "Bob@example.com")
    assert bob["refused_by"]["cause"] == "erased"
    key = tmp_path / "data" / "erased.key"
    assert key.stat().st_mode & 0o777 == 0o600
    key.rename(tmp_path / "old.key")
    result = run(path, "suppress", "list")
    assert result.exit_code == 1
    assert "is not the key that 1 erased people were hashed with; put the old one back" in result.stderr
    key.unlink()
    (tmp_path / "old.key").rename(key)
    assert run(path, "suppress", "list").exit_code == 0


def test_erase_with_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    """Without a daemon, too, what cannot be done now is left for the next one, and said."""
    path = written(tmp_path)
    damaged = tmp_path / "data" / "mailings" / "7" / "queue.sqlite"
    (tmp_path / "data").mkdir(mode=0o700)
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"no database" * 1000)
    result = run(path, "suppress", "add", "--erase", "bob@example.com", "--reason", "asked")
    assert (result.exit_code, result.stdout) == (0, "1 address erased\n")
    assert "they are still in results of mailings" in result.stderr
    with looking(tmp_path / "data") as connection:
        assert connection.execute("SELECT address FROM erasure").fetchall() == [("bob@example.com",)]


def test_import_and_export(tmp_path: Path) -> None:
    """What one installation exports another imports; a formula leaves and comes back harmless; bad lines are named."""
    path = written(tmp_path)
    source = tmp_path / "old list.csv"
    source.write_text(
        "address,cause,at,source,reason,type,evidence\n"
        "'=cmd@example.com,complaint,2026-01-02T03:04:05Z,arf,\"'=HYPERLINK(1)\",\n"
        "gone@example.com,hard_bounce,,dsn,,,550 5.1.1 no such user\n"
        "nobody,,,,,\n"
        "eve@example.com,unsubscribe,,page,,news\n"
        "joe@example.com,bounced,,,,\n"
        "*@bad.example,,,,,\n"
    )
    result = run(path, "suppress", "import", str(source))
    assert (result.exit_code, result.stdout) == (1, "6 lines read, 4 changes\n")
    assert "postduif: old list.csv, line 4: 'nobody': no domain\n" in result.stderr
    assert "line 6: 'joe@example.com': 'bounced' is no cause" in result.stderr
    first = {one["address"]: one for one in entries(path)}
    assert first["=cmd@example.com"]["since"] == "2026-01-02T03:04:05.000Z"
    assert first["*@bad.example"]["reason"] == "imported from old list.csv"
    target = tmp_path / "export.csv"
    assert run(path, "suppress", "export", str(target)).exit_code == 0
    assert target.stat().st_mode & 0o777 == 0o600
    with target.open(newline="") as file:
        table = list(csv.reader(file))
    assert table[0] == ["address", "cause", "at", "source", "reason", "type", "evidence"]
    assert not [cell for row in table[1:] for cell in row if cell[:1] in ("=", "+", "-", "@")]
    (tmp_path / "two").mkdir(mode=0o700)
    other = written(tmp_path / "two")
    assert run(other, "suppress", "import", str(target)).stdout == "4 lines read, 4 changes\n"
    again = run(other, "suppress", "import", str(target), "--json")
    assert json.loads(again.stdout) == {"lines": 4, "changed": 0, "problems": [], "stopped": ""}
    assert [one["address"] for one in entries(other)] == sorted(first)
    assert run(other, "suppress", "export").stdout_bytes == target.read_bytes()
    exported = json.loads(run(other, "suppress", "export", "--json").stdout)
    assert [one["address"] for one in exported] == sorted(first)
    (gone,) = (one for one in exported if one["address"] == "gone@example.com")
    assert (gone["evidence"], gone["reason"]) == ("550 5.1.1 no such user", "")


def test_import_from_standard_input(tmp_path: Path) -> None:
    """A plain list of addresses is enough, and many are taken in."""
    path = written(tmp_path)
    text = "".join(f"user{number}@example.com\n" for number in range(1200))
    result = CliRunner().invoke(
        main,
        ["suppress", "import", "-", "--cause", "hard_bounce", "--reason", "moved"],
        input=text,
        env={"POSTDUIF_CONFIG": str(path)},
    )
    assert (result.exit_code, result.stdout) == (0, "1,200 lines read, 1,200 changes\n")
    assert len(entries(path, "--limit", "1100")) == 1100
    assert {one["standing"] for one in entries(path, "--limit", "5000")} == {"quarantined"}
    assert len(json.loads(run(path, "suppress", "export", "--json").stdout)) == 1200


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["add", "bob@example.com"], 2, "--reason"),
        (["add", "bob@example.com", "--reason", " "], 1, "bob@example.com: no reason; say why"),
        (["add", "*@*", "--reason", "x"], 1, "'*@*' is everybody"),
        (["add", "--erase", "*@bad.example", "--reason", "x"], 1, "a pattern is nobody who could be erased"),
        (["add", "--erase", "--type", "news", "bob@example.com", "--reason", "x"], 2, "leave out --type"),
        (["remove", "bob@example.com", "--reason", " "], 1, "say why: --reason TEXT"),
        (["list", "--history"], 2, "--history is about an ADDRESS"),
        (["list", "bob"], 1, "no domain"),
        (["import", "/nowhere.csv"], 2, "No such file"),
        (["export", "/nowhere/list.csv"], 1, "/nowhere/list.csv cannot be written: No such file"),
    ],
)
def test_wrong(tmp_path: Path, words: list[str], code: int, said: str) -> None:
    """What is wrong is one line that names the remedy, and the exit status of its kind."""
    result = run(written(tmp_path), "suppress", *words)
    assert result.exit_code == code
    assert said in result.stderr


class InMemory:
    """The list of a daemon that runs in this test."""

    def __init__(self) -> None:
        self.connection = a_list()
        self.changes: list[Change] = []

    async def look(self, function: Callable[..., T], *arguments: Any) -> T:
        """As on the reader's connection."""
        return function(self.connection, *arguments)

    async def change(self, function: Callable[..., list[Change]], *arguments: Any) -> list[Change]:
        """As in the writer's transaction."""
        changes = function(self.connection, *arguments)
        self.changes += changes
        return changes


def test_asks_the_daemon(tmp_path: Path) -> None:
    """While a daemon runs it is asked, and what changes goes through it."""
    path = written(tmp_path)

    async def story() -> None:
        book = InMemory()
        happen(book.connection, event("bob@example.com", What.HARD, evidence="550 5.1.1 unknown"))
        operations = SuppressionOperations(book, lambda: DEFAULTS, SECRET, lambda: NOW)
        control = Control(tmp_path / "run", operations.actions)
        await control.start()
        try:

            async def asked(*words: str) -> Any:
                return await asyncio.to_thread(run, path, "suppress", *words)

            assert "550 5.1.1 unknown" in (await asked("list")).stdout
            assert (await asked("remove", "bob@example.com", "--reason", "mended")).exit_code == 0
            assert (await asked("add", "--erase", "eve@example.com", "--reason", "asked")).exit_code == 0
            assert (await asked("add", "joe", "--reason", "x")).exit_code == 1
            became = [one.after.standing.value for one in book.changes]
            assert (became[0], became[-1]) == ("valid", "suppressed")
            assert len(standings(book.connection)) == 1
        finally:
            await control.close()

    asyncio.run(story())
    assert not (tmp_path / "data").exists()


def test_pattern_limits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There is room for so many patterns and no more; those that are looked up do not count as those that are tried."""
    monkeypatch.setattr("postduif.mta.suppression_operations.MAX_FREE", 1)
    monkeypatch.setattr("postduif.mta.suppression_operations.MAX_PATTERNS", 3)
    path = written(tmp_path)
    for pattern, code in (("a*@x.example", 0), ("*@x.example", 0), ("b*@x.example", 1), ("c@*", 0), ("d@*", 1)):
        assert run(path, "suppress", "add", pattern, "--reason", "x").exit_code == code, pattern


def test_bad_file_stays(tmp_path: Path) -> None:
    """A queue file of an older version gets the tables; nothing else in it changes."""
    path = written(tmp_path)
    run(path, "queue", "summary")
    file = tmp_path / "data" / "queue.sqlite"
    connection = sqlite3.connect(file)
    connection.execute("DROP TABLE IF EXISTS suppression")
    connection.execute("DROP TABLE IF EXISTS suppression_history")
    connection.commit()
    connection.close()
    assert run(path, "suppress", "add", "bob@example.com", "--reason", "x").exit_code == 0
    assert run(path, "queue", "summary").exit_code == 0
