"""Postfix. It answers a mail with too many hops at the end of DATA, so that one comes by its sendmail command."""

from __future__ import annotations

from pathlib import Path

from tests.corpus.fates import Fate
from tests.corpus.relay import LIFETIME, RELAY, Relay, run, wait

MAIN = f"""\
compatibility_level = 3.6
myhostname = {RELAY}
mydomain = {RELAY}
mydestination = {RELAY}
local_recipient_maps =
alias_maps = inline:{{ {{ alias = olga@gone.example }} }}
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
smtpd_relay_restrictions = permit_mynetworks, reject
smtp_helo_timeout = 2s
smtp_connect_timeout = 2s
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
smtpd_tls_security_level = none
smtp_tls_security_level = none
"""
OF_PHASE = {
    "at once": "",
    "expired": f"maximal_queue_lifetime = {LIFETIME}s\nbounce_queue_lifetime = 1h\n",
    "delayed": "delay_warning_time = 1s\n",
}
MASTER = """\
smtp inet n - n - - smtpd
pickup unix n - n 1 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""


class Postfix(Relay):
    """The user's mailbox is that of Debian's defaults."""

    name = "postfix"
    packages = ("postfix",)

    def start(self, phase: str) -> None:
        """Begin with an empty queue."""
        Path("/etc/postfix/main.cf").write_text(MAIN + OF_PHASE[phase])
        Path("/etc/postfix/master.cf").write_text(MASTER)
        run("postfix", "start")
        wait()

    def stop(self) -> None:
        """End, and forget the queue."""
        run("postsuper", "-d", "ALL")
        run("postfix", "stop")

    def submit(self, fate: Fate) -> None:
        """Take a mail."""
        if fate.hops:
            self.by_command(fate)
        else:
            super().submit(fate)
