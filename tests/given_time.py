"""An event loop whose time tests move on by hand: a deadline of ten minutes is over in a moment, and not before."""

from __future__ import annotations

import asyncio


class GivenTimeLoop(asyncio.SelectorEventLoop):
    """asyncio's own loop. Its time runs as ever, and jumps by `advance`."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead = 0.0

    def time(self) -> float:
        """Seconds since some moment."""
        return super().time() + getattr(self, "_ahead", 0.0)

    def advance(self, seconds: float) -> None:
        """Move the time on; what was to happen until then happens in the next turns. Call it on the loop's thread."""
        self._ahead += seconds
