"""Sendmail. What it would refuse at RCPT or DATA comes by its command, in the mode of the daemon."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.corpus.fates import Fate
from tests.corpus.relay import LIFETIME, RELAY, Relay, empty, run, settle, wait

CONFIGURATION = """\
define(`_USE_ETC_MAIL_')dnl
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`debian')dnl
DOMAIN(`debian-mta')dnl
undefine(`confHOST_STATUS_DIRECTORY')dnl
define(`confDOMAIN_NAME', `{relay}')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`confTO_INITIAL', `2s')dnl
define(`confTO_CONNECT', `2s')dnl
define(`confTO_ICONNECT', `2s')dnl
define(`confTO_QUEUERETURN', `{lifetime}')dnl
define(`confTO_QUEUEWARN', `{warning}')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`local_lmtp', `/usr/libexec/sendmail/mail.local')dnl
DAEMON_OPTIONS(`Port=smtp, Addr=127.0.0.1, Name=MTA')dnl
MAILER(local)dnl
MAILER(smtp)dnl
Cw{relay}
"""


class Sendmail(Relay):
    """The queue is run every second."""

    name = "sendmail"
    packages = ("sendmail-bin", "sendmail-base", "sendmail-cf", "m4")
    cannot: ClassVar[Mapping[str, str]] = {"smtputf8": "it does not know SMTPUTF8"}

    def start(self, phase: str) -> None:
        """Begin with an empty queue."""
        empty("/var/spool/mqueue")
        lifetime = f"{LIFETIME}s" if phase == "expired" else "5d"
        warning = "1s" if phase == "delayed" else "4h"
        source = Path("/etc/mail/corpus.mc")
        source.write_text(CONFIGURATION.format(relay=RELAY, lifetime=lifetime, warning=warning))
        Path("/etc/mail/sendmail.cf").write_text(run("m4", source))
        Path("/etc/aliases").write_text("alias: olga@gone.example\nMAILER-DAEMON: root\npostmaster: root\n")
        run("sendmail", "-bi")
        run("sendmail", "-bd", "-q1s", "-Am")
        wait()

    def stop(self) -> None:
        """End, and forget the queue."""
        run("kill", Path("/run/sendmail/mta/sendmail.pid").read_text().split()[0])
        settle(2.0)

    def submit(self, fate: Fate) -> None:
        """Take a mail."""
        if fate.hops or fate.name == "local-unknown":
            self.by_command(fate, "-Am")
        else:
            super().submit(fate)
