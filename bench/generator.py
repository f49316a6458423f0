"""The beginning of the road: a lean SMTP client, on uvloop.

Sessions side by side; MAIL, RCPT and DATA go out in one write (PIPELINING), then the message. Message n goes to domain
n modulo their number. Prints when it began and the seconds from then to the last 250, so that starting Python is not in
the figure. The bench prints what it can do with no mail transfer agent in between, and smtp-source too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import click
import uvloop

_LINE = b"X" * 78 + b"\r\n"


@dataclass(frozen=True, slots=True)
class Mail:
    """What every message has in common."""

    sender: str
    domains: int
    body: bytes

    def envelope(self, number: int) -> bytes:
        """The commands of one transaction."""
        recipient = f"reader@domain{number % self.domains}.example"
        return f"MAIL FROM:<{self.sender}>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode()

    def content(self, number: int) -> bytes:
        """The message and the end of data."""
        header = (
            f"From: <{self.sender}>\r\nTo: <reader@domain{number % self.domains}.example>\r\n"
            f"Date: Sat, 21 Nov 2026 12:00:00 +0000\r\nMessage-Id: <{number}.{id(self)}@load.example>\r\n\r\n"
        )
        return header.encode() + self.body


class Session(asyncio.Protocol):
    """One connection; takes the next number until there is none, then ends with QUIT."""

    def __init__(self, mail: Mail, numbers: Iterator[int]) -> None:
        self._mail = mail
        self._numbers = numbers
        self._number: int | None = None
        self._waiting = 1
        self._stage = "greeting"
        self._lines = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Waits for the greeting."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, octets: bytes) -> None:
        """Goes on when all the replies that are waited for have come."""
        self._lines += octets
        if not self._lines.endswith(b"\r\n"):
            return
        replies = [line for line in self._lines.splitlines() if line[3:4] != b"-"]
        if len(replies) < self._waiting:
            return
        self._lines = b""
        for reply in replies:
            if reply[:1] not in b"23":
                self._end(f"after {self._stage}: {reply.decode(errors='replace')}")
                return
        self._next()

    def connection_lost(self, error: Exception | None) -> None:
        """A connection that ends before its work is done is an error."""
        self._end(f"the connection was lost after {self._stage}: {error}")

    def _next(self) -> None:
        if self._stage == "greeting":
            self._say("EHLO", b"EHLO load.example\r\n", 1)
        elif self._stage == "envelope":
            assert self._number is not None
            self._say("content", self._mail.content(self._number), 1)
        else:
            self._number = next(self._numbers, None)
            if self._number is None:
                self._transport.write(b"QUIT\r\n")
                self._end("")
            else:
                self._say("envelope", self._mail.envelope(self._number), 3)

    def _say(self, stage: str, octets: bytes, replies: int) -> None:
        self._stage = stage
        self._waiting = replies
        self._transport.write(octets)

    def _end(self, problem: str) -> None:
        if not self.done.done():
            if problem:
                self.done.set_exception(ConnectionError(problem))
            else:
                self.done.set_result(None)


async def send(port: int, mail: Mail, messages: int, sessions: int) -> tuple[float, float]:
    """When it began (time.monotonic) and seconds until the last 250.

    Raises ConnectionError with the reply when a message is not taken.
    """
    loop = asyncio.get_running_loop()
    numbers = iter(range(messages))
    started = time.monotonic()
    clients = [
        await loop.create_connection(lambda: Session(mail, numbers), "127.0.0.1", port)
        for _ in range(min(sessions, messages))
    ]
    try:
        await asyncio.gather(*[session.done for _, session in clients])
        return started, time.monotonic() - started
    finally:
        for transport, _ in clients:
            transport.close()


@click.command()
@click.option("--port", type=int, required=True, help="Port on 127.0.0.1.")
@click.option("--messages", type=int, required=True, help="In all.")
@click.option("--size", type=int, required=True, help="Octets of the body.")
@click.option("--domains", type=int, required=True, help="Recipient domains.")
@click.option("--sessions", type=int, required=True, help="Side by side.")
@click.option("--sender", required=True, help="Envelope sender and From.")
def main(port: int, messages: int, size: int, domains: int, sessions: int, sender: str) -> None:
    """Sends messages and prints when it began and how many seconds it took."""
    lines, rest = divmod(size, len(_LINE))
    mail = Mail(sender, domains, _LINE * lines + b"X" * max(0, rest - 2) + b"\r\n.\r\n")
    try:
        started, seconds = uvloop.run(send(port, mail, messages, sessions))
        click.echo(f"{started} {seconds}")
    except OSError as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
