"""The state of every recipient of a mailing, in memory: read once, then only what is new in the journal.

The journal has no index by recipient, and one would cost the MTA writes. So this reads it through once (1 to 2 s for a
million) and keeps eleven octets a recipient: what the last row that decides says, its id, and whether anything was
tried again. With that a page of recipients, an export and figures that are asked every second read only few rows.
"""

# ruff: noqa: S608  statements are made of constants; values are always parameters

from __future__ import annotations

import contextlib
import json
import sqlite3
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from postduif.attempt import Kind
from postduif.campaign.results.opening import at_one_moment, opened
from postduif.campaign.results.states import DECIDING, EVENTS, End, State, end_of
from postduif.queue.rows import MAX_RECIPIENTS

TOGETHER = 20_000  # journal rows that come in one text: each row by itself is a fight for the interpreter lock
_UNDECIDED = ", ".join(f"'{kind.value}'" for kind in Kind if kind.value not in {*DECIDING, *EVENTS})
_NEWS = f"""
SELECT json_group_array(id), json_group_array(number), json_group_array(said) FROM (
    SELECT id, number, CASE WHEN kind = '{Kind.DELIVERED.value}' THEN 0 WHEN kind IN ({_UNDECIDED}) THEN 1
           ELSE kind || ' ' || category || ' ' || (code BETWEEN 400 AND 499) END AS said
    FROM journal WHERE id > ? ORDER BY id LIMIT {TOGETHER})
"""
_SIZE = f"""
SELECT 1 + max(coalesce((SELECT max(number) FROM person), -1),
               coalesce((SELECT max(id) & {MAX_RECIPIENTS} FROM recipient), -1))
"""
_CAUSES = "SELECT cause, count(*) FROM excluded GROUP BY cause ORDER BY 2 DESC, 1"
_STILL_WAITING = f"""
SELECT id & {MAX_RECIPIENTS} FROM recipient
WHERE id IN (SELECT value + (SELECT min(id) & ~{MAX_RECIPIENTS} FROM recipient) FROM json_each(?))
"""
_DELIVERED = 1  # the code that most have


class Source(NamedTuple):
    """Which mailing of which installation."""

    data_dir: Path
    mailing: int


@contextlib.contextmanager
def tally_of(data_dir: Path, number: int) -> Iterator[Tally]:
    """A fresh one of that mailing, for as long as the block lasts. Raises StoreError."""
    with opened(data_dir, number) as connection:
        yield Tally(connection, Source(data_dir, number))


