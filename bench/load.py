"""The beginning of the road: 50 connections, each for many messages, by bench.generator or by Postfix's smtp-source.

smtp-source is the witness from outside: in C, but it sends one command at a time, costs more, and knows one recipient
domain only. What both can do against the sink alone is printed before anything is measured.
"""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from typing import NamedTuple

from bench.errors import BenchError
from bench.program import find

SESSIONS = 50
SENDER = "bench@sender.example"


@dataclass(frozen=True, slots=True)
class Load:
    """How many messages of how many octets (without the header section), to how many domains."""

    messages: int
    size: int
    domains: int = 1
    smtp_source: bool = False


def _source(load: Load, port: int) -> list[str]:
    fixed = [find("smtp-source"), "-d", "-M", "load.example", "-f", SENDER, "-t", "reader@domain0.example"]
    sessions = min(SESSIONS, load.messages)
    return [*fixed, "-l", str(load.size), "-s", str(sessions), "-m", str(load.messages), f"127.0.0.1:{port}"]


def _generator(load: Load, port: int) -> list[str]:
    options = {
        "port": port,
        "messages": load.messages,
        "size": load.size,
        "domains": load.domains,
        "sessions": SESSIONS,
        "sender": SENDER,
    }
    return [sys.executable, "-m", "bench.generator", *[f"--{name}={value}" for name, value in options.items()]]


class Sent(NamedTuple):
    """When the first connection was made (time.monotonic), and the seconds from then to the last 250."""

    started: float
    seconds: float


def send(load: Load, port: int, limit: float = 600.0) -> Sent:
    """Returns when every message was answered with 250. Raises BenchError when one was not, or after `limit` s."""
    command = _source(load, port) if load.smtp_source else _generator(load, port)
    started = time.monotonic()
    try:
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit)
    except subprocess.TimeoutExpired:
        raise BenchError(f"{load.messages} messages were not accepted within {limit:.0f} s") from None
    seconds = time.monotonic() - started
    if done.returncode != 0:
        text = done.stderr.decode(errors="replace").strip()
        raise BenchError(f"the generator ended with {done.returncode}: {text or 'no output'}")
    if load.smtp_source:
        return Sent(started, seconds)
    return Sent(*map(float, done.stdout.split()))
