r"""Runs an SMTP transcript against a session, its input cut in any way.

    # a comment
    @ max_recipients = 2        a setting of the listener, as in the file
    @ tls                       the session is under TLS; `@ user NAME PASSWORD` is one who may log in
    > EHLO client               a line sent, CRLF is added
    * .\r\r\n                   octets sent as they are, with the escapes of Python
    & 250 DSN                   a reply of several lines, whose last begins so
    < 250 2.1.0                 a reply line begins so; every reply must be there, and no other
    = one@example.com           a mail was queued for these recipients; after `|` what its content holds, escaped
    ! 421                       the connection is closed

Lines sent without a reply between them go out together.
"""

from __future__ import annotations

import itertools
import random
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postduif.address import Address
from postduif.config.schema import Listener
from postduif.mta import sasl
from postduif.mta.login import Login
from postduif.mta.server_dialog import BeginTls, Commit
from postduif.mta.server_session import ServerSession
from postduif.mta.server_terms import Terms
from postduif.mta.submission import Client
from postduif.reply import Reply
from tests.fakes import FakeClock
from tests.mta.smtp_door import HOSTNAME, Door

Cut = Callable[[bytes], Iterator[bytes]]


def whole(octets: bytes) -> Iterator[bytes]:
    """All at once."""
    yield octets


def single(octets: bytes) -> Iterator[bytes]:
    """One octet at a time."""
    yield from (octets[at : at + 1] for at in range(len(octets)))


def at_random(seed: int) -> Cut:
    """In pieces of 1 to 40 octets, the same for the same seed."""

    def cut(octets: bytes) -> Iterator[bytes]:
        chance = random.Random(seed)
        at = 0
        while at < len(octets):
            size = chance.randint(1, 40)
            yield octets[at : at + size]
            at += size

    return cut


@dataclass
class Peer:
    """A session and what stands around it: it queues, checks passwords and begins TLS at once."""

    settings: dict[str, Any] = field(default_factory=dict)
    tls: bool = False
    passwords: dict[str, str] = field(default_factory=dict)
    door: Door = field(default_factory=Door)
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        """Makes the session and hears its greeting."""
        listener = Listener.model_validate({"address": "127.0.0.1:0", **self.settings})
        starttls = listener.tls == "starttls"
        self.terms = Terms(listener, HOSTNAME, self.door, self.clock, starttls)  # type: ignore[arg-type]
        self.session = self._session("TLSv1.3 X" if self.tls else "")
        self.greeting = self.session.greet()

    def say(self, octets: bytes, cut: Cut = whole) -> bytes:
        """Send octets, cut so; what came back."""
        out = b""
        for piece in cut(octets):
            if self.session.closing:
                break
            out += self._go_on(self.session.receive(piece, self.clock.monotonic()))
        return out

    def _go_on(self, out: bytes) -> bytes:
        while (want := self.session.want) is not None or self.session.stalled:
            if isinstance(want, BeginTls):
                self.session = self._session("TLSv1.3 X", greeted=True)
            elif isinstance(want, Commit):
                self.door.mails.append((want.client, want.envelope, want.content))
                out += self.session.committed(Reply(250, "2.0.0", f"queued as {len(self.door.mails)}"))
            elif isinstance(want, sasl.Claim):
                right = self.passwords.get(want.user) == want.password
                out += self.session.verified(want, Login("ok" if right else "failed"))
            out += self.session.receive(b"", self.clock.monotonic())
        return out

    def _session(self, tls: str, *, greeted: bool = False) -> ServerSession:
        client = Client("127.0.0.1", "", "", tls, trusted=True, listener=self.terms.listener)
        return ServerSession(self.terms, client, greeted=greeted)


def run(path: Path, cut: Cut) -> None:
    """Play a transcript. Raises AssertionError with the line that went another way."""
    lines = [(n, line) for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if line and line[0] != "#"]
    peer = _peer([line[2:] for _, line in lines if line[0] == "@"])
    out = peer.greeting
    mails = iter(peer.door.mails)
    for sent, group in itertools.groupby((one for one in lines if one[1][0] != "@"), key=lambda one: one[1][0] in ">*"):
        if sent:
            assert not out, f"{path.name}: unexpected {out!r}"
            out = peer.say(b"".join(map(_octets, (line for _, line in group))), cut)
            continue
        for number, line in group:
            where = f"{path.name}:{number}: {line}"
            if line[0] == "&":
                out = re.sub(rb"\A(\d\d\d-.*\r\n)+", b"", out)
            if line[0] in "<&":
                reply, _, out = out.partition(b"\r\n")
                assert reply.decode().startswith(line[2:]), f"{where}: got {reply!r}"
            elif line[0] == "!":
                assert peer.session.closing, where
                assert out.decode().startswith(line[2:]), f"{where}: got {out!r}"
                out = b""
            else:
                _queued(next(mails, None), line[2:], where)
    assert not out, f"{path.name}: unexpected {out!r}"
    assert next(mails, None) is None, f"{path.name}: more was queued"


def _octets(line: str) -> bytes:
    if line[0] == ">":
        return line[2:].encode() + b"\r\n"
    return line[2:].encode().decode("unicode_escape").encode("latin-1")


def _queued(mail: tuple[Any, Any, bytes] | None, wanted: str, where: str) -> None:
    assert mail is not None, f"{where}: nothing was queued"
    recipients, bar, content = wanted.partition(" | ")
    _, envelope, got = mail
    assert " ".join(str(recipient.address) for recipient in envelope.recipients) == recipients, where
    assert isinstance(envelope.sender, Address)
    assert not bar or got == content.encode().decode("unicode_escape").encode("latin-1"), f"{where}: got {got!r}"


def _peer(settings: list[str]) -> Peer:
    passwords = dict(line.split()[1:] for line in settings if line.startswith("user "))
    toml = "\n".join(line for line in settings if "=" in line)
    return Peer(tomllib.loads(toml), "tls" in settings, passwords)
