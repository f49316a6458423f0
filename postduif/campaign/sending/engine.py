"""The campaign's process: keeps dates, prepares what is to be prepared, acts for every mailing that is under way.

It holds nothing in memory that is not on disk: whoever starts it again goes on where it was killed.
"""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from postduif import log
from postduif.campaign.forms.carrying import FormCarrier
from postduif.campaign.mailings import occasions, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.fault import NotNow, Overtaken
from postduif.campaign.mailings.listing import MAX_LISTED, Filter, find, found, listed
from postduif.campaign.mailings.record import State
from postduif.campaign.media import store as pictures
from postduif.campaign.preparing.doing import do_prepare
from postduif.campaign.preparing.places import Places, preparing
from postduif.campaign.preparing.preparation import Stopped
from postduif.campaign.sending.acting import WHO, Means, act
from postduif.campaign.tracking.carrying import Carrier
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.errors import PostduifError
from postduif.mta.control import ControlError, ask

EVERY = 1.0  # seconds between two looks
TIDY_EVERY = 60.0
_UNDER_WAY = (State.HANDING_OVER, State.SENDING, State.PAUSED, State.STOPPING)
_ENDED = (State.STOPPED, State.FINISHED)
_LOCK = "lock"
_KEEP_PREPARED = (State.PREPARED, State.SCHEDULED, State.HANDING_OVER, State.STOPPING)


class Engine:
    """One per installation; a second does no harm."""

    def __init__(self, config: Config, clock: Clock, stuck: dict[int, str] | None = None) -> None:
        """`stuck` is kept up to date for whoever shows it: what keeps which mailing from going on; 0: keeps all."""
        self._config = config
        self._clock = clock
        self._places = Places(config.server.data_dir)
        self._pool = ThreadPoolExecutor(1, "preparing")
        self._preparing: dict[int, Future[None]] = {}
        self._tidied = float("-inf")
        self._silent = False
        self._stuck: dict[int, str] = {} if stuck is None else stuck
        self._seen: set[int] = set()
        self._ending = threading.Event()

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop. What is being prepared then is prepared again by the next."""
        tell = partial(ask, self._config.server.run_dir)
        carriers = (Carrier(self._places.data_dir, tell, self._clock), FormCarrier(self._config, tell, self._clock))
        carrying = [threading.Thread(target=one.run, args=(stop,), name="carrying") for one in carriers]
        for thread in carrying:
            thread.start()
        while not stop.is_set():
            try:
                self.step()
            except PostduifError as error:
                self._complain(0, error)
            else:
                self._stuck.pop(0, None)
            stop.wait(EVERY)
        self._ending.set()
        self._pool.shutdown(cancel_futures=True)
        for thread in carrying:
            thread.join()

    def step(self) -> None:
        """One look at everything."""
        self._seen = {0}
        with mailings(self._places.data_dir) as connection:
            for number in occasions.coming(connection, self._clock.time()):
                self._guarded(number, lambda n: occasions.come_due(connection, find(connection, n), self._by()))
            for entry in listed(connection, Filter(states=(State.PREPARING,), limit=MAX_LISTED)):
                self._guarded(entry.number, self._see_prepared)
            means = Means(connection, self._places, partial(ask, self._config.server.run_dir), self._clock.time())
            for entry in listed(connection, Filter(states=_UNDER_WAY, limit=MAX_LISTED)):
                self._guarded(entry.number, partial(self._act, means))
            for entry in listed(connection, Filter(states=(State.PREPARED, State.SCHEDULED), limit=MAX_LISTED)):
                self._guarded(entry.number, self._see_file)
        for number in self._stuck.keys() - self._seen:
            del self._stuck[number]
        if self._clock.monotonic() - self._tidied >= TIDY_EVERY:
            self._tidied = self._clock.monotonic()
            self._tidy()
            pictures.tidy(self._places.data_dir)

    def _by(self, words: str = "") -> By:
        return By(WHO, self._clock.time(), words)

    def _act(self, means: Means, number: int) -> None:
        try:
            act(means, number)
        except ControlError as error:  # the MTA is not there: it is told when it is
            if not self._silent:
                log.warning("mta_silent", error=error)
            self._silent = True
        else:
            self._silent = False

    def _guarded(self, number: int, do: Callable[[int], object]) -> None:
        """What is wrong with one mailing keeps no other from going on."""
        self._seen.add(number)
        try:
            do(number)
        except (NotNow, Overtaken):
            pass  # somebody was first: the next look sees it
        except PostduifError as error:
            self._complain(number, error)
        else:
            self._stuck.pop(number, None)

    def _complain(self, number: int, error: Exception) -> None:
        if self._stuck.get(number) != str(error):
            self._stuck[number] = str(error)
            log.error("mailing_stuck", mailing=number, error=error, remedy="it is tried again every second")

    # --- preparing

    def _see_prepared(self, number: int) -> None:
        """See to it that somebody prepares it."""
        if number in self._preparing and not self._preparing[number].done():
            return
        with preparing(self._places, number) as nobody:
            pass
        if nobody:
            self._preparing[number] = self._pool.submit(self._prepare, number)

    def _prepare(self, number: int) -> None:
        try:
            with mailings(self._places.data_dir) as connection:
                if occasions.skip_missed(connection, find(connection, number), self._by()).state is not State.PREPARING:
                    return
            do_prepare(self._config, number, WHO, self._clock, ending=self._ending.is_set)
        except Stopped:
            pass
        except PostduifError as error:
            log.warning("mailing_not_prepared", mailing=number, error=error)
        except Exception as error:  # a mistake of ours costs one mailing its preparation, and no other anything
            log.error("failure", where="preparing", mailing=number, error=repr(error))

    def _see_file(self, number: int) -> None:
        if not self._places.prepared(number).exists():
            with mailings(self._places.data_dir) as connection:
                running.prepare(connection, find(connection, number), self._by("its file was gone"))

    # --- what is left behind

    def _tidy(self) -> None:
        """Remove what was prepared for mailings that are not so any more."""
        folder = self._places.prepared_folder
        if not folder.exists():
            return
        with mailings(self._places.data_dir) as connection:
            for path in folder.iterdir():
                text, _, ending = path.name.partition(".")
                if text.isdigit():
                    self._see_left_over(connection, path, int(text), ending)

    def _see_left_over(self, connection: sqlite3.Connection, path: Path, number: int, ending: str) -> None:
        if ending == _LOCK:
            there = found(connection, number)
            if there is None or there.state in _ENDED:
                path.unlink(missing_ok=True)
            return
        with preparing(self._places, number) as nobody:
            there = found(connection, number)  # not before: whoever had the lock may just have made it
            if nobody and (ending or there is None or there.state not in _KEEP_PREPARED):
                shutil.rmtree(path, ignore_errors=True)
