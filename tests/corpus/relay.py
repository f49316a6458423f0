"""What a relay has to offer, for its reports to be gathered. One subclass for each in `relays`."""

from __future__ import annotations

import smtplib
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from bench.program import wait_for_greeting
from tests.corpus.fates import RELAY, Fate

BUILD = Path("build/corpus")
"""What the relays say while they work."""
PORT = 25
LIFETIME = 4
"""Seconds that a mail stays in the queue in the phase "expired"."""


class Relay(ABC):
    """A mail server at RELAY, installed with its ordinary paths, on an otherwise empty host."""

    name: ClassVar[str]
    packages: ClassVar[Sequence[str]]
    """Debian's; the first one's version is that of the relay."""
    cannot: ClassVar[Mapping[str, str]] = {}
    """Fates of which it makes no report, and why."""
    other: ClassVar[Mapping[str, str]] = {}
    """What is true of a fate with this relay and not with others, in the words of `fates.toml`."""

    @abstractmethod
    def start(self, phase: str) -> None:
        """Begin with an empty queue."""

    @abstractmethod
    def stop(self) -> None:
        """End, and forget the queue."""

    def push(self) -> None:  # noqa: B027  most need none
        """Try what is in the queue, where the relay does not do so every second by itself."""

    def submit(self, fate: Fate) -> None:
        """Take a mail, by SMTP."""
        with smtplib.SMTP("127.0.0.1", PORT, local_hostname="client.example", timeout=30) as client:
            client.ehlo()
            options = ["SMTPUTF8", "BODY=8BITMIME"] if fate.utf8 else []
            asked = [f"NOTIFY={fate.notify}"] if fate.notify else []
            encoding = "utf-8" if fate.utf8 else "ascii"
            client.command_encoding = encoding
            client.sendmail(fate.sender, [one.address for one in fate.targets], fate.content(), options, asked)

    def by_command(self, fate: Fate, *options: str) -> None:
        """Take a mail by the command `sendmail`."""
        command = ["/usr/sbin/sendmail", "-i", "-f", fate.sender, *options, "--"]
        addresses = [one.address for one in fate.targets]
        run(*command, *addresses, stdin=fate.content().replace(b"\r\n", b"\n"), check=False)

    def version(self) -> str:
        """The version of Debian's package."""
        shown = run("dpkg-query", "--show", "--showformat", "${Version}", self.packages[0])
        return f"{self.packages[0]} {shown}"


def run(*command: str | Path, stdin: bytes = b"", check: bool = True) -> str:
    """What a command says on standard output; AssertionError with all that it said when it fails and `check`."""
    done = subprocess.run(command, check=False, input=stdin, capture_output=True)
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0 or not check, (command, done.returncode, said, done.stderr.decode(errors="replace"))
    return said


def wait() -> None:
    """Returns once the relay greets."""
    wait_for_greeting(PORT, None)


def keep(*command: str) -> subprocess.Popen[bytes]:
    """Start a program that stays in the foreground; what it says is added to a file in BUILD."""
    with (BUILD / f"{Path(command[0]).name}-output.log").open("ab") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def end(process: subprocess.Popen[bytes] | None) -> None:
    """End a program that was kept in the foreground."""
    if process:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def empty(*directories: str) -> None:
    """Remove every file below these directories; the directories stay."""
    for directory in directories:
        for path in Path(directory).rglob("*"):
            if not path.is_dir():
                path.unlink(missing_ok=True)


def settle(seconds: float) -> None:
    """Let daemons that detach themselves do so; they give no sign of it."""
    time.sleep(seconds)


__all__ = ["BUILD", "LIFETIME", "PORT", "RELAY", "Relay", "empty", "end", "keep", "run", "settle", "wait"]
