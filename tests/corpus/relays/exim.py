"""Exim."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from tests.corpus.relay import LIFETIME, RELAY, Relay, empty, end, keep, run, wait

CONFIGURATION = """\
primary_hostname = {relay}
local_interfaces = <; 127.0.0.1
disable_ipv6
acl_smtp_rcpt = everyone
dsn_advertise_hosts = *
smtputf8_advertise_hosts = *
tls_advertise_hosts =
log_file_path = syslog
delay_warning = {warning}
keep_environment =
begin acl
everyone:
  accept
begin routers
remote:
  driver = dnslookup
  domains = !{relay}
  transport = smtp
  self = fail
  no_more
alias:
  driver = redirect
  data = ${{if eq{{$local_part}}{{alias}}{{olga@gone.example}}}}
user:
  driver = accept
  check_local_user
  transport = mailbox
  cannot_route_message = Unknown user
begin transports
smtp:
  driver = smtp
  hosts_avoid_tls = *
  connect_timeout = 2s
  command_timeout = 2s
mailbox:
  driver = appendfile
  file = /var/mail/$local_part_data
  group = mail
  mode = 0660
begin retry
* * F,{lifetime},1s
"""


class Exim(Relay):
    """Its daemon only takes mail; the queue is run by hand."""

    name = "exim"
    packages = ("exim4-daemon-light", "exim4-base", "exim4-config")
    cannot: ClassVar[Mapping[str, str]] = {"smtputf8": "it turns the local part into one of ASCII"}
    _process: subprocess.Popen[bytes] | None = None

    def start(self, phase: str) -> None:
        """Begin with an empty queue."""
        empty("/var/spool/exim4")
        lifetime = f"{LIFETIME}s" if phase == "expired" else "1d"
        warning = "1s:1d" if phase == "delayed" else "1d"
        text = CONFIGURATION.format(relay=RELAY, warning=warning, lifetime=lifetime)
        Path("/etc/exim4/exim4.conf").write_text(text)
        self._process = keep("exim4", "-bdf")
        wait()

    def stop(self) -> None:
        """End, and forget the queue."""
        end(self._process)

    def push(self) -> None:
        """Try what is in the queue."""
        run("exim4", "-q")
