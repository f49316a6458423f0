"""A private Postfix, with mailboxes at remote.example, for tests that need another's understanding of SMTP.

It lives outside pytest's directories: those are closed to the users that Postfix's programs become.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from bench.program import wait_for_greeting
from tests.peers import need
from tests.stories.roads import free_port

PATIENCE = 5.0  # real seconds that Postfix's processes have to end
MAIN = """\
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/lib
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.remote.example
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = loopback-only
inet_protocols = ipv4
smtpd_peername_lookup = no
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_chain_files = {root}/etc/key.pem, {root}/etc/certificate.pem
smtpd_tls_received_header = yes
virtual_mailbox_domains = remote.example
virtual_mailbox_base = {root}/mail
virtual_mailbox_maps = inline:{{ {mailboxes} }}
virtual_uid_maps = static:{owner.pw_uid}
virtual_gid_maps = static:{owner.pw_gid}
"""
MASTER = """\
127.0.0.1:{data} inet n - n - - smtpd -o smtpd_discard_ehlo_keywords=chunking
127.0.0.1:{bdat} inet n - n - - smtpd
127.0.0.1:{naive} inet n - n - - smtpd -o smtpd_discard_ehlo_keywords=chunking -o smtpd_forbid_bare_newline=no
127.0.0.1:{tls} inet n - n - - smtpd -o smtpd_tls_security_level=may
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
"""


class Postfix:
    """A private instance below `root`, between `start` and `stop`.

    Its ports: on `bdat` it offers CHUNKING (RFC 3030), on `data` it does not, on `tls` STARTTLS and CHUNKING.
    On `naive` a bare LF ends a line, as it did everywhere once (CVE-2023-51764).
    """

    def __init__(self, root: Path, users: Sequence[str]) -> None:
        self.ports = {name: free_port() for name in ("data", "bdat", "tls", "naive")}
        self._root = root
        self._users = users
        self._master = 0

    def start(self) -> None:
        """Make its files, with a fresh certificate that nobody has signed, and start it."""
        (openssl,) = need("openssl")
        nobody = pwd.getpwnam("nobody")
        self._root.chmod(0o755)
        for name, owner in (("etc", "root"), ("queue", "root"), ("lib", "postfix"), ("mail", "nobody")):
            (self._root / name).mkdir()
            os.chown(self._root / name, pwd.getpwnam(owner).pw_uid, -1)
        etc = self._root / "etc"
        request = f"{openssl} req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=mx.remote.example"
        self._run(*request.split(), "-keyout", etc / "key.pem", "-out", etc / "certificate.pem")
        mailboxes = ", ".join(f"{user}@remote.example={user}/" for user in self._users)
        (etc / "main.cf").write_text(MAIN.format(root=self._root, mailboxes=mailboxes, owner=nobody))
        (etc / "master.cf").write_text(MASTER.format(**self.ports))
        self._postfix("start")
        self._master = int((self._root / "queue" / "pid" / "master.pid").read_text())
        for port in self.ports.values():
            wait_for_greeting(port, None)

    def stop(self) -> None:
        """Stop it; what is left of its process group after a while is killed."""
        if not self._master:
            return
        self._postfix("stop")
        deadline = time.monotonic() + PATIENCE
        with suppress(ProcessLookupError):
            while time.monotonic() < deadline:
                os.killpg(self._master, 0)
                time.sleep(0.02)
            os.killpg(self._master, signal.SIGKILL)

    def mails(self, user: str) -> list[bytes]:
        """What lies in a mailbox, with LF."""
        return [path.read_bytes() for path in (self._root / "mail" / user / "new").glob("*")]

    def _postfix(self, command: str) -> None:
        (postfix,) = need("postfix")
        self._run(postfix, "-c", self._root / "etc", command)

    def _run(self, *command: str | Path) -> None:
        with (self._root / "log").open("ab") as log:  # a pipe would be held open by master
            done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        assert done.returncode == 0, (self._root / "log").read_text()


@contextmanager
def running(users: Sequence[str]) -> Iterator[Postfix]:
    """An instance with mailboxes for these users; a skip where there is no Postfix or no root."""
    need("postfix", "openssl")
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only")
    with tempfile.TemporaryDirectory(prefix="postduif-mx-") as directory:
        instance = Postfix(Path(directory), users)
        try:
            instance.start()
            yield instance
        finally:
            instance.stop()
