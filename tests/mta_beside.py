"""The daemon's doors and lists in a thread of the test, for what asks over its control socket. Nothing is delivered."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from postduif.app import App

PATIENCE = 60.0  # real seconds
LISTENER = """
[dns]
nameservers = ["127.0.0.1:9"]
timeout = "1s"
[[listener]]
address = "127.0.0.1:0"
trusted = ["127.0.0.0/8"]
"""
"""Settings that it needs; DNS is asked in vain."""


class MtaBeside:
    """`with MtaBeside(path of the settings):`"""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._ready = threading.Event()
        self._over = asyncio.Event()
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """It answers."""
        self._thread.start()
        assert self._ready.wait(PATIENCE)
        if self._fault is not None:
            raise self._fault
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """It does not any more."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            app = App(self._path)
            await app.start()
        except BaseException as error:
            self._fault = error
            self._ready.set()
            return
        self._ready.set()
        await self._over.wait()
        await app.stop(0.0)
