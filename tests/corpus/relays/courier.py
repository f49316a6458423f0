"""Courier."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.corpus.fates import Fate
from tests.corpus.relay import LIFETIME, RELAY, Relay, empty, run, settle

ETC = Path("/etc/courier")


class Courier(Relay):
    """Everything comes by its command, and so counts as local."""

    name = "courier"
    packages = ("courier-mta",)
    cannot: ClassVar[Mapping[str, str]] = {"too-many-hops": "it refuses the mail when it comes"}

    def start(self, phase: str) -> None:
        """Begin with an empty queue."""
        empty("/var/lib/courier/msgq", "/var/lib/courier/msgs", "/var/lib/courier/tmp")
        settings = {
            "me": RELAY,
            "locals": RELAY,
            "defaultdomain": RELAY,
            "dsnfrom": f"mailer-daemon@{RELAY}",
            "queuetime": f"{LIFETIME}s" if phase == "expired" else "7d",
            "warntime": "1s" if phase == "delayed" else "4h",
            "retryalpha": "1s",
            "retrybeta": "1000",
            "retrygamma": "1s",
            "retrymaxdelta": "0",
            "esmtptimeouthelo": "2s",
            "esmtptimeoutconnect": "2s",
            "esmtptimeout": "2s",
            "esmtpdelay": "1s",
            "aliases/system": "alias: olga@gone.example\npostmaster: tess",
        }
        (ETC / "aliases").mkdir(exist_ok=True)
        for name, value in settings.items():
            (ETC / name).write_text(f"{value}\n")
        run("makealiases")
        run("authdaemond", "start")
        run("courier", "start")

    def stop(self) -> None:
        """End, and forget the queue."""
        run("courier", "stop")
        run("authdaemond", "stop")
        settle(2.0)

    def submit(self, fate: Fate) -> None:
        """Take a mail."""
        self.by_command(fate, *(["-N", fate.notify.lower()] if fate.notify else []))

    def push(self) -> None:
        """Try what is in the queue."""
        run("courier", "flush")
