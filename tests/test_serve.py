"""The program as systemd knows it: told of its life, given its sockets, asked by probes, ended by signals."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import smtplib
import socket
import time
import urllib.request
from pathlib import Path

import pytest

from postduif.app import GRACE, App
from postduif.errors import PostduifError
from postduif.mta.delivery import Delivery
from tests.program import Program
from tests.stories.daemon import Daemon
from tests.stories.roads import free_port


def get(port: int, path: str) -> str:
    """What a probe is answered; raises on anything but 200."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        text: str = answer.read().decode()
        return text


def test_systemd_is_told(tmp_path: Path) -> None:
    """It says when it is ready, that it lives, reads its settings and stops; SIGTERM ends it with 0."""
    with Program(tmp_path, "") as program:
        program.start(WATCHDOG_USEC="1000000")
        assert "STATUS=serving as mta.sender.example" in program.wait_told("READY=1")
        program.wait_told("WATCHDOG=1")
        program.send(signal.SIGHUP)
        assert "MONOTONIC_USEC=" in program.wait_told("RELOADING=1", "READY=1")
        program.path.write_text("[delivery")
        program.send(signal.SIGHUP)
        program.wait_told("RELOADING=1", "READY=1")
        assert "reload_refused" in program.log.read_text()
        program.send(signal.SIGTERM)
        program.wait_told("STOPPING=1")
        assert program.ended() == 0


def test_sockets_from_systemd_are_used(tmp_path: Path) -> None:
    """A listener whose socket systemd has opened takes that one, so that port 25 needs no root."""
    with socket.create_server(("127.0.0.1", 0)) as ours:
        port, number = ours.getsockname()[1], ours.fileno()
        with Program(tmp_path, "", listener=f"127.0.0.1:{port}") as program:
            shell = f"exec 3<&{number}; LISTEN_PID=$$ LISTEN_FDS=1 exec"
            program.start(shell, given=(number,))
            program.wait_told("READY=1")
            with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
                assert client.ehlo()[0] == 250
            program.send(signal.SIGTERM)
            assert program.ended() == 0


def test_probes(tmp_path: Path) -> None:
    """/metrics speaks of what Postduif does, under its name; /healthz and /readyz say that all is well."""
    port = free_port()
    with Program(tmp_path, f'[metrics]\naddress = "127.0.0.1:{port}"') as program:
        program.start()
        program.wait_told("READY=1")
        names = {line.split()[2] for line in get(port, "/metrics").splitlines() if line.startswith("# TYPE postduif_")}
        assert {
            "postduif_queue_recipients",
            "postduif_messages_received_total",
            "postduif_delivery_attempts_total",
            "postduif_smtp_in_open_connections",
            "postduif_event_loop_lag_seconds",
        } <= names
        assert json.loads(get(port, "/healthz")) == {"ok": True, "trouble": ""}
        assert json.loads(get(port, "/readyz")) == {"ok": True, "trouble": ""}


def test_open_sessions_end_politely(tmp_path: Path) -> None:
    """On SIGTERM a client that is idle hears 421 and the daemon does not wait for it."""
    port = free_port()
    with Program(tmp_path, "", listener=f"127.0.0.1:{port}") as program:
        program.start()
        program.wait_told("READY=1")
        with socket.create_connection(("127.0.0.1", port), timeout=60) as client, client.makefile("rb") as replies:
            assert replies.readline().startswith(b"220 ")
            began = time.monotonic()
            program.send(signal.SIGTERM)
            assert replies.readline().startswith(b"421 4.3.2 ")
        assert program.ended() == 0
        assert time.monotonic() - began < GRACE


def test_second_daemon_is_refused(tmp_path: Path) -> None:
    """A second daemon on the same queue ends with 1 and one line that says why; after a kill the queue is free."""
    with Program(tmp_path, "") as first:
        first.start()
        first.wait_told("READY=1")
        with Program(tmp_path, "") as second:
            second.log = tmp_path / "second"
            second.start()
            assert second.ended() == 1
            (line,) = second.log.read_text().splitlines()
            assert "cannot_serve" in line
            assert str(tmp_path / "queue") in line
        first.kill()
        first.start()
        first.wait_told("READY=1")


def test_a_log_that_nobody_reads_holds_up_no_mail(tmp_path: Path) -> None:
    """When the pipe that takes the log is full, lines are dropped and mail goes on."""
    reading, writing = os.pipe()
    with os.fdopen(reading), os.fdopen(writing), Program(tmp_path, "", listener=f"127.0.0.1:{free_port()}") as program:
        port = int(program.path.read_text().partition("127.0.0.1:")[2].partition('"')[0])
        program.start(f"exec 2>&{writing}; exec", given=(writing,))
        program.wait_told("READY=1")
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
            for _ in range(500):
                client.sendmail("a@sender.example", ["b@[192.0.2.1]"], "Subject: x\r\n\r\nx\r\n")
                client.noop()


def test_a_part_that_fails_is_no_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon stops, and says so by more than its log: systemd is to start it again."""

    async def fails(_: Delivery) -> None:
        raise KeyError("mistake")

    monkeypatch.setattr(Delivery, "run", fails)
    settings = Daemon(tmp_path, "").path
    with pytest.raises(PostduifError, match="KeyError"):
        asyncio.run(App(settings).run())
