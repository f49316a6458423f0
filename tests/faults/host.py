"""A receiving host on all of loopback that misbehaves as a cell of the table says, and behaves once it is healed.

Each cell has addresses of its own, so that one listening socket is all the hosts. The host works on plain sockets: it
decides itself what is read, what is reset and what is never answered.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.faults.table import Cell

REPLIES = {"421": b"421 4.3.2 going down\r\n", "4xx": b"451 4.3.0 later\r\n", "5xx": b"554 5.3.0 never\r\n"}
GARBAGE = b"\x00\xff what is this\r\n"
ENDLESS = b"250-and more\r\n" * 300
MOST_ENDLESS = 20_000_000  # octets that somebody who cuts an endless reply never takes
READ_OF_LARGE = 20_000  # octets read of a mail before something goes wrong in its data
_RESET = struct.pack("ii", 1, 0)
_CHUNK = re.compile(rb"BDAT (\d+) LAST\r\n")
_OVER = {7, 8}  # states of TCP: CLOSE (after a reset) and CLOSE_WAIT (after FIN)


class Ended(Exception):  # noqa: N818  no error
    """The conversation is over."""


@dataclass
class Place:
    """What a host at one address does, and what was seen there."""

    cell: Cell | None = None
    """None: nothing goes wrong."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """It went wrong."""
    ended: str = ""
    """How the connection ended on which it did."""
    whole: bool = False
    """On that connection a mail was read to its end."""
    taken: int = 0
    """Mails answered with 250."""


class Hosts:
    """`async with Hosts() as hosts:` listens; `hosts.places` says what happens at which address."""

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self.healed = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen."""
        self._socket = socket.create_server(("0.0.0.0", 0), backlog=4000)
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self._accepting = asyncio.create_task(self._accept())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything."""
        self._accepting.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(self._accepting, *self._tasks, return_exceptions=True)
        self._socket.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(self._socket)
            task = asyncio.create_task(self._serve(client))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or RST would overtake what was said before
        with client:
            place = self.places[client.getsockname()[0]]
            conversation = Conversation(client, place, None if self.healed else place.cell)
            try:
                await conversation.run()
            except (Ended, OSError) as error:
                if conversation.wrong:
                    place.whole = place.whole or conversation.whole
                    place.ended = place.ended or ("closed" if isinstance(error, Ended) else "reset")


class Conversation:
    """One connection, from the banner to its end."""

    def __init__(self, client: socket.socket, place: Place, cell: Cell | None) -> None:
        self._client = client
        self._place = place
        self._cell = cell
        self._stage = cell.row.stage.partition(",")[0] if cell else ""
        self._mode = cell.mode if cell else ""
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._octets: int | None = None
        """Of the chunk that is being read; 0 while none is, None while all up to the dot is content."""
        self._open = False
        self.wrong = False
        """It went wrong on this connection."""

    async def run(self) -> None:
        """Until it is over. Raises Ended or OSError then."""
        await self._say("banner", b"220 mx\r\n")
        while True:
            line = await self._line()
            word = line[:4].upper()
            if self.wrong and word in (b"HELO", b"MAIL", b"RSET", b"QUIT"):
                self._place.ended = self._place.ended or "kept"
            if word == b"EHLO":
                await self._say("EHLO", self._offers())
            elif word == b"STAR":
                await self._say("STARTTLS", b"220 go\r\n")
                await self._read()  # the ClientHello
                await self._say("TLS handshake", b"")
            elif word == b"MAIL":
                self._open = await self._say("MAIL", b"250 ok\r\n")
            elif word == b"RCPT" and self._open:
                self._open = await self._say("RCPT", b"250 ok\r\n")
            elif word == b"DATA" and self._open:
                if await self._say("DATA", b"354 go\r\n"):
                    await self._content(None)
            elif word == b"BDAT":
                await self._content(int(line.split()[1]))
            elif word == b"QUIT":
                await self._say("QUIT", b"221 bye\r\n")
                raise Ended
            else:
                await self._write(b"250 ok\r\n" if word in (b"HELO", b"RSET") else b"503 5.5.1 no\r\n")

    async def _content(self, octets: int | None) -> None:
        self._octets, refused = octets, False
        while (end := self._end()) < 0:
            self._buffer += await self._read()
            if len(self._buffer) > READ_OF_LARGE and not refused and self._stage == "in data":
                refused = not await self._say("in data", b"")
        self._buffer, self._octets = self._buffer[end:], 0
        was_open, self._open = self._open, False
        if not was_open:
            await self._write(b"503 5.5.1 no\r\n")
        elif not refused and await self._say("after the dot", b"250 2.0.0 taken\r\n"):
            self._place.taken += 1
            await self._say("after 250", b"")

    def _end(self) -> int:
        """Where the content ends in what was read; -1 when it does not yet."""
        if self._octets is not None:
            return self._octets if len(self._buffer) >= self._octets else -1
        at = self._buffer.find(b"\r\n.\r\n")
        return -1 if at < 0 else at + 5

    @property
    def whole(self) -> bool:
        """The rest of what was read has the end of a mail, or the mail went before it."""
        if self._stage == "after the dot":
            return True
        if self._stage == "in data":
            return self._end() >= 0
        chunk = _CHUNK.search(self._buffer)
        return chunk is not None and len(self._buffer) - chunk.end() >= int(chunk[1])

    def _offers(self) -> bytes:
        offers = [b"mx"]
        if self._mode != "lock-step":
            offers.append(b"PIPELINING")
        if self._mode == "CHUNKING":
            offers.append(b"CHUNKING")
        if self._stage in ("STARTTLS", "TLS handshake"):
            offers.append(b"STARTTLS")
        return b"".join(b"250-%b\r\n" % offer for offer in offers[:-1]) + b"250 %b\r\n" % offers[-1]

    # --- what goes wrong

    async def _say(self, stage: str, reply: bytes) -> bool:
        """Answer, or do what is wrong at this stage; True if the answer was given."""
        if self._cell is None or self.wrong or self._stage != stage:
            await self._write(reply)
            return True
        self.wrong, fault = True, self._cell.fault
        self._place.reached.set()
        if fault in REPLIES:
            await self._write(REPLIES[fault])
            if fault != "421" and stage not in ("banner", "TLS handshake", "QUIT"):
                return False
        elif fault == "RST":
            self._place.ended = "gone"
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            raise Ended
        elif fault == "FIN":
            self._client.shutdown(socket.SHUT_WR)
        elif fault == "garbage":
            await self._write(GARBAGE)
        elif fault == "endless reply":
            for _ in range(MOST_ENDLESS // len(ENDLESS)):
                await self._write(ENDLESS)
            self._place.ended = "never cut"
        if fault == "never reads" or (stage == "in data" and fault != "hang"):
            await self._over()
        while True:
            self._buffer += await self._read()

    async def _over(self) -> None:
        """Read nothing until the other side has ended it."""
        state = 0
        while state not in _OVER:
            await asyncio.sleep(0.05)
            state = self._client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
        self._place.ended = "reset" if state == 7 else "closed"
        raise Ended

    # --- octets

    async def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            self._buffer += await self._read()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.rstrip(b"\r")

    async def _read(self) -> bytes:
        octets = await self._loop.sock_recv(self._client, 65_536)
        if not octets:
            raise Ended
        return octets

    async def _write(self, octets: bytes) -> None:
        await self._loop.sock_sendall(self._client, octets)
