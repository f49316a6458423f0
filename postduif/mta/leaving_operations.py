"""What is done when somebody unsubscribes on the pages: the same as when he does so by mail (`returns`).

It is in the journal of the mailing and in the main one, from where it is told to others, and in the suppression list in
the same transaction; mail that waits for him is taken out at once. It may be said again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from postduif import address
from postduif.attempt import Attempt, Kind
from postduif.bounce.address_state import Event, What
from postduif.bounce.subject import of_address
from postduif.errors import StoreError
from postduif.mta import metrics
from postduif.mta.control import Action
from postduif.mta.mailings import Mailings
from postduif.mta.suppressions import Suppressions
from postduif.queue import sent
from postduif.queue.change import Task
from postduif.queue.rows import first_recipient
from postduif.queue.sent import Sent
from postduif.queue.store import Store
from postduif.reply import Reply


class LeavingOperations:
    """For the campaign's process, which has kept what the person asked for until we answer."""

    def __init__(self, store: Store, suppressions: Suppressions, mailings: Mailings) -> None:
        self._store = store
        self._suppressions = suppressions
        self._mailings = mailings

    @property
    def actions(self) -> Mapping[str, Action]:
        """By the name that the campaign says."""
        return {"leaving.unsubscribe": self.unsubscribe, "leaving.figures": self.figures}

    async def unsubscribe(self, request: dict[str, Any]) -> object:
        """`address` has asked at `at` (seconds since the epoch), as recipient `number` of `mailing`, for no more mail
        of `type`, "" for all. `evidence`: how."""
        to, at = address.parse(str(request["address"])), float(request["at"])
        said = f"on the web: {request['evidence']}"
        type_, mailing = str(request.get("type") or ""), int(request["mailing"])
        event = Event(of_address(to), What.UNSUBSCRIBE, at, "web", said, type=type_)
        tasks = [self._suppressions.recording([event])]
        if (about := await self._sent(mailing, int(request["number"]))) is not None:
            attempt = Attempt(Kind.UNSUBSCRIBED, Reply(0, "", said), at)
            if type_ in ("", (await self._mailings.terms(mailing)).mail_type):  # another type is no result of this one
                await self._mailings.do(about.message, sent.write_once, about, attempt)
            tasks.insert(0, Task(sent.write_once, (about, attempt)))
        results = await self._store.settle([], (), tasks)
        self._suppressions.learn(results[-1])
        return {}

    async def figures(self, request: dict[str, Any]) -> object:
        """How the pages of readers do, for whoever watches us: they have no metrics of their own."""
        metrics.TRACKING_WAITING.set(int(request["visits_waiting"]))
        metrics.TRACKING_LOST.set(int(request["visits_lost"]))
        metrics.WISHES_WAITING.set(int(request["wishes"]))
        metrics.WISHES_OLDEST.set(float(request["oldest"]))
        return {}

    async def _sent(self, mailing: int, number: int) -> Sent | None:
        """None: its file is gone, its journal does not know him yet, or he was erased."""
        if not self._mailings.knows(mailing):
            return None
        try:
            about = await self._mailings.ask(mailing, sent.find, first_recipient(mailing) + number)
        except StoreError:  # damaged: the list is what counts
            return None
        return about if about is not None and about.recipient else None
