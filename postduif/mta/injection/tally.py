"""What has become of one request: what is queued, who was refused and why, and its idempotency key.

Everything that a transaction settles is noted in it (`task`), so that the same request, sent again after a crash, goes
on behind it or gets the same answer.
"""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from postduif.mta.injection import kept_keys
from postduif.mta.injection.kept_keys import Kept, Key, Part
from postduif.mta.injection.problem import Answer, Problem
from postduif.queue.change import Task

MAX_REFUSALS = 10_000
"""Of one request; more end it."""
_REFUSAL_OCTETS = 600  # of one in memory, without what it quotes
_REUSED = "this Idempotency-Key came with another body before; use a new one"


class Refusal(NamedTuple):
    """Why a recipient gets nothing."""

    item: int
    """Which one of the request, from 1."""
    address: str
    """As it was given; "" where there was none."""
    code: str
    """Stable, for machines."""
    field: str
    """What of the recipient it is about."""
    detail: str


class Tally:
    """Of one request."""

    def __init__(self, kind: str, key: Key | None, kept: Kept | None) -> None:
        """`kind` is hashed with the body: how it is read belongs to what it says."""
        self.key = key
        self.kept = kept
        self.items = 0
        """Settled or not; the template is one too."""
        self.templates = 0
        """How many of the items are no recipients."""
        self.refusals: list[Refusal] = []
        """Not settled yet."""
        self.repeated = 0
        """Recipients dropped in this try because their address stood there before."""
        self._settled = kept.items if kept else 0
        self._parts: list[Part] = list(kept.parts) if kept else []
        self._refused = sum(len(part.refusals) for part in self._parts)
        self.held = _REFUSAL_OCTETS * self._refused
        """Octets of refusals in memory, about."""
        self._hash = hashlib.sha256(kind.encode() + b"\0")

    def hashes(self, octets: bytes) -> None:
        """Some of the body is read."""
        self._hash.update(octets)

    def settled_before(self) -> bool:
        """The item that was just counted and hashed was settled by an earlier try.

        Raises Problem when that try had another body.
        """
        if self.kept is None:
            return False
        if not self.kept.done and self.items == self.kept.items:
            self.compare()
        return self.kept.done or self.items <= self.kept.items

    def settled_whole(self) -> bool:
        """The body is over. True: an earlier try settled all of it. Raises Problem when it had another body."""
        if self.kept is None:
            return False
        if self.items < self.kept.items:
            raise Problem("key_reused", _REUSED)
        if self.kept.done:
            self.compare()
        return self.kept.done

    def refuse(self, address: str, code: str, field: str, detail: str, item: int = 0) -> None:
        """Somebody gets nothing: the last item, or that one. Raises Problem when there are too many of them."""
        self.refusals.append(Refusal(item or self.items, address[:320], code, field, detail[:500]))
        self.held += _REFUSAL_OCTETS + len(address) + len(detail)
        self._refused += 1
        if self._refused > MAX_REFUSALS:
            raise Problem("too_many_refusals", f"more than {MAX_REFUSALS} recipients are refused; mend the list")

    def was_refused(self) -> frozenset[int]:
        """Items that an earlier try settled by refusing them."""
        return frozenset(one["item"] for part in self.kept.parts for one in part.refusals) if self.kept else frozenset()

    def part(self, message: int, accepted: int) -> Part:
        """What would be settled now."""
        return Part(message, accepted, [one._asdict() for one in self.refusals])

    def task(self, part: Part, *, done: bool, at: float) -> list[Task]:
        """Notes it in the queue file, for the transaction that settles it. None without a key."""
        if self.key is None:
            return []
        values = (self.key, self._hash.digest(), self.items, int(done), at, len(self._parts), part)
        return [Task(kept_keys.note, values)]

    def settle(self, part: Part) -> None:
        """It is on disk."""
        self._parts.append(part)
        self._settled = self.items
        self.refusals = []

    @property
    def accepted(self) -> int:
        """Recipients whose mail is on disk."""
        return sum(part.accepted for part in self._parts)

    @property
    def _duplicates(self) -> int:
        """All recipients that were dropped. Of an earlier try: those who were neither accepted nor refused."""
        if self.kept is None:
            return self.repeated
        others = sum(part.accepted + len(part.refusals) for part in self.kept.parts)
        return max(0, self.kept.items - self.templates - others) + self.repeated

    def said(self) -> dict[str, object]:
        """What became of it so far."""
        refusals = [one for part in self._parts for one in part.refusals] + [one._asdict() for one in self.refusals]
        messages = [{"id": str(part.message), "recipients": part.accepted} for part in self._parts if part.message]
        return {
            "accepted": self.accepted,
            "refused": len(refusals),
            "duplicates": self._duplicates,
            "messages": messages,
            "refusals": refusals,
        }

    def answer(self) -> Answer:
        """That of a request that was read to its end. Raises Problem when nobody was accepted."""
        said = self.said()
        if not self.accepted:
            raise self.with_all(Problem("no_recipients", "no recipient was accepted; nothing is queued"))
        status = "partly accepted" if said["refused"] else "accepted"
        return Answer(202, json.dumps({"status": status, **said}).encode())

    def with_all(self, problem: Problem) -> Problem:
        """A problem that says what was done before it came: all items up to `settled`, and none behind it."""
        problem.more = {"settled": self._settled, **self.said()}
        return problem

    def compare(self) -> None:
        """Raises Problem when what was read is not what an earlier try had read."""
        assert self.kept is not None
        if self._hash.digest() != self.kept.digest:
            raise Problem("key_reused", _REUSED)
