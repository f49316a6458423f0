"""What is on disk to be done, tried until it is: a thread's rounds, waiting for an MTA that is away, putting off.

Each thing may be done again, so it is remembered on disk alone. What fails for a reason of its own is put off and the
rest goes on; while the MTA is away nothing is tried, as all would fail. Both are told in the log once.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import NamedTuple

from postduif import log
from postduif.clock import Clock
from postduif.errors import PostduifError
from postduif.mta.control import ControlError

SILENT = 2.0
"""Seconds until an MTA that did not answer is asked again, and a file that cannot be read is opened again."""
LATER = 60.0
"""Seconds until what failed otherwise is tried again."""


class Insisting:
    """What failed, for one kind of thing. By one thread at a time."""

    def __init__(self, noun: str, clock: Clock) -> None:
        """`noun`: what the log calls one of them."""
        self._noun = noun
        self._clock = clock
        self._silent_until = float("-inf")
        self._put_off: dict[int, float] = {}

    @property
    def silent(self) -> bool:
        """The MTA did not answer just now."""
        return self._clock.monotonic() < self._silent_until

    def tried(self, id_: int, do: Callable[[], None], **about: object) -> bool:
        """Do it, unless it is put off. `about` is for the log. False: the MTA is away, and the others wait, too."""
        now = self._clock.monotonic()
        if self._put_off.get(id_, now) > now:
            return True
        try:
            do()
        except ControlError as error:
            if self._silent_until == float("-inf"):
                log.warning("mta_silent", error=error, remedy="what people asked for is on file and carried later")
            self._silent_until = self._clock.monotonic() + SILENT
            return False
        except PostduifError as error:
            if id_ not in self._put_off:
                log.error(f"{self._noun}_stuck", id=id_, **about, error=error, remedy="it is tried again")
            self._put_off[id_] = self._clock.monotonic() + LATER
            return True
        self._silent_until = float("-inf")
        self._put_off.pop(id_, None)
        return True


class Rounds(NamedTuple):
    """A thread's work on one file."""

    where: str
    """What the log calls it."""
    there: Callable[[], bool]
    """There is such a file by now; until then nothing is done."""
    opened: Callable[[], AbstractContextManager[sqlite3.Connection]]
    step: Callable[[sqlite3.Connection], None]
    every: float
    """Seconds from the end of a step to the next."""


def rounds(of: Rounds, stop: threading.Event) -> None:
    """Step by step, until told to stop."""
    while not stop.is_set():
        try:
            if of.there():
                with of.opened() as connection:
                    while not stop.is_set():
                        of.step(connection)
                        stop.wait(of.every)
        except PostduifError as error:
            log.error(f"{of.where}_stuck", error=error, remedy="it is tried again within seconds")
        except Exception as error:  # a mistake of ours must not end what carries people's wishes
            log.error("failure", where=of.where, error=repr(error))
        stop.wait(SILENT)
