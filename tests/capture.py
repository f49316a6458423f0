"""A remote host that keeps every octet: what Postduif says to the world can be looked at as it was on the wire.

It runs in threads, so that tests may block. Recipients named `unknown...` are 550 5.1.1, `later...` 450 4.2.1.
"""

from __future__ import annotations

import re
import socket
import socketserver
import threading
from dataclasses import dataclass, field
from typing import Self

PATIENCE = 60.0  # real seconds
ALL = (b"PIPELINING", b"8BITMIME", b"SMTPUTF8", b"DSN", b"SIZE 100000000", b"ENHANCEDSTATUSCODES")


@dataclass
class Transaction:
    """One mail as it came: the lines of its commands without CRLF, and what lay between 354 and CRLF.CRLF."""

    ehlo: bytes
    mail: bytes
    rcpts: list[bytes] = field(default_factory=list)
    stuffed: bytes = b""
    """With doubled dots, and the CRLF before the last dot."""

    @property
    def content(self) -> bytes:
        """Without them."""
        return re.sub(rb"(?m)^\.", b"", self.stuffed)

    @property
    def recipients(self) -> list[str]:
        """Between the angle brackets."""
        return [line.partition(b"<")[2].partition(b">")[0].decode() for line in self.rcpts]

    @property
    def sender(self) -> str:
        """Between the angle brackets."""
        return self.mail.partition(b"<")[2].partition(b">")[0].decode()


class Capture:
    """`with Capture() as host:` listens on `host.port`. `offers` are the keywords of its EHLO reply."""

    def __init__(self, offers: tuple[bytes, ...] = ALL) -> None:
        self.offers = offers
        self.taken: list[Transaction] = []
        self.commands: list[bytes] = []
        self.at_once = 0
        """The most commands that were there when one was read."""
        self._changed = threading.Condition()
        host = self

        class Conversation(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                host.talk(_Wire(self.request))

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            request_queue_size = 100

            def handle_error(self, *_: object) -> None:
                """The peer went; the test that misses something will say so."""

        self._server = Server(("127.0.0.1", 0), Conversation)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        """Listening."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Closed."""
        self._server.shutdown()
        self._server.server_close()

    def to(self, recipient: str) -> Transaction:
        """The one mail for a recipient, once it is here."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._for(recipient), PATIENCE), f"nothing came for {recipient}"
            (one,) = self._for(recipient)
            return one

    def number(self, recipient: str) -> int:
        """How many mails came for it."""
        return len(self._for(recipient))

    def _for(self, recipient: str) -> list[Transaction]:
        return [one for one in self.taken if recipient in one.recipients]

    def talk(self, wire: _Wire) -> None:
        """One connection."""
        wire.say(b"220 remote.example ESMTP")
        ehlo, now = b"", Transaction(b"", b"")
        while line := wire.line():
            self.commands.append(line)
            self.at_once = max(self.at_once, wire.waiting)
            verb = line[:4].upper()
            if verb in (b"EHLO", b"HELO"):
                ehlo = line.rstrip(b"\r\n")
                answers = [b"remote.example", *(self.offers if verb == b"EHLO" else ())]
                wire.say(*(b"250-" + one for one in answers[:-1]), b"250 " + answers[-1])
            elif verb == b"MAIL":
                now = Transaction(ehlo, line.rstrip(b"\r\n"))
                wire.say(b"250 2.1.0 ok")
            elif verb == b"RCPT":
                wire.say(_verdict(now, line.rstrip(b"\r\n")))
            elif verb == b"DATA":
                wire.say(b"354 go")
                now.stuffed = wire.data()
                with self._changed:
                    self.taken += [now] if now.rcpts else []
                    self._changed.notify_all()
                wire.say(b"250 2.0.0 kept")
            elif verb == b"QUIT":
                wire.say(b"221 2.0.0 bye")
                return
            else:
                wire.say(b"250 2.0.0 ok" if verb in (b"RSET", b"NOOP") else b"500 5.5.2 what")


class _Wire:
    """A connection, octet by octet as it came."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""
        connection.settimeout(60)

    def say(self, *lines: bytes) -> None:
        self._connection.sendall(b"".join(line + b"\r\n" for line in lines))

    def line(self) -> bytes:
        """A command with its end; b"" when there is none."""
        return self._until(b"\n", 0)

    def data(self) -> bytes:
        """Up to CRLF.CRLF and nothing else."""
        self._buffer = b"\r\n" + self._buffer
        return self._until(b"\r\n.\r\n", -3)[2:]

    @property
    def waiting(self) -> int:
        """Commands that are here, with the one that was read last."""
        return 1 + self._buffer.count(b"\r\n")

    def _until(self, end: bytes, kept: int) -> bytes:
        while end not in self._buffer:
            more = self._connection.recv(65536)
            if not more:
                return b""
            self._buffer += more
        found, _, self._buffer = self._buffer.partition(end)
        found += end
        return found[:kept] if kept else found


def _verdict(now: Transaction, line: bytes) -> bytes:
    if b"<unknown" in line:
        return b"550 5.1.1 no such user"
    if b"<later" in line:
        return b"450 4.2.1 not now"
    now.rcpts.append(line)
    return b"250 2.1.5 ok"
