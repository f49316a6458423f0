"""Hosts that are not well.

Silent: no SYN is answered, as behind a firewall. Tarpit: every reply takes many seconds, and what is sent is taken one
octet at a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket

import click

_OCTET_EVERY = 0.05  # seconds
_REPLIES = {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}


def silent(address: str, port: int) -> list[socket.socket]:
    """A listener whose queue of connections is full, and what fills it: further SYNs are dropped. Keep them all."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((address, port))
    listening.listen(0)
    held = [listening]
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)  # noqa: FBT003  it takes no name
        filler.connect_ex((address, port))
        held.append(filler)
    return held


async def tarpit(address: str, port: int, delay: float) -> None:
    """Listens until cancelled; every reply comes after `delay` seconds."""
    loop = asyncio.get_running_loop()
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # the kernel takes as little as it can, too
        listening.bind((address, port))
        listening.listen(1000)
        listening.setblocking(False)  # noqa: FBT003
        sticking: set[asyncio.Task[None]] = set()
        while True:
            connection, _ = await loop.sock_accept(listening)
            task = loop.create_task(_stick(connection, delay))
            sticking.add(task)
            task.add_done_callback(sticking.discard)


async def _stick(connection: socket.socket, delay: float) -> None:
    loop = asyncio.get_running_loop()
    with connection, contextlib.suppress(OSError):
        connection.setblocking(False)  # noqa: FBT003
        await asyncio.sleep(delay)
        await loop.sock_sendall(connection, b"220 tarpit.example\r\n")
        line = b""
        while octet := await loop.sock_recv(connection, 1):
            line += octet
            if not line.endswith(b"\n"):
                await asyncio.sleep(_OCTET_EVERY)
                continue
            await asyncio.sleep(delay)
            await loop.sock_sendall(connection, _REPLIES.get(line[:4].upper(), b"250 go on\r\n"))
            line = b""


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--silent", "silent_address", required=True, help="Address of the silent host.")
@click.option("--tarpit", "tarpit_address", required=True, help="Address of the tarpit.")
@click.option("--delay", type=float, required=True, help="Seconds before each of the tarpit's replies.")
def main(port: int, silent_address: str, tarpit_address: str, delay: float) -> None:
    """Runs until it is ended."""
    held = silent(silent_address, port)
    try:
        asyncio.run(tarpit(tarpit_address, port, delay))
    finally:
        for one in held:
            one.close()


if __name__ == "__main__":
    main()
