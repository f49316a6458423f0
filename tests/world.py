"""The real program between clients that say what a test wants and remote hosts that keep every octet.

Tests of one directory share one daemon, so each uses addresses of its own (`World.address`).
"""

from __future__ import annotations

import base64
import itertools
import re
import resource
import signal
import socket
import ssl
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Literal, Self

from postduif.mta import users
from tests.capture import Capture
from tests.mta import tls_pair
from tests.program import Program

PATIENCE = 60.0  # real seconds
Door = Literal["trusted", "auth", "inbound", "normalize", "hasty", "implicit", "plain_auth", "small", "held"]
DOORS: dict[Door, str] = {
    "trusted": "",
    "auth": 'auth = "required"\ntls = "starttls"\ncertificate = "{tls}/cert.pem"\nprivate_key = "{tls}/key.pem"\n',
    "inbound": 'role = "inbound"\n',
    "normalize": 'trusted = ["127.0.0.0/8"]\nnormalize = true\nmax_connections = 5000\n'
    "max_connections_per_client = 4900\n",
    "hasty": 'trusted = ["127.0.0.0/8"]\nidle_timeout = "1s"\nmin_data_rate = 5000\nmax_connections = 5000\n'
    "max_connections_per_client = 4900\n",
    "implicit": 'tls = "implicit"\ncertificate = "{tls}/cert.pem"\nprivate_key = "{tls}/key.pem"\n'
    'auth = "required"\nidle_timeout = "2s"\n',
    "plain_auth": 'auth = "optional"\nauth_without_tls = true\n',
    "small": 'trusted = ["127.0.0.0/8"]\nmax_message_size = "100K"\nmax_line_length = "64K"\n'
    "max_connections_per_client = 20\n",
    "held": 'trusted = ["127.0.0.0/8"]\nallowed_senders = ["*@shop.example"]\n',
}
"""Listeners by name, and what sets each apart. The first trusts 127.0.0.0/8."""

POSTMASTER = "post@remote.example"
HEADER = (
    "From: app@sender.example\r\nTo: someone@remote.example\r\nSubject: hello\r\n"
    "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\nMessage-ID: <1@sender.example>\r\n"
)


