"""The recipients of a mailing, each in its state with the last words of the receiving host; and those excluded.

Lists are read by the page, each behind the last one of the page before, so that a page far down costs no more than
the first. A page is of one moment; who changes state between two pages is shown as the later page finds them, once.
"""

# ruff: noqa: S608  statements are made of constants; values are always parameters

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from postduif.campaign.results.doing import both, numbers_who, without
from postduif.campaign.results.opening import at_one_moment
from postduif.campaign.results.states import DECIDING, Did, State
from postduif.campaign.results.tally import Tally
from postduif.errors import PostduifError
from postduif.queue.rows import MAX_RECIPIENTS

CHUNK = 2000
"""Recipients that a stream reads at a time."""


class Which(NamedTuple):
    """Recipients that are meant. Every part that is given must be true."""

    state: State | None = None
    domain: str = ""
    cause: str = ""
    """What the last reply meant (`bounce.category`); only who has ended has one."""
    did: Did | None = None
    link: int = 0
    """With CLICKED and NOT_CLICKED: this link, by number; 0: any."""


EVERYBODY = Which()


class Recipient(NamedTuple):
    """One of them. Times are seconds since the epoch."""

    number: int
    state: State
    address: str
    """"" when the state is unknown: only the audience still has it."""
    domain: str
    contact: int
    child: int
    attempts: int
    code: int
    enhanced: str
    text: str
    """With `code` and `enhanced`: the last reply in the words of who said it, or ours."""
    remote: str
    """The host that said it; "" if we did."""
    category: str
    at: float | None
    """When it ended."""
    due: float | None
    """When it is tried again."""

    @property
    def reply(self) -> str:
        """Code, enhanced code and text in one line; "" when nothing was said."""
        return " ".join([*(str(part) for part in (self.code, self.enhanced) if part), *self.text.split()])


class NoSuchRecipient(PostduifError):  # noqa: N818  the name says what is the case
    """A number that the mailing does not have."""


class Excluded(NamedTuple):
    """One who was meant and gets nothing."""

    id: int
    contact: int
    child: int
    address: str
    cause: str


def recipients(tally: Tally, which: Which = EVERYBODY, *, after: int = -1, limit: int = 100) -> list[Recipient]:
    """A page of those that are meant, by number, from behind `after`. Seeds are left out."""
    with at_one_moment(tally.connection):
        return _page(tally, which, _of_domain(tally, which), after, limit)


def everybody(tally: Tally, which: Which = EVERYBODY) -> Iterator[Recipient]:
    """All that are meant, by number, in bounded memory; each chunk is as the file has it when it is read."""
    of_domain = _of_domain(tally, which)
    after = -1
    while True:
        with at_one_moment(tally.connection):
            chunk = _page(tally, which, of_domain, after, CHUNK)
        if not chunk:
            return
        yield from chunk
        after = chunk[-1].number


def beside(tally: Tally, which: Which, number: int) -> tuple[int | None, int | None]:
    """Who stands before and behind that number in the list of those that are meant; None: nobody."""
    with at_one_moment(tally.connection):
        tally.catch_up()
        of_domain = _of_domain(tally, which)
        before = None
        for one in _who_did(tally, which, -1):
            if one == number or (of_domain is not None and one not in of_domain):
                continue
            if one > number:
                return before, one
            before = one
        return before, None


def read(tally: Tally, numbers: Sequence[int]) -> list[Recipient]:
    """These recipients, in this order. Seeds too."""
    connection = tally.connection
    people = dict(_keyed(connection.execute(_PEOPLE, (json.dumps(numbers),))))
    waiting = dict(_keyed(connection.execute(_WAITING, (json.dumps(numbers),))))
    deciding = [row for number in numbers if (row := tally.row_of(number))]
    ended = dict(_keyed(connection.execute(_ENDED, (json.dumps(deciding),))))
    found = []
    for number in numbers:
        contact, child = people.get(number, (0, 0))
        if number in waiting:
            address, domain, attempts, code, enhanced, text, remote, due = waiting[number]
            told = (address, domain, contact, child, attempts, code, enhanced, text, remote)
            one = Recipient(number, State.PENDING, *told, "", None, due or None)
        elif number in ended:
            kind, address, domain, attempts, code, enhanced, text, remote, category, at = ended[number]
            told = (address, domain, contact, child, attempts, code, enhanced, text, remote)
            one = Recipient(number, DECIDING[kind], *told, category, at, None)
        else:
            one = Recipient(number, State.UNKNOWN, "", "", contact, child, 0, 0, "", "", "", "", None, None)
        found.append(one)
    return found


