"""`postduif bounce parse` says what mails that came back are."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from postduif.cli import main

LETTERS = Path(__file__).parents[1] / "bounce" / "letters"


def run(*words: str | Path, given: bytes = b"") -> Result:
    """What the command prints and returns."""
    return CliRunner().invoke(main, ["bounce", "parse", *map(str, words)], input=given)


def test_rows() -> None:
    """A row for each recipient, with what it means and the rule that says so; one for a mail about nobody."""
    result = run(LETTERS / "exchange.eml", LETTERS / "exim-delayed.eml", "-", given=b"Subject: hi\n\nHello\n")
    assert result.exit_code == 0, result.output
    rows = [line.split("\t") for line in result.stdout.splitlines()]
    assert [row[1:7] for row in rows] == [
        ["bounce", "anna@gone.example", "5.1.10", "recipient_unknown", "hard", "microsoft-recipient-not-found"],
        ["delay", "anna@slow.example", "4.0.0", "expired", "soft", "timed-out"],
        ["nothing", "-", "-", "-", "-", "-"],
    ]
    assert rows[0][0].endswith("exchange.eml")
    assert rows[0][7].startswith("550 5.1.10 The e-mail address wasn't found.")


def test_json_of_an_mbox(tmp_path: Path) -> None:
    """Each mail of an mbox is told apart; a complaint and an absence note have categories of their own."""
    away = b"From: bob@example.net\nSubject: Away\nAuto-Submitted: auto-replied\n\nI am away.\n\n"
    line = b"From x Sat Nov 21 18:00:00 2026\n"
    box = tmp_path / "box"
    box.write_bytes(line + (LETTERS / "au.eml").read_bytes() + b"\n" + line + away)
    bounce, answer = json.loads(run("--json", box).stdout)
    assert (bounce["mail"], answer["mail"]) == (f"{box}:1", f"{box}:2")
    assert (bounce["kind"], answer["kind"]) == ("bounce", "auto_reply")
    assert bounce["recipients"] == [
        {
            "recipient": "anna..b.@carrier.example",
            "original": "",
            "action": "failed",
            "status": "5.0.0",
            "code": 550,
            "text": "<<< 550 <anna..b.@carrier.example>: User unknown",
            "remote_mta": "",
            "reader": "au",
            "category": "recipient_unknown",
            "severity": "hard",
            "rule": "unknown-user",
        }
    ]
    (said,) = answer["recipients"]
    assert (said["category"], said["severity"]) == ("auto_reply", "none")
    assert json.loads(run("--json", tmp_path / "nothing").stdout) == []


def test_what_cannot_be_read(tmp_path: Path) -> None:
    """What cannot be read is named, and the rest is read all the same."""
    result = run(tmp_path / "nothing", tmp_path, LETTERS / "au.eml")
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 1
    assert "nothing cannot be read: No such file or directory" in result.stderr
    assert "is a directory, and no Maildir; name the files in it" in result.stderr
    assert run().exit_code == 2


def test_nothing_reaches_the_terminal(tmp_path: Path) -> None:
    """What a stranger wrote cannot move the cursor."""
    (tmp_path / "m").write_bytes((LETTERS / "au.eml").read_bytes().replace(b"User unknown", b"User \x1b[2Junknown"))
    assert "\x1b" not in run(tmp_path / "m").stdout
