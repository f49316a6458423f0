"""`postduif mailing prepare`, `checks`, `exclusions`, `schedule`: before anything is sent, without a daemon."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.installation import cells, run, written
from tests.cli.mailings import created, done, people, shown
from tests.dns_server import DnsServer

ADDRESSES = ["ann@example.com", "bob@example.com", "no address", "eve@rival.example"]
PATIENCE = 60.0


def prepared(path: Path, *words: str) -> None:
    """A mailing to three, of whom one is excluded, and one who has no address."""
    people(path, ADDRESSES)
    created(path, "--exclude-domain", "rival.example", *words)
    assert run(path, "mailing", "prepare", "1").exit_code == 0


def asking(directory: Path, server: DnsServer) -> Path:
    """An installation that asks this name server."""
    return written(directory, f'[dns]\nnameservers = ["{server.endpoint}"]\n')


def test_prepare(tmp_path: Path) -> None:
    """Targeted = excluded + to deliver, each cause with its number; empty variables are counted; nothing is sent."""
    with DnsServer() as server:
        path = asking(tmp_path, server)
        people(path, ADDRESSES)
        created(path, "--exclude-domain", "rival.example", "--seed", "s@sender.example")
        text = done(run(path, "mailing", "prepare", "1"))
    assert "targeted    4\nexcluded    2\n  invalid_syntax       1\n  excluded_domain      1\n" in text
    assert "to deliver  2, and 1 seed address\nempty       city: for 1 of them\n" in text
    assert shown(path, "show", "1")["state"] == "prepared"
    assert [row[1:3] for row in cells(run(path, "mailing", "exclusions", "1"))] == [
        ["no address", "invalid_syntax"],
        ["eve@rival.example", "excluded_domain"],
    ]
    assert shown(path, "exclusions", "1", "--counts") == {"invalid_syntax": 1, "excluded_domain": 1}
    assert [one["address"] for one in shown(path, "exclusions", "1", "--cause", "excluded_domain")] == [ADDRESSES[3]]
    edited = run(path, "mailing", "edit", "1", "--subject", "again")
    assert "it was prepared, so prepare it again" in done(edited)


def test_a_check_forbids_it(tmp_path: Path) -> None:
    """An error is shown with its remedy, status 1; the mailing has failed; the checks can be asked again."""
    with DnsServer() as server:
        path = asking(tmp_path, server)
        people(path, ADDRESSES)
        (tmp_path / "all.json").write_text('{"only": ["type_missing"]}')
        created(path)
        run(path, "mailing", "edit", "1", "--typology", str(tmp_path / "all.json"))
        result = run(path, "mailing", "prepare", "1")
        assert result.exit_code == 1
        assert "checks      1 error, 0 warnings\nerror\ttype_missing\t" in result.stdout
        assert result.stdout.endswith('\tchoose one; "postduif subscription" makes them\n')
        assert shown(path, "show", "1")["state"] == "failed"
        assert run(path, "mailing", "checks", "1").exit_code == 1
        run(path, "subscription", "set", "news", "--everybody")
        run(path, "mailing", "edit", "1", "--type", "news")
        assert run(path, "mailing", "checks", "1").exit_code == 1, "those of the last preparation stay"
        assert run(path, "mailing", "checks", "1", "--now").exit_code == 0
    assert json.loads(run(path, "mailing", "checks", "1", "--json").stdout)["findings"][0]["rule"] == "type_missing"


def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C stops a preparation, says that nothing was sent, and leaves a draft."""
    with DnsServer("sender.example FAULT * SILENT") as server:
        path = asking(tmp_path, server)
        people(path, ADDRESSES)
        created(path)
        (tmp_path / "one.json").write_text('{"only": ["dkim_missing"]}')  # which has to ask DNS
        run(path, "mailing", "edit", "1", "--typology", str(tmp_path / "one.json"))
        program = subprocess.Popen(
            [sys.executable, "-m", "postduif", "mailing", "prepare", "1"],
            env={**os.environ, "POSTDUIF_CONFIG": str(path)},
            stderr=subprocess.PIPE,
            text=True,
        )
        end = time.monotonic() + PATIENCE
        while not server.asked and time.monotonic() < end:
            time.sleep(0.01)
        program.send_signal(signal.SIGINT)
        _, said = program.communicate(timeout=PATIENCE)
    assert (program.returncode, said) == (1, "postduif: the preparation of mailing 1 was stopped; nothing was sent\n")
    assert shown(path, "show", "1")["state"] == "draft"


