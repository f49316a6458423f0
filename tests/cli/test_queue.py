"""`postduif queue`: listings and changes, with a daemon and without one."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from postduif.mta.control import ask
from postduif.sink import Sink
from tests.cli.installation import asked, asked_json, cells, installed, run, soon, tried, written
from tests.stories.daemon import text


def test_what_waits(tmp_path: Path) -> None:
    """summary, list and show agree on what waits; show keeps what has left, and a mail cannot paint the terminal."""

    async def story() -> None:
        async with Sink() as sink, installed(tmp_path, sink.port) as daemon:
            content = b"Message-ID: <1@sender.example>\r\nX-Odd: \x1b[31mred\ttab\r\n" + text()
            number = await daemon.submit(["tempfail@x.example", "b@x.example"], content=content)
            await daemon.journal(number, 2)
            await tried(daemon, 1)
            (queue,) = (await asked_json(daemon, "queue", "summary"))["queues"]
            assert (queue["stream"], queue["domain"], queue["total"], queue["held"]) == ("default", "x.example", 1, 0)
            (row,) = await asked_json(daemon, "queue", "list", "--domain", "x.example")
            assert (row["message"], row["recipient"], row["attempts"]) == (number, "tempfail@x.example", 1)
            assert row["last_reply"] == "450 4.2.1 mailbox busy, try again"
            assert row["under_way"] is False
            assert soon(row["due"], 70)
            ((first, recipient, sender, stream, _, tries, _, said),) = cells(await asked(daemon, "queue", "list"))
            assert (first, recipient, sender) == (str(number), "tempfail@x.example", "app@sender.example")
            assert (stream, tries, said) == ("default", "1", "450 4.2.1 mailbox busy, try again")
            out = (await asked(daemon, "queue", "show", str(number))).stdout
            assert "message_id:  <1@sender.example>\n" in out
            assert "recipient:   tempfail@x.example, 1 try, next in " in out
            assert "\tb@x.example\tdelivered\tlocalhost[127.0.0.1]" in out
            assert "X-Odd: ?[31mred tab\n" in out
            shown = await asked_json(daemon, "queue", "show", str(number))
            assert {line["kind"] for line in shown["journal"]} == {"delivered", "deferred"}
            assert cells(await asked(daemon, "queue", "list", "--said", "greylist")) == []

    asyncio.run(story())


def test_changes(tmp_path: Path) -> None:
    """hold stops what comes later, release lets it go, retry makes due, delete withdraws and the journal says so."""

    async def story() -> None:
        async with Sink() as sink, installed(tmp_path, sink.port) as daemon:
            held = await asked(daemon, "queue", "hold", "--domain", "x.example", "--reason", "wait", "--for", "2h")
            assert held.stdout == "0 recipients held\n"
            number = await daemon.submit(["a@x.example"])
            (row,) = await asked_json(daemon, "queue", "list")
            assert row["held_because"] == "wait"
            assert "next held by " in (await asked(daemon, "queue", "show", str(number))).stdout
            condition = {"domain": "x.example", "held": True}
            counted = await asyncio.to_thread(ask, tmp_path / "run", "queue.count", condition=condition)
            assert counted == {"recipients": 1}
            summary = await asked_json(daemon, "queue", "summary")
            assert soon(summary["holds"][0]["until"], 7200)
            assert "x.example (queues), wait" in (await asked(daemon, "queue", "summary")).stdout
            assert sink.figures.messages == 0
            released = await asked(daemon, "queue", "release", "--domain", "x.example")
            assert released.stdout == "1 recipient released\n"
            await sink.wait_for(1)
            number = await daemon.submit(["tempfail@x.example"])
            await tried(daemon, 1)
            assert (await asked_json(daemon, "queue", "retry", "--id", str(number))) == {"recipients": 1}
            await daemon.journal(number, 2)
            await tried(daemon, 1)
            gone = await asked(daemon, "queue", "delete", "--id", str(number), "--reason", "mistake")
            assert gone.stdout == "1 recipient withdrawn\n"
            lines = await daemon.journal(number, 3)
            assert (lines[-1].kind, lines[-1].text) == ("withdrawn", "mistake")
            out = await asked(daemon, "queue", "show", str(number))
            assert out.exit_code == 0
            assert out.stdout.startswith(f"message {number} is not in the queue any more\n")

    asyncio.run(story())


def test_without_a_daemon(tmp_path: Path) -> None:
    """The queue file is read and changed, and the change is there the next time."""

    async def story() -> Path:
        async with Sink() as sink, installed(tmp_path, sink.port) as daemon:
            await daemon.submit(["tempfail@x.example", "tempfail@y.example"])
            await tried(daemon, 2)
            return daemon.path

    path = asyncio.run(story())
    assert run(path, "queue", "hold", "--domain", "x.example", "--reason", "no").stdout == "1 recipient held\n"
    held = [row[6].startswith("held by ") for row in cells(run(path, "queue", "list"))]
    assert held == [True, False]
    assert run(path, "queue", "delete", "--all").stdout == "2 recipients withdrawn\n"
    assert run(path, "queue", "list").stdout == ""


def test_an_empty_queue(tmp_path: Path) -> None:
    """Nothing is not an error: listings are empty, JSON too."""
    path = written(tmp_path)
    for words in ("summary", "list"):
        result = run(path, "queue", words)
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    assert json.loads(run(path, "queue", "summary", "--json").stdout) == {"queues": [], "holds": []}
    assert json.loads(run(path, "queue", "list", "--json").stdout) == []
    assert run(path, "queue", "retry", "--all").stdout == "0 recipients due now\n"


def test_an_id_that_names_nothing(tmp_path: Path) -> None:
    """What was mistyped is named, with status 1, beside what was done for the others."""

    async def story() -> tuple[Path, int]:
        async with Sink() as sink, installed(tmp_path, sink.port) as daemon:
            number = await daemon.submit(["tempfail@x.example"])
            await tried(daemon, 1)
            return daemon.path, number

    path, number = asyncio.run(story())
    for words, done in (("hold", "held"), ("release", "released"), ("retry", "due now")):
        reason = ["--reason", "no"] if words == "hold" else []
        result = run(path, "queue", words, "--id", str(number), "--id", "999", *reason)
        assert (result.exit_code, result.stdout) == (1, f"1 recipient {done}\n")
        assert result.stderr == "postduif: not in the queue: 999; `postduif why ID` says what became of it\n"
    assert run(path, "queue", "delete", "--id", str(number)).exit_code == 0


def test_an_unknown_message(tmp_path: Path) -> None:
    """A message that nobody knows is one line and status 1."""
    result = run(written(tmp_path), "queue", "show", "7")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "postduif: nothing is known of message 7\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["hold", "--all"], "Missing option '--reason'"),
        (["hold", "--reason", "x"], "say which: --id,"),
        (["delete"], "say which: --id,"),
        (["retry", "--older-than", "soon"], 'is not a time; write it as "30s"'),
        (["show", "seven"], "not a valid integer"),
        (["list", "--domian", "x.example"], "No such option"),
    ],
)
def test_wrong_usage(tmp_path: Path, words: list[str], complaint: str) -> None:
    """What is not understood changes nothing and is status 2."""
    result = run(written(tmp_path), "queue", *words)
    assert result.exit_code == 2
    assert complaint in result.stderr


@pytest.mark.parametrize("words", [["summary"], ["list"], ["show", "1"], ["retry", "--all"]])
def test_no_configuration(tmp_path: Path, words: list[str]) -> None:
    """A wrong configuration is one line with the remedy, and status 1."""
    result = run(tmp_path / "none.toml", "queue", *words)
    assert result.exit_code == 1
    assert result.stderr == f"postduif: {tmp_path}/none.toml: no such file; create it, or name another with --config\n"
