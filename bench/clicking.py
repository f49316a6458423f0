"""Readers who click: `python -m bench.clicking PATHS PORT SECONDS CONNECTIONS REUSE` prints what they got as JSON.

Each connection sends a click when the answer to the one before is whole. PATHS is a file with one path a line.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from array import array
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import uvloop

_FIELDS = (
    "Host: news.sender.example\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0\r\n"
    "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
    "Accept-Language: nl,en;q=0.5\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n"
)
"""As a web server passes on what a browser sends."""


class Readers:
    """What all connections share."""

    def __init__(self, paths: list[str], port: int, until: float, *, reuse: bool) -> None:
        self.paths: Iterator[str] = cycle(paths)
        self.port = port
        self.until = until
        self.reuse = reuse
        self.waits = array("d")
        self.wrong = 0

    async def read(self) -> None:
        """One after the other, until the time is over."""
        streams = None
        while (sent := time.perf_counter()) < self.until:
            reader, writer = streams or await asyncio.open_connection("127.0.0.1", self.port)
            close = "" if self.reuse else "Connection: close\r\n"
            writer.write(f"GET {next(self.paths)} HTTP/1.1\r\n{_FIELDS}{close}\r\n".encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            self.waits.append(time.perf_counter() - sent)
            self.wrong += not answer.startswith(b"HTTP/1.1 302 ")
            streams = (reader, writer) if self.reuse else None
            if not self.reuse:
                writer.close()


async def read_all(paths: list[str], port: int, seconds: float, connections: int, *, reuse: bool) -> dict[str, object]:
    """All of them at the same time."""
    began = time.perf_counter()
    readers = Readers(paths, port, began + seconds, reuse=reuse)
    await asyncio.gather(*(readers.read() for _ in range(connections)))
    took, waits = time.perf_counter() - began, sorted(readers.waits)
    return {
        "clicks": len(waits),
        "wrong": readers.wrong,
        "rate": len(waits) / took,
        "median_ms": waits[len(waits) // 2] * 1000,
        "p99_ms": waits[len(waits) * 99 // 100] * 1000,
        "worst_ms": waits[-1] * 1000,
    }


def main(arguments: list[str]) -> None:
    """Print one line."""
    file, port, seconds, connections, reuse = arguments
    paths = Path(file).read_text(encoding="ascii").split("\n")
    found = uvloop.run(read_all(paths, int(port), float(seconds), int(connections), reuse=reuse == "1"))
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
