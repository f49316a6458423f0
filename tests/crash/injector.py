"""Clients that submit without end over many connections and remember, outside the daemon, what was acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import random

PATIENCE = 10.0  # real seconds for one reply


class Injector:
    """`connections` clients that come back as soon as the daemon does."""

    def __init__(self, port: int, seed: int) -> None:
        self.acknowledged: dict[str, list[str]] = {}
        """Message-ID to recipients, of what was answered with 250 after the dot."""
        self._port = port
        self._random = random.Random(seed)
        self._numbers = itertools.count(1)
        self._clients: list[asyncio.Task[None]] = []

    def start(self, connections: int) -> None:
        """Begin."""
        self._clients = [asyncio.create_task(self._submit_for_ever()) for _ in range(connections)]

    async def stop(self) -> None:
        """End, wherever they are."""
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _submit_for_ever(self) -> None:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                await asyncio.sleep(0.2 * self._random.random())
                continue
            try:
                await self._session(reader, writer)
            except (OSError, EOFError):
                continue  # killed: whatever was not acknowledged is forgotten
            finally:
                writer.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _expect(reader, b"220")
        writer.write(b"EHLO app.sender.example\r\n")
        await _expect(reader, b"250")
        while True:
            identity = f"<{next(self._numbers)}@app.sender.example>"
            recipients = [self._recipient() for _ in range(self._random.choice((1, 1, 1, 3)))]
            writer.write(b"MAIL FROM:<app@sender.example>\r\n")
            writer.writelines(f"RCPT TO:<{one}>\r\n".encode() for one in recipients)
            writer.write(b"DATA\r\n")
            for code in (b"250", *[b"250"] * len(recipients), b"354"):
                await _expect(reader, code)
            writer.write(mail(identity, self._random.randrange(2000)) + b".\r\n")
            await _expect(reader, b"250")
            self.acknowledged[identity] = recipients

    def _recipient(self) -> str:
        kind = self._random.choices(("r", "permfail", "flaky"), (90, 5, 5))[0]
        return f"{kind}{self._random.randrange(10**9)}@d{self._random.randrange(20)}.example"


def mail(identity: str, lines: int) -> bytes:
    """A mail whose last line says how long it is."""
    head = f"From: app@sender.example\r\nMessage-ID: {identity}\r\nSubject: crash\r\n\r\n"
    return head.encode() + b"A line of text.\r\n" * lines + f"{lines} lines\r\n".encode()


def whole(content: bytes) -> bool:
    """Nothing of such a mail is missing."""
    *_, last, _ = content.rsplit(b"\r\n", 2)
    return last == b"%d lines" % content.count(b"A line of text.\r\n")


async def _expect(reader: asyncio.StreamReader, code: bytes) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            line = await reader.readline()
            if line[:4] == code + b" ":
                return
            if line[:4] != code + b"-":
                raise EOFError(line)
