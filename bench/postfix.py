"""Postfix, with opendkim as milter over a Unix socket when it signs: a private instance, tuned by hand.

Fair means: what an administrator with this job would set. Process limits above the load, processes that live long, no
delay that is there to slow clients down, connections to the next hop kept, fsync as it comes. Nothing is logged unless
a syslog daemon listens on this machine, which spares Postfix the cost of its log.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path

from bench.errors import BenchError
from bench.load import SENDER
from bench.peer import SELECTOR, Job
from bench.program import Program, find, free_port, tail, wait_for_greeting
from bench.usage import tree

_MAIN = """\
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
mail_owner = postfix
setgid_group = postdrop
myhostname = mta.example
mydomain = example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
inet_interfaces = loopback-only
inet_protocols = ipv4
relayhost = [127.0.0.1]:{next_hop}
message_size_limit = 104857600
biff = no
fast_flush_domains =
in_flow_delay = 0
default_process_limit = 100
max_use = 100000
max_idle = 1000
qmgr_message_active_limit = 20000
qmgr_message_recipient_limit = 20000
initial_destination_concurrency = 20
default_destination_concurrency_limit = 20
smtp_destination_concurrency_limit = 20
smtp_connection_cache_on_demand = yes
smtp_connection_cache_destinations = [127.0.0.1]:{next_hop}
smtp_connection_reuse_time_limit = 3600s
smtp_tls_security_level = none
smtpd_tls_security_level = none
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
smtpd_client_port_logging = no
smtpd_peername_lookup = no
smtpd_recipient_restrictions =
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_milters = {milter}
milter_default_action = tempfail
"""

_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
"""

_OPENDKIM = """\
Mode s
Domain {domain}
Selector {selector}
KeyFile {key}
Canonicalization relaxed/relaxed
OversignHeaders From
InternalHosts 127.0.0.0/8
Socket local:{socket}
UMask 000
UserID root
RequireSafeKeys no
Syslog no
"""


class Postfix:
    """One private instance below `root`, which must be on the file system that is measured. Needs to be root."""

    name = "postfix"

    def __init__(self, root: Path) -> None:
        self._root = root
        self._milter: Program | None = None
        self._master = 0

    def version(self) -> str:
        """Postfix's and opendkim's versions."""
        if os.geteuid() != 0:
            raise BenchError("Postfix starts as root only; run the bench as root or leave it out with --peer postduif")
        found = subprocess.run([find("postconf"), "-dh", "mail_version"], capture_output=True, text=True, check=True)
        dkim = subprocess.run([find("opendkim"), "-V"], capture_output=True, text=True, check=True)
        return f"Postfix {found.stdout.strip()}, {dkim.stdout.splitlines()[0].removeprefix('opendkim: ')}"

    def start(self, job: Job) -> int:
        """Starts with an empty queue."""
        self.stop()
        shutil.rmtree(self._root, ignore_errors=True)
        self._port = free_port()
        for name, owner in (("", "root"), ("etc", "root"), ("queue", "root"), ("data", "postfix")):
            path = self._root / name
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o755)
            os.chown(path, pwd.getpwnam(owner).pw_uid, -1)
        self._run(job)
        return self._port

    def resume(self, job: Job) -> None:
        """Stops and starts again; what was active is taken up from the incoming queue."""
        self.stop()
        self._run(job)

    def check(self) -> None:
        """Raises BenchError when master or opendkim has ended."""
        if self._milter:
            self._milter.check()
        if not Path(f"/proc/{self._master}").exists():
            raise BenchError(f"Postfix has ended: {tail(self._root / 'log')}")

    def roots(self) -> list[int]:
        """Postfix's master, and opendkim when it signs."""
        return [self._master, *([self._milter.pid] if self._milter else [])]

    def stop(self) -> None:
        """Ends master, its processes and opendkim."""
        members = tree([self._master]) if self._master else {}
        if members:
            with contextlib.suppress(BenchError):
                self._postfix("stop")
            _see_off(set(members) | set(tree([self._master])))
            self._master = 0
        if self._milter:
            self._milter.stop()
            self._milter = None

    def _run(self, job: Job) -> None:
        milter = self._start_milter(job) if job.signed else ""
        main = _MAIN.format(root=self._root, next_hop=job.next_hop, milter=milter)
        (self._root / "etc" / "main.cf").write_text(main, encoding="utf-8")
        (self._root / "etc" / "master.cf").write_text(_MASTER.format(port=self._port), encoding="utf-8")
        self._postfix("start")
        self._master = int((self._root / "queue" / "pid" / "master.pid").read_text(encoding="utf-8"))
        wait_for_greeting(self._port, None)

    def _start_milter(self, job: Job) -> str:
        socket = self._root / "opendkim.sock"
        socket.unlink(missing_ok=True)
        settings = self._root / "etc" / "opendkim.conf"
        domain = SENDER.partition("@")[2]
        text = _OPENDKIM.format(domain=domain, selector=SELECTOR, key=job.key, socket=socket)
        settings.write_text(text, encoding="utf-8")
        self._milter = Program([find("opendkim"), "-f", "-x", settings], self._root / "opendkim.log")
        deadline = time.monotonic() + 10.0
        while not socket.exists():
            self._milter.check()
            if time.monotonic() > deadline:
                raise BenchError("opendkim made no socket within 10 s")
            time.sleep(0.02)
        return f"unix:{socket}"

    def _postfix(self, command: str) -> None:
        with (self._root / "log").open("ab") as log:
            line: list[str | Path] = [find("postfix"), "-c", self._root / "etc", command]
            done = subprocess.run(line, check=False, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if done.returncode != 0:
            raise BenchError(f"`postfix {command}` ended with {done.returncode}: {tail(self._root / 'log')}")


def _see_off(members: set[int], patience: float = 5.0) -> None:
    """Waits for processes of ours to end, then kills those of them that still run a Postfix program."""
    deadline = time.monotonic() + patience
    while members := {pid for pid in members if _runs_postfix(pid)}:
        if time.monotonic() > deadline:
            for pid in members:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)


def _runs_postfix(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return "/postfix/" in os.readlink(f"/proc/{pid}/exe")
    return False