def excluded(
    connection: sqlite3.Connection, cause: str = "", address: str = "", *, after: int = 0, limit: int = 100
) -> list[Excluded]:
    """A page of those excluded, for that cause or any, with that address or any, by id, from behind `after`."""
    return [Excluded(*row) for row in connection.execute(_EXCLUDED, (after, cause, address, limit)).fetchall()]


def all_excluded(connection: sqlite3.Connection, cause: str = "") -> Iterator[Excluded]:
    """All of them, in bounded memory."""
    after = 0
    while chunk := excluded(connection, cause, after=after, limit=CHUNK):
        yield from chunk
        after = chunk[-1].id


def _page(tally: Tally, which: Which, of_domain: frozenset[int] | None, after: int, limit: int) -> list[Recipient]:
    tally.catch_up()
    found = _who_did(tally, which, after)
    if of_domain is not None:
        found = (number for number in found if number in of_domain)
    return read(tally, list(islice(found, limit)))


def _of_domain(tally: Tally, which: Which) -> frozenset[int] | None:
    """Who is in the domain that is meant, which never changes; None: any is meant."""
    if not which.domain:
        return None
    rows = tally.connection.execute(_OF_DOMAIN, (which.domain.lower(),)).fetchall()
    return frozenset(number for (number,) in rows)


def _who_did(tally: Tally, which: Which, after: int) -> Iterator[int]:
    if which.did is None:
        return _in_state(tally, which, after)
    if which.did in _MISSING:
        state = which.state or State.DELIVERED
        those = _in_state(tally, which._replace(state=state), after)
        return without(those, numbers_who(tally, _MISSING[which.did], which.link, after))
    return both(_in_state(tally, which, after), numbers_who(tally, which.did, which.link, after))


def _in_state(tally: Tally, which: Which, after: int) -> Iterator[int]:
    if which.state is State.PENDING:
        return iter(()) if which.cause else _pending(tally, after)
    if which.state is State.UNKNOWN:
        return iter(()) if which.cause else _unknown(tally, after)
    if which.state is None and not which.cause:
        return tally.numbers(after)
    states: Collection[State] = tuple(State) if which.state is None else (which.state,)
    return tally.numbers_ended(states, which.cause, after)


def _pending(tally: Tally, after: int) -> Iterator[int]:
    rows = tally.connection.execute(_PENDING, (after,))
    return (number for (number,) in rows if number not in tally.seeds)


def _unknown(tally: Tally, after: int) -> Iterator[int]:
    left = (number for number in tally.numbers(after) if not tally.row_of(number))
    while chunk := list(islice(left, CHUNK)):
        waiting = set(tally.waiting_of(chunk))
        yield from (number for number in chunk if number not in waiting)


def _keyed(rows: sqlite3.Cursor) -> Iterator[tuple[int, tuple[Any, ...]]]:
    return ((number, tuple(rest)) for number, *rest in rows)


_MISSING = {Did.NOT_OPENED: Did.OPENED, Did.NOT_CLICKED: Did.CLICKED}
_FIRST = f"(SELECT min(id) & ~{MAX_RECIPIENTS} FROM recipient)"
_PEOPLE = "SELECT number, contact, child FROM person WHERE number IN (SELECT value FROM json_each(?))"
_WAITING = f"""
SELECT r.id & {MAX_RECIPIENTS}, r.address, q.domain, r.attempts, r.last_code, r.last_enhanced, r.last_text,
       r.last_remote, r.due
FROM recipient r JOIN scheduled_queue q ON q.id = r.queue
WHERE r.id IN (SELECT value + {_FIRST} FROM json_each(?))
"""
_ENDED = """
SELECT number, kind, recipient, domain, attempt, code, enhanced, text, remote_mta, category, at
FROM journal WHERE id IN (SELECT value FROM json_each(?))
"""
_PENDING = f"SELECT id & {MAX_RECIPIENTS} FROM recipient WHERE id > {_FIRST} + ? ORDER BY id"
_OF_DOMAIN = f"""
SELECT number FROM journal WHERE domain = ?1 UNION
SELECT id & {MAX_RECIPIENTS} FROM recipient WHERE queue IN (SELECT id FROM scheduled_queue WHERE domain = ?1)
"""
_EXCLUDED = """
SELECT id, contact, child, address, cause FROM excluded
WHERE id > ?1 AND (?2 = '' OR cause = ?2) AND (?3 = '' OR address = ?3 COLLATE NOCASE) ORDER BY id LIMIT ?4
"""
