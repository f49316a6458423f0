"""Readers who click: `python -m bench.clicking PATHS PORT SECONDS CONNECTIONS REUSE [RATE]` prints what they got, JSON.

Each connection sends a click when the answer to the one before is whole; with RATE all of them together send so many a
second at most. PATHS is a file with one path a line. They end early, and print, when they are terminated.
"""

from __future__ import annotations

import asyncio
import json
import signal
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

    def __init__(self, paths: list[str], port: int, until: float, pause: float, *, reuse: bool) -> None:
        self.paths: Iterator[str] = cycle(paths)
        self.port = port
        self.until = until
        self.pause = pause
        """Seconds from one click of a connection to the next, at least."""
        self.reuse = reuse
        self.waits = array("d")
        self.wrong = 0

    async def read(self) -> None:
        """One after the other, until the time is over."""
        streams, due = None, time.perf_counter()
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
            due += self.pause
            await asyncio.sleep(max(0.0, due - time.perf_counter()))

    def stop(self) -> None:
        """Each connection ends with the click that it is at."""
        self.until = 0.0


async def read_all(
    paths: list[str], port: int, seconds: float, connections: int, rate: float, *, reuse: bool
) -> dict[str, object]:
    """All of them at the same time. `rate`: clicks a second of all; 0: as many as there are answers."""
    began = time.perf_counter()
    readers = Readers(paths, port, began + seconds, connections / rate if rate else 0.0, reuse=reuse)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, readers.stop)
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
    file, port, seconds, connections, reuse, *more = arguments
    rate = float(more[0]) if more else 0.0
    paths = Path(file).read_text(encoding="ascii").split("\n")
    found = uvloop.run(read_all(paths, int(port), float(seconds), int(connections), rate, reuse=reuse == "1"))
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
