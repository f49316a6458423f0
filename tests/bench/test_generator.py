"""The generator for many domains speaks SMTP as it should, and stops at the first refusal."""

from __future__ import annotations

import asyncio

import pytest

from bench.generator import Mail, send


class Server:
    """Answers by script; keeps what was said."""

    def __init__(self, refuse: bytes = b"") -> None:
        self.said: list[bytes] = []
        self.talks: set[asyncio.Task[None]] = set()
        self._refuse = refuse

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        task = asyncio.current_task()
        assert task
        self.talks.add(task)
        try:
            await self._answer(reader, writer)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            self.said.append(line)
            if self._refuse and line.startswith(self._refuse):
                writer.write(b"550 5.7.1 no\r\n")
            elif line.startswith(b"EHLO"):
                writer.write(b"250-here\r\n250 PIPELINING\r\n")
            elif line == b"DATA\r\n":
                writer.write(b"354 go\r\n")
                self.said.append(await reader.readuntil(b"\r\n.\r\n"))
                writer.write(b"250 ok\r\n")
            elif line == b"QUIT\r\n":
                break
            else:
                writer.write(b"250 ok\r\n")


async def meet(server: Server, messages: int) -> tuple[float, float]:
    """Sends to the server on a free port."""
    listening = await asyncio.start_server(server.talk, "127.0.0.1", 0)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        try:
            return await send(port, Mail("a@sender.example", 3, b"body\r\n.\r\n"), messages, 2)
        finally:
            await asyncio.gather(*server.talks, return_exceptions=True)


def test_domains_are_visited_in_turn() -> None:
    """Seven messages to three domains: three, two and two; each a whole message with its own Message-Id."""
    server = Server()
    _, seconds = asyncio.run(meet(server, 7))
    assert seconds > 0
    recipients = sorted(line for line in server.said if line.startswith(b"RCPT"))
    assert [sum(b"@domain%d." % n in line for line in recipients) for n in range(3)] == [3, 2, 2]
    contents = [text for text in server.said if text.endswith(b"\r\n\r\nbody\r\n.\r\n")]
    assert len({text.split(b"Message-Id:")[1] for text in contents}) == 7


@pytest.mark.parametrize("command", [b"EHLO", b"MAIL", b"RCPT"])
def test_refusal_ends_it(command: bytes) -> None:
    """A refusal anywhere is an error that quotes the reply."""
    with pytest.raises(ConnectionError, match=r"550 5\.7\.1 no"):
        asyncio.run(meet(Server(refuse=command), 3))