class Dialogue:
    """A client: it says what it is told, and hears whole replies."""

    def __init__(self, address: tuple[str, int], source: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection(address, PATIENCE, (source, 0))
        self._file = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        """Connected."""
        return self

    def __exit__(self, *_: object) -> None:
        """Gone."""
        self._file.close()
        self.socket.close()

    def send(self, octets: bytes | str) -> None:
        """Text is a line; octets go as they are. The peer may be gone."""
        with suppress(ConnectionError):
            self.socket.sendall(octets if isinstance(octets, bytes) else octets.encode() + b"\r\n")

    def hear(self) -> str:
        """A reply, its lines joined by newlines; "" when the connection is over."""
        lines: list[str] = []
        while not lines or lines[-1][3:4] == "-":
            try:
                line = self._file.readline()
            except ConnectionError:
                return ""
            if not line:
                return ""
            assert line.endswith(b"\r\n"), line
            lines.append(line[:-2].decode("ascii"))
        return "\n".join(lines)

    def say(self, octets: bytes | str) -> str:
        """Send, and hear one reply."""
        self.send(octets)
        return self.hear()

    def all_of(self, lines: list[str]) -> list[str]:
        """Send each when the one before is answered; the replies."""
        return [self.say(line) for line in lines]

    def rest(self) -> str:
        """What still comes until the connection is over."""
        return self.rest_of_octets().decode("ascii")

    def rest_of_octets(self) -> bytes:
        """The same where it may be TLS."""
        octets = b""
        with suppress(ConnectionError):
            while more := self._file.read1(65536):
                octets += more
        return octets

    def open(self, sender: str, *recipients: str) -> None:
        """EHLO, MAIL and RCPT, all taken."""
        lines = ["EHLO client.example", f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{one}>" for one in recipients)]
        replies = self.all_of(lines)
        assert all(reply.startswith("250") for reply in replies), replies

    def begin_tls(self) -> None:
        """STARTTLS and the handshake; nobody looks at the certificate."""
        assert self.say("STARTTLS").startswith("220")
        self.secure()

    def secure(self) -> None:
        """The handshake."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self._file.close()
        self.socket = context.wrap_socket(self.socket)
        self._file = self.socket.makefile("rb")

    def log_in(self, user: str, password: str) -> str:
        """AUTH PLAIN."""
        return self.say(f"AUTH PLAIN {base64.b64encode(f'{chr(0)}{user}{chr(0)}{password}'.encode()).decode()}")


class World:
    """`with World() as world:` runs it. Two remote hosts: `remote` knows extensions, `old` of old.example none."""

    def __init__(self, more: str = "") -> None:
        """`more` is TOML that follows the listeners."""
        self._stack = ExitStack()
        self._more = more
        self._numbers = itertools.count(1)
        self._places: dict[Door, tuple[str, int]] = {}

    def __enter__(self) -> Self:
        """Ready."""
        directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="postduif-world-")))
        self.remote = self._stack.enter_context(Capture())
        self.old = self._stack.enter_context(Capture(()))
        (directory / "tls").mkdir()
        tls_pair.make(directory / "tls")
        (directory / "tls" / "key.pem").chmod(0o600)
        (directory / "queue").mkdir(mode=0o700)
        users.add(directory / "queue", "alice", "open sesame", ["alice@sender.example", "*@alice.example"])
        users.add(directory / "queue", "root", "all doors")
        self.program = self._stack.enter_context(Program(directory, self._settings(directory)))
        text = self.program.path.read_text()
        self.program.path.write_text(text.replace("[server]", f'[server]\npostmaster = "{POSTMASTER}"'))
        self.program.start(PYTHONFAULTHANDLER="1")
        self.program.wait_told("READY=1")
        found = re.findall(r"listening address=(\S+):(\d+)", self.log())
        self._places = dict(zip(DOORS, ((host, int(port)) for host, port in found), strict=True))
        return self

    def __exit__(self, *_: object) -> None:
        """Over. Nothing that a test did may have ended the daemon."""
        log = self.log()
        self.program.send(signal.SIGTERM)
        status = self.program.ended()
        self._stack.close()
        assert status == 0, f"the daemon ended with {status}: {log[-5000:]}"

    def _settings(self, directory: Path) -> str:
        tables = ""
        for number, settings in enumerate(list(DOORS.values())[1:], 2):
            tables += f'[[listener]]\naddress = "127.0.0.{number}:0"\n{settings}'
        hops = "".join(
            f'[[next_hop]]\ndomain = "{domain}"\nhosts = ["127.0.0.1:{port}"]\n'
            for domain, port in (("old.example", self.old.port), ("*", self.remote.port))
        )
        return tables.replace("{tls}", str(directory / "tls")) + hops + self._more

    @property
    def directory(self) -> Path:
        """Where its settings, log and queue are."""
        return self.program.path.parent

    def log(self) -> str:
        """Every line so far."""
        return self.program.log.read_text()

    def memory(self) -> int:
        """Octets of the daemon that are in memory."""
        pages = Path(f"/proc/{self.program.pid}/statm").read_text().split()[1]
        return int(pages) * resource.getpagesize()

    def logged(self, pattern: str) -> str:
        """The first line with it, once it is there."""
        deadline = time.monotonic() + PATIENCE
        while not (found := re.search(f".*{pattern}.*", self.log())):
            assert time.monotonic() < deadline, f"no {pattern} in the log"
            time.sleep(0.02)
        return found[0]

    def place(self, door: Door = "trusted") -> tuple[str, int]:
        """Where a listener listens."""
        return self._places[door]

    def call(self, door: Door = "trusted", source: str = "127.0.0.1", *, greeted: bool = True) -> Dialogue:
        """Connect, and hear the greeting."""
        dialogue = Dialogue(self._places[door], source)
        if greeted:
            assert dialogue.hear().startswith("220 ")
        return dialogue

    def address(self, domain: str = "remote.example", name: str = "user") -> str:
        """A recipient that no other test has."""
        return f"{name}{next(self._numbers)}@{domain}"

    def deliver(self, body: str = "Hello.\r\n", *, header: str = HEADER, door: Door = "trusted") -> str:
        """Submit a mail to a new recipient, which is returned."""
        recipient = self.address()
        with self.call(door) as client:
            client.open("app@sender.example", recipient)
            assert client.say("DATA").startswith("354 ")
            stuffed = re.sub(r"(?m)^\.", "..", f"{header}\r\n{body}")
            reply = client.say(stuffed.encode() + b".\r\n")
            assert reply.startswith("250 2.0.0 queued as "), reply
        return recipient
