"""DragonFly's mail agent: a command without a daemon, and reports of its own form.

Its reports are about one recipient each. It gives up after five days: queue files are made to look older than that.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.corpus.fates import Fate
from tests.corpus.relay import RELAY, Relay, empty, run

SPOOL = Path("/var/spool/dma")
_NO_DSN = ("success", "success-local", "success-of-one")
_NO_WARNINGS = ("delayed-connection", "delayed-greylisted", "delayed-mailbox-full", "delayed-one-of-two")
OLD = 6 * 86400.0  # seconds


class Dma(Relay):
    """Everything comes by its command."""

    name = "dma"
    packages = ("dma",)
    cannot: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_NO_DSN, "it does not know RFC 3461"),
        **dict.fromkeys(_NO_WARNINGS, "it does not warn"),
        "local-unknown": "its command refuses the address",
        "too-many-hops": "it does not count",
        "loops-back": "it does not look for loops",
        "hangs-up": "it does not see that the connection has ended",
        "never-answers": "it waits for five minutes",
    }
    _phase = ""

    def start(self, phase: str) -> None:
        """Begin with an empty queue."""
        self._phase = phase
        empty(str(SPOOL))
        Path("/etc/dma/dma.conf").write_text(f"MAILNAME {RELAY}\n")
        Path("/etc/aliases").write_text("alias: olga@gone.example\n")

    def stop(self) -> None:
        """Forget the queue."""
        empty(str(SPOOL))

    def submit(self, fate: Fate) -> None:
        """Take a mail."""
        self.by_command(fate)

    def push(self) -> None:
        """Try what is in the queue, in the phase "expired" as if it had been there for long."""
        if self._phase == "expired":
            then = time.time() - OLD
            for path in SPOOL.glob("[MQ]*"):
                os.utime(path, (then, then))
        run("sendmail", "-q", check=False)
