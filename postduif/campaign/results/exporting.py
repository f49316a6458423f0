"""The result of a mailing as CSV or JSON: everybody with state and last words, and those excluded with the cause.

In CSV no cell is a formula (`spreadsheet`): a remote host chooses its words. Rows come by number, a chunk at a time, in
bounded memory. Those excluded come behind the recipients, with the state `excluded`; they have no number.
"""

from __future__ import annotations

import csv
import datetime
import io
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TextIO

from postduif.campaign.results.doing import said
from postduif.campaign.results.people import CHUNK, EVERYBODY, Recipient, Which, all_excluded, everybody
from postduif.campaign.results.tally import Tally
from postduif.campaign.tracking.figures import counts_of
from postduif.spreadsheet import guarded

COLUMNS = (
    "number", "address", "domain", "contact", "child", "state", "cause", "attempts", "code", "reply", "remote", "ended",
    "complained", "unsubscribed", "answered", "opens", "clicks",
)  # fmt: skip
"""`cause`: what the last reply meant, or why somebody is excluded. `ended` is in UTC (RFC 3339). `opens` and `clicks`
are those of people, without machines."""
Cell = int | str | bool | None
EXCLUDED = "excluded"
_PIECE = 100_000


def rows(tally: Tally, which: Which = EVERYBODY) -> Iterator[dict[str, Cell]]:
    """The recipients that are meant; when everybody is, then those excluded. None: not known, or not so yet."""
    yield from _recipients(tally, which)
    if which == EVERYBODY:
        yield from rows_excluded(tally)


def rows_excluded(tally: Tally, cause: str = "") -> Iterator[dict[str, Cell]]:
    """Those excluded alone, for that cause or for any."""
    for left_out in all_excluded(tally.connection, cause):
        yield dict.fromkeys(COLUMNS) | {
            "address": left_out.address,
            "domain": left_out.address.rpartition("@")[2],
            "contact": left_out.contact,
            "child": left_out.child or None,
            "state": EXCLUDED,
            "cause": left_out.cause,
        }


def _recipients(tally: Tally, which: Which) -> Iterator[dict[str, Cell]]:
    events = said(tally)
    for one, opens, clicks in _with_counts(tally, everybody(tally, which)):
        yield {
            "number": one.number,
            "address": one.address or None,
            "domain": one.domain or None,
            "contact": one.contact,
            "child": one.child or None,
            "state": one.state.value,
            "cause": one.category or None,
            "attempts": one.attempts,
            "code": one.code or None,
            "reply": one.reply or None,
            "remote": one.remote or None,
            "ended": _moment(one.at),
            **{kind: one.number in numbers for kind, numbers in events.items()},
            "opens": opens,
            "clicks": clicks,
        }


def csv_text(people: Iterable[dict[str, Cell]]) -> Iterator[str]:
    """These rows as `write_csv` writes them, in pieces of some 100 KB, for who passes it on."""
    yield from _pieces(lambda file: _csv_rows(file, people))


def json_text(people: Iterable[dict[str, Cell]]) -> Iterator[str]:
    """These rows as `write_json` writes them, in such pieces."""
    yield from _pieces(lambda file: _json_rows(file, people))


def write_csv(file: TextIO, tally: Tally, which: Which = EVERYBODY) -> int:
    """Write a heading and all rows; returns how many. Yes and no are 1 and 0, what is not known is empty."""
    return sum(_csv_rows(file, rows(tally, which)))


def write_json(file: TextIO, tally: Tally, which: Which = EVERYBODY) -> int:
    """Write one list, a person a line; returns how many. It may be longer than memory."""
    return sum(_json_rows(file, rows(tally, which)))


def _csv_rows(file: TextIO, people: Iterable[dict[str, Cell]]) -> Iterator[int]:
    writer = csv.writer(file, lineterminator="\r\n")  # RFC 4180
    writer.writerow(COLUMNS)
    for row in people:
        writer.writerow([_text(row[name]) for name in COLUMNS])
        yield 1


def _json_rows(file: TextIO, people: Iterable[dict[str, Cell]]) -> Iterator[int]:
    file.write("[")
    comma = ""
    for row in people:
        file.write(f"{comma}\n{json.dumps(row, ensure_ascii=False)}")
        comma = ","
        yield 1
    file.write("\n]\n")


def _pieces(write: Callable[[TextIO], Iterator[int]]) -> Iterator[str]:
    file = io.StringIO()
    for _ in write(file):
        if file.tell() >= _PIECE:
            yield file.getvalue()
            file.seek(0)
            file.truncate()
    yield file.getvalue()


def _with_counts(tally: Tally, people: Iterator[Recipient]) -> Iterator[tuple[Recipient, int, int]]:
    """Each with opens and clicks, asked a chunk at a time."""
    while chunk := list(islice(people, CHUNK)):
        counts = counts_of(*tally.source, chunk[0].number, chunk[-1].number) if tally.source else {}
        for one in chunk:
            yield one, *counts.get(one.number, (0, 0))


def _moment(at: float | None) -> str | None:
    return None if at is None else datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="seconds")


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, bool) else guarded(str(cell))
