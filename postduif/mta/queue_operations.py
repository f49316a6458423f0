"""What an operator can ask of the queue, and do to it: the same whether the daemon is asked or the file is opened."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from postduif.envelope import Notify
from postduif.mta.control import Action, ControlError
from postduif.mta.mailings import Mailings
from postduif.queue.condition import MAX_IDS, Condition
from postduif.queue.journal import Question
from postduif.queue.mailing import of_recipient, stream_of
from postduif.queue.standing_orders import StandingOrders
from postduif.queue.store import Store
from postduif.queue.stores import Stores
from postduif.queue.survey import Sums, by_stream

MAX_ROWS = 10_000  # rows in one answer
MAX_TRIES = 1000
"""Attempts that `queue.show` has of one message, the latest."""


class QueueOperations:
    """Over an open queue."""

    def __init__(self, stores: Stores, orders: StandingOrders, mailings: Mailings | None = None) -> None:
        """`mailings`: those whose files are closed are asked, too."""
        self._stores = stores
        self._orders = orders
        self._mailings = mailings

    @property
    def actions(self) -> Mapping[str, Action]:
        """By the name that the command line says."""
        return {
            "queue.summary": self.summary,
            "queue.sums": self.sums,
            "queue.holds": self.holds,
            "queue.list": self.list,
            "queue.count": self.count,
            "queue.show": self.show,
            "queue.hold": self.hold,
            "queue.release": self.release,
            "queue.retry": self.retry,
            "queue.delete": self.delete,
            "queue.journal": self.journal,
        }

    async def summary(self, request: dict[str, Any]) -> object:
        """The scheduled queues and the holds, the longest queue first.

        `domain`: only those with it in the name of theirs. `by`: "stream" has those of each stream together.
        `limit`: so many at most; without it all.
        """
        domain, limit = str(request.get("domain") or ""), int(request.get("limit") or 0)
        found = [one for store in self._stores for one in await store.questions.summary(domain)]
        if request.get("by") == "stream":
            found = await asyncio.to_thread(by_stream, found)
        found.sort(key=lambda one: -one.total)
        return {"queues": [asdict(one) for one in found[: limit or None]], "holds": self._holds()}

    async def sums(self, _: dict[str, Any]) -> object:
        """How many recipients wait, are due, held and under way, in all: for pages that stay open."""
        found = [await store.questions.sums() for store in self._stores]
        totals = Sums(*map(sum, zip(*found, strict=True)))
        return {**totals._asdict(), "under_way": self._stores.leased}

    async def holds(self, _: dict[str, Any]) -> object:
        """Who stopped what."""
        return self._holds()

    def _holds(self) -> list[dict[str, Any]]:
        return [asdict(hold) for store in self._stores for hold in store.holds()]

    async def list(self, request: dict[str, Any]) -> object:
        """Recipients in the queue, the oldest first, those of mailings last; from behind the place `after`.

        `under_way`: delivery has it in hand.
        """
        limit, after = min(int(request.get("limit", 100)), MAX_ROWS), int(request.get("after") or 0)
        condition, past_main = _condition(request), bool(after) and of_recipient(after) is not None
        main, *mailings = self._stores
        rows = [] if past_main else await _listed(main, condition, limit, after)
        if len(rows) < limit:
            begin = after if past_main else 0
            more = [one for store in mailings for one in await _listed(store, condition, limit, begin)]
            rows += sorted(more, key=lambda one: int(one["place"]))
        return rows[:limit]

    async def count(self, request: dict[str, Any]) -> object:
        """How many recipients a condition means: asked before something is done to them."""
        condition = _condition(request)
        return {"recipients": sum([await store.questions.count(condition) for store in self._stores])}

    async def show(self, request: dict[str, Any]) -> object:
        """One message: envelope, recipients, header section, attempts."""
        number = int(request["id"])
        store = self._stores.of(stream_of(number))
        shown = await store.questions.show(number)
        lines = [asdict(line) for line in await store.questions.journal(Question(message=number), MAX_TRIES)]
        if shown is None:
            return {"message": None, "recipients": [], "journal": lines, "header": ""}
        content = (await store.content(number)).content
        envelope = {field.name: getattr(shown.envelope, field.name) for field in fields(shown.envelope)}
        wishes = zip(shown.orcpt, shown.notify, strict=True)
        recipients = [
            {**asdict(one), "orcpt": orcpt, "notify": _words(notify)}
            for one, (orcpt, notify) in zip(shown.recipients, wishes, strict=True)
        ]
        header = content.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace").replace("\r\n", "\n")
        envelope |= {"sender": str(shown.envelope.sender), "recipients": len(recipients)}
        return {"message": envelope, "recipients": recipients, "journal": lines, "header": header}

    async def hold(self, request: dict[str, Any]) -> object:
        """Stop what matches; whole scheduled queues with what comes later when only stream and domain are named."""
        if not request.get("reason"):
            raise ControlError("say why: --reason TEXT")
        until = time.time() + float(request["for"]) if request.get("for") else None
        by = request.get("by") or "operator"
        return {"recipients": await self._orders.hold(_condition(request), by, request["reason"], until)}

    async def release(self, request: dict[str, Any]) -> object:
        """Let go what is held."""
        return {"recipients": await self._orders.unhold(_condition(request))}

    async def retry(self, request: dict[str, Any]) -> object:
        """Make what matches due now."""
        return {"recipients": await self._orders.retry(_condition(request))}

    async def delete(self, request: dict[str, Any]) -> object:
        """Withdraw what matches; the journal keeps that it was."""
        return {"recipients": await self._orders.delete(_condition(request), request.get("reason") or "")}

    async def journal(self, request: dict[str, Any]) -> object:
        """Attempts, the latest first."""
        question = Question(
            message=int(request.get("message") or 0),
            recipient=str(request.get("recipient") or ""),
            domain=str(request.get("domain") or ""),
            message_id=str(request.get("message_id") or ""),
        )
        limit = min(int(request["limit"]), MAX_ROWS)
        found = await self._stores.main.questions.journal(question, limit)
        if self._mailings is not None and not question.message_id:
            found = [*found, *await self._mailings.journal(question, limit)]
        return [asdict(line) for line in sorted(found, key=lambda line: -line.at)[:limit]]


async def _listed(store: Store, condition: Condition, limit: int, after: int) -> list[dict[str, Any]]:
    listed = await store.questions.listing(condition, limit, after)
    leased = store.questions.leased(one.message for one in listed)
    return [asdict(one) | {"under_way": (one.message, one.recipient) in leased} for one in listed]


def _condition(request: dict[str, Any]) -> Condition:
    names = {field.name for field in fields(Condition)}
    given = {name: value for name, value in dict(request.get("condition") or {}).items() if value not in (None, "", [])}
    if unknown := given.keys() - names:
        raise ControlError(f"no such condition: {', '.join(sorted(unknown))}")
    condition = Condition(**{**given, "ids": tuple(given.get("ids", ()))})
    if len(condition.ids) > MAX_IDS:
        raise ControlError(f"{len(condition.ids)} messages at once are too many; name {MAX_IDS} at most")
    if condition.empty:
        raise ControlError("say which: --id, --domain, --stream, --sender, --recipient, --older-than, --said or --all")
    return condition


def _words(notify: Notify) -> str:
    return ",".join(flag.name or "" for flag in Notify if flag in notify)
