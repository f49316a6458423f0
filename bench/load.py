"""The beginning of the road: Postfix's smtp-source, in C, on connections that are used again and again.

One recipient domain: one smtp-source with 20 sessions. Many domains: 20 shells side by side, each of which runs one
smtp-source of one session for each of its domains in turn; the start of a program per domain is in the figure, for
every peer alike.
"""

from __future__ import annotations

import shlex
import subprocess
import time
from dataclasses import dataclass

from bench.errors import BenchError
from bench.program import find

SESSIONS = 20
SENDER = "bench@sender.example"


@dataclass(frozen=True, slots=True)
class Load:
    """How many messages of how many octets (without the header section), to how many domains."""

    messages: int
    size: int
    domains: int = 1


def shares(total: int, parts: int) -> list[int]:
    """The total in `parts` whole shares that differ by one at most."""
    return [total // parts + (part < total % parts) for part in range(parts)]


def commands(load: Load, port: int) -> list[list[str]]:
    """What runs side by side: each a command line."""
    fixed = [find("smtp-source"), "-d", "-M", "load.example", "-f", SENDER, "-l", str(load.size)]

    def source(sessions: int, messages: int, domain: int) -> list[str]:
        recipient = f"reader@domain{domain}.example"
        return [*fixed, "-s", str(sessions), "-m", str(messages), "-t", recipient, f"127.0.0.1:{port}"]

    if load.domains == 1:
        return [source(min(SESSIONS, load.messages), load.messages, 0)]
    counts = shares(load.messages, load.domains)
    workers = [
        [
            shlex.join(source(1, counts[domain], domain))
            for domain in range(first, load.domains, SESSIONS)
            if counts[domain]
        ]
        for first in range(min(SESSIONS, load.domains))
    ]
    return [["/bin/sh", "-ec", "\n".join(worker)] for worker in workers if worker]


def send(load: Load, port: int, limit: float = 600.0) -> float:
    """Seconds until every message was answered with 250. Raises BenchError when one was not, or after `limit` s."""
    started = time.monotonic()
    running = [
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for command in commands(load, port)
    ]
    try:
        for program in running:
            _, complaint = program.communicate(timeout=max(1.0, started + limit - time.monotonic()))
            if program.returncode != 0:
                text = complaint.decode(errors="replace").strip()
                raise BenchError(f"smtp-source ended with {program.returncode}: {text or 'no output'}")
    except subprocess.TimeoutExpired:
        raise BenchError(f"{load.messages} messages were not accepted within {limit:.0f} s") from None
    finally:
        for program in running:
            if program.poll() is None:
                program.kill()
                program.communicate()
    return time.monotonic() - started