class Tally:
    """Of one mailing, over one connection. Numbers are those of its recipients, from 0."""

    def __init__(self, connection: sqlite3.Connection, source: Source | None = None) -> None:
        """`source` says which mailing it is, for what its readers did; without one nobody read it."""
        self.connection = connection
        self.source = source
        self.seeds: frozenset[int] = frozenset()
        """Our own addresses, which are in no figure."""
        self.events: dict[str, set[int]] = {kind: set() for kind in EVENTS}
        """Who complained, unsubscribed (also those who took it back: `doing.said`), answered; seeds too."""
        self.causes: dict[str, int] = {}
        """How many are excluded for what, the most first."""
        self._ends: list[End | str] = [End(State.UNKNOWN, "", ""), End(State.DELIVERED, "", "")]
        """By code: how it ended, or the kind of an event."""
        self._codes: dict[str, int] = {}
        self._code_of = array("H")
        self._row_of = array("q")
        self._tried = bytearray()
        """By number: 1 after an attempt that is made again."""
        self._deferred = 0
        """Those of them about whom nothing has decided since."""
        self._decided = 0
        self._overtaken = array("q")
        """Ids of rows that decided, until a later one did."""
        self._last = 0
        self._returned: set[int] = set()
        self._back: frozenset[int] = frozenset()
        """Their mail came back while another attempt is to come."""
        with at_one_moment(connection):
            self.seeds = frozenset(number for (number,) in connection.execute("SELECT number FROM person WHERE seed"))
            self.causes = dict(connection.execute(_CAUSES).fetchall())
            self._grow(connection.execute(_SIZE).fetchone()[0])
            self.catch_up()

    def catch_up(self) -> None:
        """Read what is new. Inside `at_one_moment`, everything that is asked then is of that moment."""
        while True:
            texts = self.connection.execute(_NEWS, (self._last,)).fetchone()
            rows, numbers, said = map(json.loads, texts)
            self._grow(1 + max(numbers, default=-1))
            self._read(zip(rows, numbers, said, strict=True))
            self._last = rows[-1] if rows else self._last
            if len(rows) < TOGETHER:
                break
        self._back = frozenset(self.waiting_of(self._returned) if self._returned else ())
        self._returned = set(self._back)  # who does not wait any more never does again

    @property
    def last(self) -> int:
        """Id of the last row of the journal that was read: while it stays, nothing has happened."""
        return self._last

    @property
    def size(self) -> int:
        """Recipients, seeds among them."""
        return len(self._code_of)

    def ended(self) -> dict[End, int]:
        """How many ended how. Seeds are left out."""
        counts = Counter(self._code_of)
        counts.subtract(Counter(self._code_of[number] for number in self.seeds | self._back))
        del counts[0]
        ends: Counter[End] = Counter()
        for code, count in counts.items():
            end = self._ends[code]
            if count and isinstance(end, End):
                ends[end] += count
        return dict(ends)

    def deferred(self, waiting: int) -> int | None:
        """Those who wait after an attempt, seeds among them, of so many who wait; None: the journal does not say.

        It does not when somebody was lost with a damaged file: who waits no more and why.
        """
        if waiting + self._decided - len(self._back) != self.size:
            return None
        return self._deferred + sum(self._tried[number] for number in self._back)

    def row_of(self, number: int) -> int:
        """Id of the journal row that decides about that recipient; 0: there is none."""
        return 0 if number in self._back else self._row_of[number]

    def undecided_rows(self) -> list[int]:
        """Ids of the rows that look as if they decided and do not: a later one does, or they are of a seed."""
        others = (self._row_of[number] for number in self.seeds | self._back)
        return sorted([*self._overtaken, *(row for row in others if row)])

    def numbers(self, after: int) -> Iterator[int]:
        """All above `after`, in order, without seeds."""
        return (number for number in range(after + 1, self.size) if number not in self.seeds)

    def numbers_ended(self, states: Collection[State], category: str, after: int) -> Iterator[int]:
        """Those of them that ended in one of the states. `category` "": any."""
        wanted = {
            code
            for code, end in enumerate(self._ends)
            if isinstance(end, End) and end.state in states and category in ("", end.category)
        }
        codes = self._code_of
        return (number for number in self.numbers(after) if codes[number] in wanted and number not in self._back)

    def ends(self, states: Collection[State]) -> Iterator[tuple[int, End]]:
        """Everybody who ended in one of the states, and how; by number, without seeds."""
        wanted = {code: end for code, end in enumerate(self._ends) if isinstance(end, End) and end.state in states}
        hidden = self.seeds | self._back
        return (
            (number, wanted[code])
            for number, code in enumerate(self._code_of)
            if code in wanted and number not in hidden
        )

    def waiting_of(self, numbers: Collection[int]) -> list[int]:
        """Those of them that wait."""
        found = self.connection.execute(_STILL_WAITING, (json.dumps(sorted(numbers)),)).fetchall()
        return [number for (number,) in found]

    def _read(self, news: Iterable[tuple[int, int, Any]]) -> None:
        code_of, row_of, tried = self._code_of, self._row_of, self._tried
        for row, number, what in news:
            if what == 0 and not row_of[number] and not tried[number]:  # as most are
                code_of[number] = _DELIVERED
                row_of[number] = row
                self._decided += 1
            elif what == 0:
                self._decide(row, number, _DELIVERED)
            elif what != 1:
                self._take(row, number, what)
            elif not tried[number]:
                tried[number] = 1
                self._deferred += not row_of[number]

    def _decide(self, row: int, number: int, code: int) -> None:
        if before := self._row_of[number]:
            self._overtaken.append(before)
        else:
            self._decided += 1
            self._deferred -= self._tried[number]
        self._code_of[number] = code
        self._row_of[number] = row

    def _take(self, row: int, number: int, said: str) -> None:
        code = self._codes.get(said)
        if code is None:
            kind, _, meaning = said.partition(" ")
            category, _, transient = meaning.rpartition(" ")
            code = self._codes[said] = len(self._ends)
            self._ends.append(kind if kind in EVENTS else end_of(kind, category, transient=transient == "1"))
        end = self._ends[code]
        if isinstance(end, str):
            self.events[end].add(number)
            return
        self._decide(row, number, code)
        if end.state is State.BOUNCED:
            self._returned.add(number)

    def _grow(self, size: int) -> None:
        more = max(0, size - self.size)
        self._code_of.frombytes(bytes(more * self._code_of.itemsize))
        self._row_of.frombytes(bytes(more * self._row_of.itemsize))
        self._tried += bytes(more)
