"""`postduif demo` as a program: it does what it says, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

PATIENCE = 300.0  # seconds for a demonstration to end


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """With a short name: the control socket of the demonstration is below it."""
    with tempfile.TemporaryDirectory(prefix="demo") as name:
        yield Path(name)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[object]:
    """Begins a demonstration in its own temporary directory; what still runs at the end, its daemon too, is killed."""
    programs: list[subprocess.Popen[str]] = []

    def begin(*options: str) -> subprocess.Popen[str]:
        program = subprocess.Popen(
            [sys.executable, "-u", "-m", "postduif", "demo", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": str(tmp_path), "COLUMNS": "100"},
            start_new_session=True,  # so that all of it can be killed at once
        )
        programs.append(program)
        return program

    yield begin
    for program in programs:
        killed(program.pid)
        if daemon := daemon_of(tmp_path):  # leads a group of its own
            killed(daemon)
        program.communicate(timeout=PATIENCE)


def killed(group: int) -> None:
    """Nothing of this group of processes runs any more."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def said(words: list[str], settings: str, state: str) -> str:
    """Ask until the answer has these words, as mail there is tried again each second; the last answer."""
    end = time.monotonic() + PATIENCE
    while True:
        found = subprocess.run(
            [sys.executable, "-m", "postduif", *words],
            env={**os.environ, "POSTDUIF_CONFIG": settings},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        if state in found.stdout or time.monotonic() > end:
            return found.stdout + found.stderr


def told(program: subprocess.Popen[str], words: str) -> str:
    """Read until a line has these words."""
    assert program.stdout
    lines = ""
    for line in program.stdout:
        lines += line
        if words in line:
            return lines
    raise AssertionError(lines + (program.stderr.read() if program.stderr else ""))


def daemon_of(directory: Path) -> int:
    """The id of the daemon that has its settings below a directory."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"serve" in words and any(word.startswith(os.fsencode(directory)) for word in words):
            return int(entry.parent.name)
    return 0


def test_once(start, tmp_path: Path) -> None:
    """With --once it ends by itself, with status 0, when every figure is as expected; nothing is left."""
    program = start("--once", "--messages", "60", "--contacts", "120")
    out, err = program.communicate(timeout=PATIENCE)
    assert program.returncode == 0, out + err
    figures = dict(re.findall(r"^ ?(\w[^\d\n]*?) +([\d,]+) +[\d,]+ +ok *$", out, re.MULTILINE))
    assert '$ postduif mailing send 1 --yes\nmailing 1 "Autumn news" is sending' in out
    assert figures["accepted messages"] == "60"
    assert figures["duplicates"] == figures["left in the queue"] == "0"
    assert figures["got it and should not"] == figures["arrived while paused"] == figures["left to do"] == "0"
    assert all(int(figures[name]) for name in ("opened it", "clicked a link", "unsubscribed, by one click"))
    assert int(figures["opened, with machines"]) > int(figures["opened it"])
    assert all(int(figures[name]) for name in ("complained", "came back later", "absence notes"))
    assert len(figures) == 30, figures
    assert "wrong" not in out
    assert err == ""
    assert list(tmp_path.iterdir()) == []


def test_stays_until_it_is_told(start, tmp_path: Path) -> None:
    """Without --once it stays and says what to try; that works, and Ctrl-C ends it with status 0."""
    program = start("--messages", "10", "--contacts", "20")
    advice = told(program, "/enter/")
    match = re.search(r"export POSTDUIF_CONFIG=(\S+)", advice)
    assert match
    asked = [re.search(rf"postduif (why {name}\S+)", advice)[1].split() for name in ("tempfail", "permfail")]
    for words, state in zip(asked, ("is queued; its", "failed for good"), strict=True):
        assert state in said(words, match[1], state)
    signed_in = urlopen(advice.split()[-1], timeout=PATIENCE)
    assert b"Sign in" in signed_in.read()
    daemon = daemon_of(tmp_path)
    assert daemon
    program.send_signal(signal.SIGINT)
    program.communicate(timeout=PATIENCE)
    assert program.returncode == 0
    assert daemon_of(tmp_path) == 0
    assert list(tmp_path.iterdir()) == []


def test_cleans_up_when_stopped_early(start, tmp_path: Path) -> None:
    """When a terminal that closes ends it in the middle, daemon and directory are gone and the status is not 0."""
    program = start("--messages", "1000")
    told(program, "accepted ")
    assert daemon_of(tmp_path)
    program.send_signal(signal.SIGHUP)
    program.send_signal(signal.SIGHUP)
    _, err = program.communicate(timeout=PATIENCE)
    assert program.returncode == 130
    assert err == "\nstopped before the end; everything is cleaned up\n"
    assert daemon_of(tmp_path) == 0
    assert list(tmp_path.iterdir()) == []


def test_cleans_up_when_the_daemon_dies(start, tmp_path: Path) -> None:
    """When its daemon is killed it says so, cleans up and fails."""
    program = start("--messages", "1000")
    told(program, "accepted ")
    os.kill(daemon_of(tmp_path), signal.SIGKILL)
    _, err = program.communicate(timeout=PATIENCE)
    assert program.returncode == 1
    assert err.startswith("postduif demo: the daemon ended with status -9")
    assert "Traceback" not in err
    assert list(tmp_path.iterdir()) == []
