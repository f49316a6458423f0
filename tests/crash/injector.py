"""Clients that submit without end over many connections and remember, outside the daemon, what was acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

PATIENCE = 120.0  # real seconds for one reply
REST = 0.05  # seconds after a refusal


class Refused(Exception):  # noqa: N818  the name says what happened
    """The daemon said 4yz or 5yz."""


class Books(Protocol):
    """Where it is written down."""

    acknowledged: dict[str, Sequence[str]]
    refused: set[str]
    waits: list[tuple[float, float]]


class Injector:
    """`connections` clients that come back as soon as the daemon does."""

    def __init__(self, port: int, books: Books, seed: int, *, longest: int = 500, domains: int = 20) -> None:
        """`longest`: lines of a mail, at most; most are short."""
        self.heard: Counter[str] = Counter()
        """Replies other than what was hoped for, by code; "late" for those that did not come."""
        self.deaf = False
        """The machine of the daemon has no power: nothing that is still read was said by it."""
        self.doubted = 0
        """Nothing that is said of mails up to this number is believed."""
        self.begun = 0
        """The number of the last mail that was begun; it is the first part of its Message-ID."""
        self.answered = 0.0
        """When the last reply came after a dot, monotonic seconds."""
        self._port = port
        self._books = books
        self._seed = seed
        self._longest = longest
        self._domains = domains
        self._random = random.Random(seed)
        self._clients: list[asyncio.Task[None]] = []

    def start(self, connections: int) -> None:
        """Begin."""
        self._clients = [asyncio.create_task(self._submit_for_ever()) for _ in range(connections)]

    async def stop(self) -> None:
        """End, wherever they are."""
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def submit(self, *recipients: str) -> str:
        """One mail over one connection; its Message-ID. Raises OSError, EOFError or Refused, unless acknowledged."""
        async with self._connected() as (reader, writer):
            await self._greet(reader, writer)
            return await self._mail(reader, writer, list(recipients))

    async def _submit_for_ever(self) -> None:
        while True:
            with contextlib.suppress(OSError, EOFError):  # killed: whatever was not acknowledged is forgotten
                async with self._connected() as (reader, writer):
                    await self._session(reader, writer)
            await asyncio.sleep(4 * REST * self._random.random())

    @contextlib.asynccontextmanager
    async def _connected(self) -> contextlib.AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            yield reader, writer
        finally:
            writer.close()

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._expect(reader, "220")
        writer.write(b"EHLO app.sender.example\r\n")
        await self._expect(reader, "250")

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._greet(reader, writer)
        while True:
            recipients = [self._recipient() for _ in range(self._random.choice((1, 1, 1, 3)))]
            try:
                await self._mail(reader, writer, recipients)
            except Refused:
                await asyncio.sleep(REST * (1 + self._random.random()))
                writer.write(b"RSET\r\n")
                await self._expect(reader, "250")

    async def _mail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, recipients: list[str]) -> str:
        self.begun = number = self.begun + 1
        identity = f"<{number}.{self._seed}@app.sender.example>"
        writer.write(b"MAIL FROM:<app@sender.example>\r\n")
        await self._expect(reader, "250")
        writer.writelines(f"RCPT TO:<{one}>\r\n".encode() for one in recipients)
        writer.write(b"DATA\r\n")
        for code in (*["250"] * len(recipients), "354"):
            await self._expect(reader, code)
        writer.write(mail(identity, int(self._longest * self._random.random() ** 3)) + b".\r\n")
        said = time.monotonic()
        try:
            await self._expect(reader, "250")
        except Refused:
            self._books.refused.add(identity)
            raise
        finally:
            self.answered = time.monotonic()
            self._books.waits.append((self.answered, self.answered - said))
        if self.deaf or number <= self.doubted:
            raise EOFError
        self._books.acknowledged[identity] = recipients
        return identity

    def _recipient(self) -> str:
        kind = self._random.choices(("r", "permfail", "flaky"), (90, 5, 5))[0]
        return f"{kind}{self._random.randrange(10**9)}@d{self._random.randrange(self._domains)}.example"

    async def _expect(self, reader: asyncio.StreamReader, code: str) -> None:
        """Raises Refused when the daemon says no, EOFError when it is gone or says that it goes."""
        line = ""
        while line[:4] != code + " ":
            try:
                async with asyncio.timeout(PATIENCE):
                    line = (await reader.readline()).decode()
            except TimeoutError:
                self.heard["late"] += 1
                raise
            if line[:3] != code:
                if line:
                    self.heard[line[:3]] += 1
                raise EOFError(line) if line[:3] in ("", "421") else Refused(line)


def number_of(identity: str) -> int:
    """Of a mail, in the order in which they were begun."""
    return int(identity[1:].partition(".")[0])


def mail(identity: str, lines: int) -> bytes:
    """A mail whose last line says how long it is."""
    head = f"From: app@sender.example\r\nMessage-ID: {identity}\r\nSubject: crash\r\n\r\n"
    return head.encode() + b"A line of text.\r\n" * lines + f"{lines} lines\r\n".encode()


def whole(content: bytes) -> bool:
    """Nothing of such a mail is missing."""
    *_, last, _ = content.rsplit(b"\r\n", 2)
    return last == b"%d lines" % content.count(b"A line of text.\r\n")
