"""A peer that says what it was told to say, once: enough to see what a client makes of strange answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from postduif.config.kinds import HostPort

T = TypeVar("T")


async def _met(answer: bytes | None, question: Callable[[HostPort], Awaitable[T]]) -> tuple[T, bytes]:
    asked = bytearray()
    gone = asyncio.Event()

    async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.extend(await reader.readuntil(b"\r\n\r\n"))
        if answer is None:
            await gone.wait()
        else:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    try:
        host, port = server.sockets[0].getsockname()
        return await question(HostPort(f"{host}:{port}")), bytes(asked)
    finally:
        gone.set()
        server.close()


def met(answer: bytes | None, question: Callable[[HostPort], Awaitable[T]]) -> tuple[T, bytes]:
    """What a question to such a peer comes to, and the head of what the peer was asked. None: it never answers."""
    return asyncio.run(_met(answer, question))
