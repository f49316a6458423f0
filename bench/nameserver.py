"""DNS for ten thousand domains: every domain has one MX, `mx.` before its own name, so each is a site of its own.

Where such a host is depends on the first word of the domain: `silent-7.example` is at the address given for `silent`,
what begins with no such word at that of the empty word. Answers are made from the question's octets: they cost little.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from typing import cast

import click
import uvloop

_A, _MX = 1, 15
_TTL = 3600
_HEADER = 12
_POINTER = b"\xc0\x0c"  # to the name of the question (RFC 1035 4.1.4)
_EXCHANGE = struct.pack(">H", 10) + b"\x02mx" + _POINTER


def labels(message: bytes) -> list[str]:
    """The name that is asked for, lower-case. Raises IndexError for what is no question."""
    found, at = [], _HEADER
    while length := message[at]:
        found.append(message[at + 1 : at + 1 + length].decode("ascii", "replace").lower())
        at += 1 + length
    return found


def answer(query: bytes, places: Mapping[str, str]) -> bytes:
    """The reply to one question. `places` has an address for each word; that of "" is for all others."""
    name = labels(query)
    end = _HEADER + sum(len(label) + 1 for label in name) + 1 + 4
    (kind,) = struct.unpack_from(">H", query, end - 4)
    content = b""
    if kind == _MX and name[:1] != ["mx"]:
        content = _EXCHANGE
    elif kind == _A and name[:1] == ["mx"]:
        content = socket.inet_aton(places.get(name[1].partition("-")[0], places[""]))
    head = query[:2] + struct.pack(">HHHHH", 0x8580, 1, bool(content), 0, 0)  # an answer, authoritative, recursion
    if not content:
        return head + query[_HEADER:end]
    record = _POINTER + struct.pack(">HHIH", kind, 1, _TTL, len(content)) + content
    return head + query[_HEADER:end] + record


class _Server(asyncio.DatagramProtocol):
    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = places

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, query: bytes, peer: tuple[str | object, int]) -> None:
        self._transport.sendto(answer(query, self._places), peer)


async def serve(port: int, places: Mapping[str, str]) -> None:
    """Answers on 127.0.0.1 until cancelled."""
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: _Server(places), ("127.0.0.1", port))
    await loop.create_future()


@click.command()
@click.option("--port", type=int, required=True, help="UDP port on 127.0.0.1.")
@click.option("--place", "places", multiple=True, help="word=address; =address for all others.")
def main(port: int, places: tuple[str, ...]) -> None:
    """Answers until it is ended."""
    uvloop.run(serve(port, dict(cast("tuple[str, str]", tuple(place.split("="))) for place in places)))


if __name__ == "__main__":
    main()
