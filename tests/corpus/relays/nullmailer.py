"""Nullmailer: gives all mail to one smart host, and reports what that one refuses."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.corpus.fates import Fate
from tests.corpus.places import MAIN
from tests.corpus.relay import LIFETIME, RELAY, Relay, empty, end, keep

ETC = Path("/etc/nullmailer")
_ONE_HOST = (
    *("too-large-announced", "sender-refused", "unknown-domain", "no-mail-host", "null-mx", "local-unknown"),
    *("forwarded", "too-many-hops", "loops-back", "smtputf8", "several-domains", "refused-connection", "unreachable"),
    *("never-answers", "dns-fails", "blocked-at-connect", "disk-full", "several-expired"),
)
_NO_DSN = ("success", "success-local", "success-of-one")
_NO_WARNINGS = ("delayed-connection", "delayed-greylisted", "delayed-mailbox-full", "delayed-one-of-two")


class Nullmailer(Relay):
    """Everything comes by its command."""

    name = "nullmailer"
    packages = ("nullmailer",)
    cannot: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_ONE_HOST, "it knows one host only, which takes everything for the world"),
        **dict.fromkeys(_NO_DSN, "it does not know RFC 3461"),
        **dict.fromkeys(_NO_WARNINGS, "it does not warn"),
        "several-in-one-domain": "what is refused for one recipient it does not give to the others either",
    }
    _process: subprocess.Popen[bytes] | None = None

    def start(self, phase: str) -> None:
        """Begin with an empty queue."""
        empty("/var/spool/nullmailer/queue")
        settings = {
            "remotes": f"{MAIN} smtp",
            "defaultdomain": RELAY,
            "pausetime": "1",
            "maxpause": "1",
            "queuelifetime": str(LIFETIME if phase == "expired" else 604800),
        }
        for name, value in settings.items():
            (ETC / name).write_text(f"{value}\n")
        self._process = keep("setpriv", "--reuid=mail", "--regid=mail", "--clear-groups", "nullmailer-send")

    def stop(self) -> None:
        """End, and forget the queue."""
        end(self._process)

    def submit(self, fate: Fate) -> None:
        """Take a mail."""
        self.by_command(fate)
