"""What every page can reach: settings, time, the file of people, those who guess, and what the next page will tell.

One for a process. It holds nothing that is lost with it, but words for the next page and the count of guesses.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Literal, NamedTuple

from postduif.campaign.accounts.connection import accounts
from postduif.campaign.audience.import_work import ImportWork
from postduif.campaign.kept import Kept
from postduif.campaign.results.kept import Tallies
from postduif.campaign.web.glances import Glances
from postduif.campaign.web.guesses import Guesses
from postduif.clock import Clock
from postduif.config.load import Loaded
from postduif.config.web_address import web_origin
from postduif.mta import control

MAX_TOLD = 5
"""Words that wait for the next page of one session."""
MAX_LISTENERS = 2000
"""Sessions with words that wait; the oldest are forgotten."""

PATIENCE = 10.0
"""Seconds that pages wait for an answer of the MTA."""
_OF_MILLIONS = frozenset(
    (
        *(f"queue.{do}" for do in ("list", "count", "hold", "release", "retry", "delete")),
        *("suppress.erase", "mailing.wave", "mailing.stop"),
    )
)
"""What can be about each recipient in the queue or in a mailing, and takes its time then."""
AT_ONCE = 12
"""Threads that wait for the MTA."""
WAIT = 2.0
"""Seconds that one waits to be one of them."""

Tone = Literal["done", "warning", "error"]


class Told(NamedTuple):
    """Words for the top of the next page."""

    tone: Tone
    text: str


class Desk:
    """The pages' view of the installation."""

    def __init__(self, loaded: Loaded, clock: Clock, stuck: Mapping[int, str] | None = None) -> None:
        config = loaded.config
        self.loaded = loaded
        """The settings with the line of each."""
        self.config = config
        self.stuck = {} if stuck is None else stuck
        """What keeps which mailing from going on, as the engine in this process says it now."""
        self.clock = clock
        self.guesses = Guesses(config.auth, clock)
        self.closing = threading.Event()
        """Set when the pages end: streams end by themselves then."""
        self.glances = Glances(self.ask, clock)
        """What the MTA said just now, for pages that stay open."""
        self._asking = threading.BoundedSemaphore(AT_ONCE)
        self._accounts = Kept(lambda: accounts(config.server.data_dir))
        self.tallies = Tallies(self.data_dir)
        """Results of mailings that are looked at just now."""
        self.imports = ImportWork(self.data_dir, clock, self.closing)
        self._at_the_end: list[Callable[[], None]] = []
        self._told: OrderedDict[bytes, deque[Told]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def data_dir(self) -> Path:
        """Where everything is."""
        return self.config.server.data_dir

    @property
    def origin(self) -> str:
        """What links to the pages begin with. Of the settings: never of what a request says."""
        return web_origin(self.config.web)

    def accounts(self) -> AbstractContextManager[Connection]:
        """The file of people, sessions, tokens, approvals and the audit trail. Raises StoreError."""
        return self._accounts.use()

    def ask(self, do: str, **request: Any) -> Any:
        """What the MTA says to `do`, as the command line asks it. Raises ControlError, NotRunning when it is away.

        An MTA that is silent holds AT_ONCE threads for PATIENCE (for control.TIMEOUT when what it is told goes through
        millions of rows), and no page that does without it.
        """
        if not self._asking.acquire(timeout=WAIT):
            raise control.ControlError(f"it has not answered {AT_ONCE} others who asked before; ask again in a moment")
        try:
            patience = control.TIMEOUT if do in _OF_MILLIONS else PATIENCE
            return control.ask(self.config.server.run_dir, do, patience=patience, **request)
        finally:
            self._asking.release()

    def on_close(self, do: Callable[[], None]) -> None:
        """Have it done when the desk is closed."""
        self._at_the_end.append(do)

    def close(self) -> None:
        """When no page is asked for any more."""
        for do in self._at_the_end:
            do()
        self.tallies.close()
        self._accounts.close()

    def tell(self, session: bytes, text: str, tone: Tone = "done") -> None:
        """Say it at the top of the next whole page of this session."""
        with self._lock:
            self._told.setdefault(session, deque(maxlen=MAX_TOLD)).append(Told(tone, text))
            if len(self._told) > MAX_LISTENERS:
                self._told.popitem(last=False)

    def told(self, session: bytes) -> list[Told]:
        """What is to be said now; it is said once."""
        with self._lock:
            return list(self._told.pop(session, ()))
