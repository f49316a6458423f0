"""`postduif queue top`: what is busiest, for people and for programs."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from postduif.cli.queue_top import rate, view
from postduif.mta.route_figures import held_by
from postduif.sink import Sink
from tests.cli.installation import asked, asked_json, installed, run, written


def test_what_is_busy(tmp_path: Path) -> None:
    """Attempts of the last seconds are counted for the site and for each scheduled queue; what waits is there, too."""

    async def story() -> None:
        async with Sink() as sink, installed(tmp_path, sink.port) as daemon:
            number = await daemon.submit(["a@x.example", "b@x.example", "tempfail@y.example"])
            await daemon.journal(number, 3)
            found = await asked_json(daemon, "queue", "top")
            assert (found["seconds"], found["queued"], found["delivered"], found["deferred"]) == (10.0, 1, 2, 1)
            (site,) = found["sites"]
            assert (site["site"], site["delivered"], site["deferred"], site["failed"]) == ("next_hop:*", 2, 1, 0)
            x, y = found["queues"]
            assert (x["domain"], x["delivered"], x["total"]) == ("x.example", 2, 0)
            assert (y["domain"], y["deferred"], y["waiting"], y["held"]) == ("y.example", 1, 1, 0)
            out = (await asked(daemon, "queue", "top", "--once")).stdout
            assert out.startswith("1 queued   0 under way   0.2 sent/s   0.1 deferred/s   0 failed/s\n")
            assert "next_hop:*" in out
            assert "y.example" in out

    asyncio.run(story())


def test_no_daemon(tmp_path: Path) -> None:
    """What is busy is known to the daemon alone: without one there is one line, and status 1."""
    result = run(written(tmp_path), "queue", "top")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("postduif: no daemon answers at ")


def row(**values: Any) -> dict[str, Any]:
    """A site or a scheduled queue."""
    return {
        "site": "(mx1|mx2).a-long-name.example",
        "stream": "bulk",
        "domain": "a-long-name.example",
        "delivered": 12345,
        "deferred": 23,
        "failed": 4,
        "connections": 10,
        "connection_limit": 20,
        "ready": 5000,
        "held_by": "message_rate",
        "message_rate": "100/m",
        "connection_rate": "",
        "next_in": 0.6,
        "waiting": 123456,
        "under_way": 10,
        "held": 7,
        **values,
    }


@pytest.mark.parametrize(("width", "height"), [(200, 50), (100, 24), (80, 24), (60, 20), (40, 15), (24, 12)])
def test_it_fits(width: int, height: int) -> None:
    """However small the terminal, no line is broken, sites and queues are both there, and names can be told."""
    found = {
        "seconds": 10.0,
        "queued": 123456,
        "under_way": 10,
        "full": True,
        "trouble": "",
        "delivered": 12345,
        "deferred": 0,
        "failed": 0,
        "sites": [row(site=f"{n}.example\x1b[31m") for n in range(30)],
        "queues": [row(domain=f"{n}.example") for n in range(30)],
    }
    console = Console(width=width, height=height, file=open(os.devnull, "w"), record=True)  # noqa: SIM115  never read
    with console.file:
        console.print(view(found, width, height))
    lines = console.export_text().splitlines()
    assert max(map(len, lines)) <= width
    assert len(lines) <= height
    assert sum(".example" in line for line in lines) >= 4
    assert lines[0].startswith("123,456 queued")
    assert not any("\x1b" in line for line in lines)
    assert ("message_rate 100/m" in "\n".join(lines)) == (width >= 80)


def test_what_holds() -> None:
    """The limit is named with its value, a rest with what is left of it."""
    assert held_by(row()) == "message_rate 100/m"
    assert held_by(row(held_by="resting", next_in=9.6)) == "resting 10s"
    assert held_by(row(held_by="connections")) == "connections"
    assert [rate(events) for events in (0, 0.1, 2.25, 99.6, 12345.6)] == ["", "0.1", "2.2", "100", "12,346"]


def test_it_lives_in_a_terminal_until_ctrl_c(tmp_path: Path) -> None:
    """On a terminal it draws a screen, and Ctrl-C gives the old one back, with status 0 and no traceback."""

    async def story() -> bytes:
        async with Sink() as sink, installed(tmp_path, sink.port) as daemon:
            await daemon.journal(await daemon.submit(["a@x.example"]))
            return await asyncio.to_thread(watched, daemon.path)

    said = asyncio.run(story())
    assert b"\x1b[?1049h" in said
    assert b"next_hop:*" in said
    assert b"Traceback" not in said
    assert said.rstrip().endswith((b"\x1b[?25h", b"\x1b[?1049l"))


def watched(path: Path) -> bytes:
    """What a terminal is told: the first picture, Ctrl-C, the end."""
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "postduif", "queue", "top"]
    environment = {**os.environ, "POSTDUIF_CONFIG": str(path), "TERM": "xterm", "COLUMNS": "80", "LINES": "24"}
    with subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as program:
        os.close(theirs)
        said = b""
        while b"next_hop:*" not in said:
            said += os.read(ours, 65536)
        program.send_signal(signal.SIGINT)
        try:
            while more := os.read(ours, 65536):
                said += more
        except OSError:  # how a terminal says that its program is gone
            pass
        assert program.wait(60) == 0
    os.close(ours)
    return said
