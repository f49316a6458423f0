"""Postfix as the remote MX: what Postduif sends lies in Postfix's mailboxes as it should.

One private instance serves the whole file. It lives outside pytest's directories: those are closed to the users that
Postfix's programs become. What Postfix stores has LF for CRLF, so that bodies are compared with LF.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from email import message_from_bytes
from pathlib import Path

import pytest

from bench.program import wait_for_greeting
from tests.dns_server import DnsServer
from tests.peers import need
from tests.stories.daemon import Daemon, statuses
from tests.stories.roads import by_mx, free_port

ZONE = """
    remote.example MX 10 mx.remote.example
    mx.remote.example A 127.0.0.1
"""
BODIES = {
    "lines": b".\r\n..\r\n...\r\n.dot\r\n\r\nFrom here\r\n. \r\n" + b"." * 998 + b"\r\n.\r\n\r\n\r\n",
    "octets": bytes(octet for octet in range(1, 256) if octet not in b"\r\n") + b"\r\n" + b"\xff" * 998 + b"\r\n",
    "large": b"".join(b"%06d.%s\r\n" % (number, b"\xe2\x82\xac" * 20) for number in range(3000)),
}
VERBS = ("data", "bdat")
USERS = ("tess", *(f"{verb}-{user}" for verb in VERBS for user in ("alice", "bob", "app", *BODIES)))
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
    """

    def __init__(self, root: Path) -> None:
        self.ports = {name: free_port() for name in ("data", "bdat", "tls")}
        self._root = root
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
        mailboxes = ", ".join(f"{user}@remote.example={user}/" for user in USERS)
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


@pytest.fixture(scope="module")
def postfix() -> Iterator[Postfix]:
    """The one instance of this file."""
    need("postfix", "openssl")
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only")
    with ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="postduif-mx-"))
        instance = Postfix(Path(directory))
        stack.callback(instance.stop)
        instance.start()
        yield instance


@pytest.fixture
def dns() -> Iterator[DnsServer]:
    """Knows Postfix as the MX of remote.example."""
    with DnsServer(ZONE) as server:
        yield server


def mail(body: bytes) -> bytes:
    """A mail to which nothing needs to be added."""
    return (
        b"From: app@remote.example\r\nTo: someone@remote.example\r\nSubject: hello\r\n"
        b"Date: Fri, 15 Jan 2027 08:00:00 +0000\r\nMessage-ID: <1@remote.example>\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    ) + body


def stored(content: bytes) -> bytes:
    """As Postfix writes it."""
    return content.replace(b"\r\n", b"\n")


def trace(content: bytes) -> list[str]:
    """The Received fields, the latest first, each on one line."""
    fields = message_from_bytes(content).get_all("Received", [])
    return [" ".join(field.split()) for field in fields]


@pytest.mark.parametrize("verb", VERBS)
def test_it_arrives_whole(tmp_path: Path, postfix: Postfix, dns: DnsServer, verb: str) -> None:
    """Two users get the mail with our trace field in one transaction; a third is unknown, and we pass on the reply."""
    content = mail(b"Hello.\r\n")
    alice, bob, nobody, app = (f"{verb}-{user}" for user in ("alice", "bob", "nobody", "app"))

    async def story() -> None:
        async with Daemon(tmp_path, by_mx(dns, postfix.ports[verb])) as daemon:
            recipients = [f"{user}@remote.example" for user in (alice, nobody, bob)]
            id = await daemon.submit(recipients, sender=f"{app}@remote.example", content=content)
            lines = {line.recipient.partition("@")[0]: line for line in await daemon.journal(id, 3)}
            await daemon.until(lambda: all(postfix.mails(user) for user in (alice, bob, app)))
            await daemon.until(lambda: daemon.app.store.stats.queued == 0)
        assert lines.keys() == {alice, nobody, bob}

        words = f"<{nobody}@remote.example>: Recipient address rejected: User unknown in virtual mailbox table"
        refused = lines.pop(nobody)
        assert (refused.kind, refused.code, refused.enhanced, refused.text) == ("failed", 550, "5.1.1", words)
        (notice,) = postfix.mails(app)
        (status,) = statuses(notice)
        assert " ".join(status["Diagnostic-Code"].split()) == f"smtp; 550 5.1.1 {words}"
        assert message_from_bytes(notice)["Return-Path"] == "<>"

        for user, line in lines.items():
            (copy,) = postfix.mails(user)
            assert copy.startswith(f"Return-Path: <{app}@remote.example>\n".encode())
            assert copy.endswith(stored(content))
            theirs, ours = trace(copy)
            assert theirs.startswith("from mta.sender.example (unknown [127.0.0.1]) by mx.remote.example (Postfix)")
            assert ours.startswith("from app.sender.example ([127.0.0.1]) by mta.sender.example")
            assert (line.kind, line.code, line.tls) == ("delivered", 250, "")
            assert line.host == f"mx.remote.example[127.0.0.1]:{postfix.ports[verb]}"
            assert f"with ESMTP id {line.text.split()[-1]};" in theirs
        assert lines[alice].text == lines[bob].text, "one transaction is one queue id at Postfix"

    asyncio.run(story())


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", BODIES)
def test_no_octet_is_changed(tmp_path: Path, postfix: Postfix, dns: DnsServer, kind: str, verb: str) -> None:
    """Lines of dots, every octet that a line may hold and two hundred kilobytes arrive as sent, by DATA and BDAT."""
    content, user = mail(BODIES[kind]), f"{verb}-{kind}"

    async def story() -> None:
        async with Daemon(tmp_path, by_mx(dns, postfix.ports[verb])) as daemon:
            id = await daemon.submit([f"{user}@remote.example"], content=content, mail=["BODY=8BITMIME"])
            (line,) = await daemon.journal(id)
            await daemon.until(lambda: postfix.mails(user))
        assert re.match(r"Ok: \d+ bytes queued as" if verb == "bdat" else "Ok: queued as", line.text)
        (copy,) = postfix.mails(user)
        assert copy.partition(b"\n\n")[2] == stored(BODIES[kind])
        assert copy.endswith(stored(content))

    asyncio.run(story())


def test_tls_is_used(tmp_path: Path, postfix: Postfix, dns: DnsServer) -> None:
    """STARTTLS is taken up though nobody vouches for the certificate; the journal and Postfix name the same cipher."""

    async def story() -> None:
        async with Daemon(tmp_path, by_mx(dns, postfix.ports["tls"])) as daemon:
            (line,) = await daemon.journal(await daemon.submit(["tess@remote.example"], content=mail(b"Secret.\r\n")))
            await daemon.until(lambda: postfix.mails("tess"))
        assert line.kind == "delivered"
        version, cipher = line.tls.split()[:2]
        assert version == "TLSv1.3"
        (copy,) = postfix.mails("tess")
        theirs = trace(copy)[0]
        assert f"using {version} with cipher {cipher} " in theirs
        assert "with ESMTPS id" in theirs

    asyncio.run(story())