def test_schedule(tmp_path: Path) -> None:
    """What is prepared is scheduled, which shows the date; unscheduled it is prepared still."""
    with DnsServer() as server:
        path = asking(tmp_path, server)
        prepared(path)
    words = ("schedule", "1", "--at", "2038-01-05 09:00", "--zone", "Europe/Amsterdam")
    assert "is prepared, as before: this is a dry run\n" in done(run(path, "mailing", *words, "--dry-run"))
    text = done(run(path, "mailing", *words))
    assert text.startswith('mailing 1 "Autumn" is scheduled\n  Tue 2038-01-05 09:00 CET (in ')
    assert "schedule: 2038-01-05 09:00 Europe/Amsterdam\n" in done(run(path, "mailing", "show", "1"))
    assert done(run(path, "mailing", "unschedule", "1")) == 'mailing 1 "Autumn" is prepared\n'


def test_repeat(tmp_path: Path) -> None:
    """What takes the newest content repeats by a rule, and shows its next dates; exceptions are left out."""
    path = written(tmp_path)
    created(path, "--policy", "newest")
    words = ("--rule", "FREQ=WEEKLY;BYDAY=TU", "--start", "2038-01-05 09:00", "--zone", "UTC", "--times", "3")
    found = shown(path, "schedule", "1", *words, "--except", "2038-01-12")
    assert [one["local"][:10] for one in found["dates"]] == ["2038-01-05", "2038-01-19"]
    assert found["state"] == "repeating"


@pytest.mark.parametrize("answer", ["n\n", ""])
def test_not_sent_without_a_yes(tmp_path: Path, answer: str) -> None:
    """Sending asks, with the numbers; whoever does not say yes sends nothing."""
    with DnsServer() as server:
        path = asking(tmp_path, server)
        prepared(path)
    result = subprocess.run(
        [sys.executable, "-m", "postduif", "mailing", "send", "1"],
        env={**os.environ, "POSTDUIF_CONFIG": str(path)},
        input=answer,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert 'Send mailing 1 "Autumn" to 2 recipients (2 excluded, 0 warnings)? [y/N]' in result.stderr
    assert result.stderr.endswith("postduif: nothing was done; answer y, or say --yes\n")
    assert shown(path, "show", "1")["state"] == "prepared"


def test_without_a_daemon(tmp_path: Path) -> None:
    """Sent and paused without a daemon: what is done only when it runs is written down, and that is said plainly."""
    with DnsServer() as server:
        path = asking(tmp_path, server)
        prepared(path)
    sent = run(path, "mailing", "send", "1", "--yes")
    assert done(sent) == 'mailing 1 "Autumn" is sending, to 2 recipients\n'
    assert "written down, and done as soon as the daemon runs" in sent.stderr
    paused = run(path, "mailing", "pause", "1")
    assert done(paused) == 'mailing 1 "Autumn" is paused\n'
    assert paused.stderr == ""  # nothing is left to do: its file is held
    assert run(path, "mailing", "rate", "1", "60").exit_code == 1
    assert shown(path, "results", "1")["figures"][3] == {
        "name": "pending", "value": 2, "of": "to_deliver", "total": 2, "share": 1.0, "words": "Waiting in the queue.",
    }  # fmt: skip
