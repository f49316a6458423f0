"""How a mailing is read, in figures: opens, clicks, people, links, hours, and who.

Each is there twice: everything that came by, and what people did (`human`). Seeds are in none. What is counted and
what is not, and why, is in docs/tracking.md.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from postduif.campaign.tracking.connection import tracking
from postduif.campaign.tracking.counting import catch_up
from postduif.campaign.tracking.links import links_of
from postduif.campaign.tracking.visit import Visit, Wanted, Wish
from postduif.errors import StoreError


class Counts(NamedTuple):
    """What somebody did. Numbers of visits, and of different recipients."""

    opens: int
    openers: int
    """Who opened it or followed a link."""
    clicks: int
    clickers: int
    views: int
    """Of the mail as a web page."""
    viewers: int


class OfLink(NamedTuple):
    """The clicks on one link."""

    link: int
    clicks: int
    clickers: int
    human_clicks: int
    human_clickers: int


class OfHour(NamedTuple):
    """Within one hour; `hour` begins at so many seconds since the epoch."""

    hour: int
    opens: int
    clicks: int
    human_opens: int
    human_clicks: int


class Figures(NamedTuple):
    """Of one mailing."""

    all: Counts
    human: Counts
    """Without machines."""
    machines: dict[str, int]
    """Visits of machines, by why they are taken for that."""
    links: tuple[OfLink, ...]
    """Those that were clicked, by number."""
    hours: tuple[OfHour, ...]
    """Those in which something happened, in order."""


_CAME_BACK = f"""
SELECT number, at FROM (SELECT number, kind, at, max(id) FROM wish WHERE mailing = ? AND type IN ('', ?) AND kind IN
('{Wanted.UNSUBSCRIBE.value}', '{Wanted.RESUBSCRIBE.value}') GROUP BY number) WHERE kind = '{Wanted.RESUBSCRIBE.value}'
"""  # noqa: S608  constants
_VISITS = """
SELECT at, mailing, number, kind, link, agent, machine FROM visit WHERE mailing = ? AND number = ? ORDER BY id
"""
_WISHES = """
SELECT at, mailing, number, kind, type, how, wording, origin, done_at FROM wish WHERE mailing = ? AND number = ?
ORDER BY id
"""
_SINCE = """
SELECT id, at, mailing, number, kind, link, agent, machine FROM visit
WHERE id > ?1 AND id <= (SELECT visit FROM counted) AND (?2 = 0 OR mailing = ?2)
AND (?3 = '[]' OR kind IN (SELECT value FROM json_each(?3))) ORDER BY id LIMIT ?4
"""
_WISHES_SINCE = """
SELECT id, at, mailing, number, kind, type, how, wording, origin, done_at FROM wish
WHERE id > ?1 AND (?2 = 0 OR mailing = ?2) AND (?4 OR kind NOT IN ('export', 'erase')) ORDER BY id LIMIT ?3
"""
_COUNTS = "SELECT number, opens, clicks FROM reader WHERE mailing = ? AND number BETWEEN ? AND ? AND opens + clicks > 0"
_WHO = {
    "opened": "SELECT number FROM reader WHERE mailing = ?1 AND number > ?2 AND opens + clicks > 0 ORDER BY 1 LIMIT ?3",
    "clicked": "SELECT number FROM reader WHERE mailing = ?1 AND number > ?2 AND clicks > 0 ORDER BY number LIMIT ?3",
}
_WHO_CLICKED = """
SELECT DISTINCT number FROM visit
WHERE mailing = ? AND number > ? AND kind = 'click' AND link = ? AND machine = '' ORDER BY number LIMIT ?
"""


def count_all(connection: sqlite3.Connection, data_dir: Path) -> None:
    """Count whatever came by since. Not inside a transaction."""
    known: dict[int, int] = {}

    def links(mailing: int) -> int:
        if mailing not in known:
            known[mailing] = _links(data_dir, mailing)
        return known[mailing]

    while catch_up(connection, data_dir, links):
        pass


def figures(data_dir: Path, mailing: int) -> Figures:
    """Those of this moment. Raises StoreError."""
    with tracking(data_dir) as connection:
        count_all(connection, data_dir)
        rows = connection.execute("SELECT name, link, hour, value FROM figure WHERE mailing = ?", (mailing,)).fetchall()
    values = {(name, link, hour): value for name, link, hour, value in rows}
    return Figures(
        _counts(values, ""),
        _counts(values, "human_"),
        {name.partition(":")[2]: value for (name, _, _), value in values.items() if ":" in name and value},
        tuple(_of_links(values)),
        tuple(_of_hours(values)),
    )


def who(
    data_dir: Path, mailing: int, what: str, *, link: int = 0, after: int = -1, limit: int = 1000
) -> tuple[int, ...]:
    """A page of the recipients (not machines) who did it, by number, from behind `after`; `link`: who clicked that one.

    `what`: opened (or clicked: a link that was followed is an open too) or clicked. Raises StoreError.
    """
    with tracking(data_dir) as connection:
        count_all(connection, data_dir)
        if link:
            rows = connection.execute(_WHO_CLICKED, (mailing, after, link, limit))
        else:
            rows = connection.execute(_WHO[what], (mailing, after, limit))
        return tuple(number for (number,) in rows)


def came_back(data_dir: Path, mailing: int, mail_type: str) -> dict[int, float]:
    """Recipients whose last word on the pages, about that type of mail or any, is to get it; and when they said so.

    Raises StoreError.
    """
    with tracking(data_dir) as connection:
        return dict(connection.execute(_CAME_BACK, (mailing, mail_type)).fetchall())


def visits_of(data_dir: Path, mailing: int, number: int) -> tuple[Visit, ...]:
    """All visits of one recipient, each with why it is taken for a machine's. Raises StoreError."""
    with tracking(data_dir) as connection:
        count_all(connection, data_dir)
        return tuple(Visit(*row) for row in connection.execute(_VISITS, (mailing, number)))


