"""OpenSMTPD."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.corpus.relay import LIFETIME, RELAY, Relay, empty, end, keep, run, wait

CONFIGURATION = """\
table aliases {{ "alias" = "olga@gone.example" }}
queue ttl {lifetime}
bounce warn-interval {warning}
listen on lo port 25 hostname {relay}
action "local" mbox alias <aliases>
action "relay" relay
match from any for domain "{relay}" action "local"
match from any for any action "relay"
"""


class OpenSMTPD(Relay):
    """Retries come sooner only when the administrator asks for them."""

    name = "opensmtpd"
    packages = ("opensmtpd",)
    cannot: ClassVar[Mapping[str, str]] = {
        "local-unknown": "it refuses the address at RCPT",
        "too-many-hops": "it refuses the mail at the end of DATA",
        "smtputf8": "it does not know SMTPUTF8",
        "no-mail-host": "it goes on trying",
        "null-mx": "it goes on trying",
        "never-answers": "it waits for five minutes",
    }
    _process: subprocess.Popen[bytes] | None = None

    def start(self, phase: str) -> None:
        """Begin with an empty queue."""
        empty("/var/spool/smtpd/queue")
        lifetime = f"{LIFETIME}s" if phase == "expired" else "4d"
        warning = "1s" if phase == "delayed" else "4h"
        Path("/etc/smtpd.conf").write_text(CONFIGURATION.format(relay=RELAY, lifetime=lifetime, warning=warning))
        self._process = keep("smtpd", "-dv")
        wait()

    def stop(self) -> None:
        """End, and forget the queue."""
        end(self._process)

    def push(self) -> None:
        """Try what is in the queue."""
        run("smtpctl", "schedule", "all", check=False)
