"""A whole MTA on the real clock in a thread of its own, for tests of pages that ask it over the control socket.

with running(tmp_path) as (pages, mta):
    number = mta.submit("a@x.example")
"""

from __future__ import annotations

import asyncio
import contextlib
import smtplib
import socket
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from postduif.app import App
from tests.web_world import Pages

T = TypeVar("T")
PATIENCE = 60.0  # real seconds

SETTINGS = """
[[listener]]
address = "127.0.0.1:0"
trusted = ["127.0.0.0/8"]
[[next_hop]]
domain = "*"
hosts = ["localhost:{port}"]
"""
"""`.format(port=...)`: where all mail goes."""
MAIL = b"From: app@sender.example\r\nTo: a@x.example\r\nSubject: <b>hello</b>\r\n\r\nHello.\r\n"


class Mta:
    """As a context, runs from its beginning to its end. `app` belongs to its loop: see `do`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.do(self._start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.do(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _start(self) -> None:
        self.app = App(self._path)
        await self.app.start()
        self._delivering = asyncio.create_task(self.app.delivery.run())

    async def _stop(self) -> None:
        await self.app.stop(1.0)
        self._delivering.cancel()
        await asyncio.gather(self._delivering, return_exceptions=True)

    def do(self, what: Coroutine[Any, Any, T]) -> T:
        """Have it done on the MTA's loop; its result."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(PATIENCE)

    def submit(self, *recipients: str, content: bytes = MAIL, sender: str = "app@sender.example") -> int:
        """One mail, as an application does; its queue id."""
        with smtplib.SMTP("127.0.0.1", self.app.servers[0].address[1], timeout=PATIENCE) as client:
            client.ehlo("app.sender.example")
            client.mail(sender)
            for one in recipients:
                assert client.rcpt(one)[0] == 250
            code, words = client.data(content)
            assert code == 250, words
            return int(words.split()[-1])

    def until(self, true: Callable[[], object]) -> None:
        """Return once it is so."""
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, "it never became so"
            time.sleep(0.02)


@contextlib.contextmanager
def running(directory: Path, settings: str = "") -> Iterator[tuple[Pages, Mta]]:
    """Pages and an MTA whose mail goes nowhere: the port is closed. `settings` is more TOML."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        given = SETTINGS.format(port=closed.getsockname()[1]) + settings
        with Pages(directory, given) as pages, Mta(pages.path) as mta:
            yield pages, mta