def wishes_of(data_dir: Path, mailing: int, number: int) -> tuple[tuple[Wish, float | None], ...]:
    """All that one recipient asked for, each with when it was carried out (None: not yet). Raises StoreError."""
    with tracking(data_dir) as connection:
        rows = connection.execute(_WISHES, (mailing, number)).fetchall()
    return tuple((Wish(*row[:-1]), row[-1]) for row in rows)


class Numbered(NamedTuple):
    """A visit with its number, which rises."""

    id: int
    visit: Visit


def visits_since(
    data_dir: Path, after: int, limit: int, mailing: int = 0, kinds: Collection[str] = ()
) -> list[Numbered]:
    """Visits behind that number, in order, of all mailings or one, of all kinds or these. Raises StoreError.

    Only those that are counted: what they are taken for may still change by what the same reader does later.
    """
    with tracking(data_dir) as connection:
        count_all(connection, data_dir)
        rows = connection.execute(_SINCE, (after, mailing, json.dumps(list(kinds)), limit)).fetchall()
    return [Numbered(id_, Visit(*rest)) for id_, *rest in rows]


def last_visit(data_dir: Path) -> int:
    """The highest number there ever was. Raises StoreError."""
    with tracking(data_dir) as connection:
        row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'visit'").fetchone()
    return int(row[0]) if row else 0


def wishes_since(
    data_dir: Path, after: int, limit: int, mailing: int = 0, *, requests: bool = True
) -> list[tuple[int, Wish, float | None]]:
    """Wishes behind that number, in order, each with when it was carried out. Raises StoreError.

    `requests`: also of who asked for a copy, or to be erased.
    """
    with tracking(data_dir) as connection:
        rows = connection.execute(_WISHES_SINCE, (after, mailing, limit, requests)).fetchall()
    return [(id_, Wish(*rest), done_at) for id_, *rest, done_at in rows]


def counts_of(data_dir: Path, mailing: int, first: int, last: int) -> dict[int, tuple[int, int]]:
    """Opens and clicks of the recipients from `first` to `last` who did any, without machines. Raises StoreError."""
    with tracking(data_dir) as connection:
        count_all(connection, data_dir)
        rows = connection.execute(_COUNTS, (mailing, first, last)).fetchall()
    return {number: (opens, clicks) for number, opens, clicks in rows}


def _links(data_dir: Path, mailing: int) -> int:
    try:
        return len(links_of(data_dir, mailing))
    except StoreError:
        return 0


_Values = dict[tuple[str, int, int], int]


def _counts(values: _Values, whose: str) -> Counts:
    return Counts(*(values.get((f"{whose}{name}", 0, 0), 0) for name in Counts._fields))


def _of_links(values: _Values) -> Iterator[OfLink]:
    for link in sorted({link for _, link, _ in values if link}):
        found = OfLink(link, *(values.get((name, link, 0), 0) for name in OfLink._fields[1:]))
        if found.clicks:
            yield found


def _of_hours(values: _Values) -> Iterator[OfHour]:
    for hour in sorted({hour for _, _, hour in values if hour}):
        yield OfHour(hour * 3600, *(values.get((name, 0, hour), 0) for name in OfHour._fields[1:]))
