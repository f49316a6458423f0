"""What an operator can ask of the suppression list, and do to it: the same whether the daemon is asked or not."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from postduif.bounce import suppression, suppression_file
from postduif.bounce.address_state import Entry, Event, Thresholds, What, refusing
from postduif.bounce.patterns import MAX_FREE, MAX_PATTERNS, Patterns, is_free
from postduif.bounce.subject import erased, is_erased, is_pattern, read, shown
from postduif.bounce.suppression import Change
from postduif.bounce.suppression_file import Wanted
from postduif.bounce.suppression_rows import event_of, row_of
from postduif.errors import AddressError
from postduif.mta.control import Action, ControlError

T = TypeVar("T")
MAX_ROWS = 5000  # in one answer, and in one import


class Book(Protocol):
    """The file that the list is in."""

    async def look(self, function: Callable[..., T], *arguments: Any) -> T:
        """`function(connection, *arguments)` on a connection that reads. Raises StoreError."""
        ...

    async def change(self, function: Callable[..., list[Change]], *arguments: Any) -> list[Change]:
        """The same in a transaction of the writer. The index in memory has the result before this returns, in the
        order of the commits. Raises StoreError."""
        ...


@dataclass(frozen=True, slots=True)
class SuppressionOperations:
    """Over an open file."""

    book: Book
    thresholds: Callable[[], Thresholds]
    """Those in force."""
    secret: bytes
    """What erased people are hashed with."""
    time: Callable[[], float] = time.time
    forget: Callable[[list[str]], Awaitable[bool]] | None = None
    """Takes addresses out of what else is kept of them; False: that takes long, and goes on by itself."""

    @property
    def actions(self) -> Mapping[str, Action]:
        """By the name that the command line says."""
        return {
            "suppress.list": self.list,
            "suppress.show": self.show,
            "suppress.enter": self.enter,
            "suppress.erase": self.erase,
            "suppress.release": self.release,
        }

    async def list(self, request: dict[str, Any]) -> object:
        """A page of entries, from behind `after`; `next` is where the one behind it begins."""
        wanted = Wanted(**{name: str(value) for name, value in dict(request.get("wanted") or {}).items()})
        limit = max(1, min(int(request.get("limit") or 100), MAX_ROWS))
        first, second = request.get("after") or ("", "")
        found = await self.book.look(suppression_file.listing, wanted, (str(first), str(second)), limit)
        more = [found[-1].subject, found[-1].type] if len(found) == limit else None
        return {"entries": [_plain(one) for one in found], "next": more}

    async def show(self, request: dict[str, Any]) -> object:
        """Everything about each address: what is on file, patterns that mean it, what refuses its mail, the history."""
        patterns = Patterns()
        for pattern in await self.book.look(suppression_file.patterns):
            patterns.add(pattern)
        answers = []
        for text in _few(request["addresses"]):
            subject = read(str(text))
            meant = [] if is_pattern(subject) or is_erased(subject) else patterns.matching(subject)
            found = await self.book.look(suppression_file.lookup, [subject, *meant], self.secret)
            entries = [one for many in found.values() for one in many]
            refusal = refusing(entries, str(request.get("type") or ""), self.time())
            past = await self.book.look(suppression_file.history, subject, self.secret, 1000)
            answers.append(
                {
                    "address": shown(subject),
                    "refused_by": _plain(refusal) if refusal else None,
                    "entries": [_plain(one) for one in entries],
                    "history": [one._asdict() | {"subject": shown(one.subject)} for one in past],
                }
            )
        return answers

    async def enter(self, request: dict[str, Any]) -> object:
        """Enter rows of an import, or what an operator names; `problems` are those that cannot be, by their place.

        An entry never weakens what is there, and one that adds nothing changes nothing.
        """
        events, problems = [], []
        for number, row in enumerate(_few(request["rows"])):
            try:
                events.append(event_of(row, self.time(), self.secret))
            except (ValueError, AddressError) as error:
                problems.append([number, str(error)])
        await self._room_for({event.subject for event in events if is_pattern(event.subject)})
        changes = await self._record(events)
        return {"changed": len(changes), "problems": problems}

    async def erase(self, request: dict[str, Any]) -> object:
        """Keep nothing of these addresses but hashes that refuse their mail.

        `going_on`: they are still being taken out of what else has them, such as results of mailings.
        """
        subjects = _subjects(request)
        if any(is_pattern(subject) for subject in subjects):
            raise ControlError("a pattern is nobody who could be erased; name addresses")
        changes = await self.book.change(suppression.erase, subjects, self.time(), _reason(request), self.secret)
        named = [shown(one) for one in subjects if not is_erased(one)]
        done = self.forget is None or await self.forget(named)
        return {"changed": len({erased(one.subject, self.secret) for one in changes}), "going_on": not done}

    async def release(self, request: dict[str, Any]) -> object:
        """Let go: all that is on file about these, or the unsubscribe from one type. `unknown` had nothing.

        `exact`: without a type only what is about all mail, so that an unsubscribe from one type stays.
        """
        reason, type_ = _reason(request), str(request.get("type") or "")
        every = not type_ and not request.get("exact")
        subjects = _subjects(request)
        found = await self.book.look(suppression_file.lookup, subjects, self.secret)
        events = [
            Event(one.subject, What.RELEASE, self.time(), _by(request), reason=reason, type=one.type)
            for one in (one for many in found.values() for one in many)
            if every or one.type == type_
        ]
        changes = await self._record(events)
        named = {event.subject for event in events}
        unknown = [shown(one) for one in subjects if not named & {one, erased(one, self.secret)}]
        return {"changed": len({one.subject for one in changes}), "unknown": unknown}

    async def _record(self, events: Sequence[Event]) -> Sequence[Change]:
        if not events:
            return []
        return await self.book.change(suppression.record, events, self.thresholds(), self.secret)

    async def _room_for(self, named: set[str]) -> None:
        if not named:
            return
        patterns = named | set(await self.book.look(suppression_file.patterns))
        if len(patterns) > MAX_PATTERNS:
            raise ControlError(f"there would be more than {MAX_PATTERNS} patterns; name domains and addresses instead")
        if sum(map(is_free, patterns)) > MAX_FREE:
            raise ControlError(
                f"there would be more than {MAX_FREE} patterns that each address is held against; "
                "*@example.com, *@*.example.com and info@* do not count"
            )


def _plain(entry: Entry) -> dict[str, object]:
    state = entry.state
    row = row_of(entry)
    return {
        **row,
        "since": row["at"],
        "subject": entry.subject,
        "standing": state.standing.value,
        "at": state.at,
        "until": state.until,
        "errors": list(state.errors),
    }


def _subjects(request: dict[str, Any]) -> list[str]:
    return [read(str(text)) for text in _few(request["addresses"])]


def _few(asked: list[Any]) -> list[Any]:
    if len(asked) > MAX_ROWS:
        raise ControlError(f"{len(asked)} at once are too many; ask for {MAX_ROWS} at most")
    return asked


def _reason(request: dict[str, Any]) -> str:
    reason = str(request.get("reason") or "").strip()
    if not reason:
        raise ControlError("say why: --reason TEXT")
    return reason


def _by(request: dict[str, Any]) -> str:
    return str(request.get("by") or "operator")
