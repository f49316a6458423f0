"""The result of a mailing as CSV or JSON: everybody with state and last words, and those excluded with the cause.

In CSV no cell is a formula (`spreadsheet`): a remote host chooses its words. Rows come by number, a chunk at a time, in
bounded memory. Those excluded come behind the recipients, with the state `excluded`; they have no number.
"""

from __future__ import annotations

import csv
import datetime
import json
from collections.abc import Iterator
from typing import TextIO

from postduif.campaign.results.people import EVERYBODY, Which, all_excluded, everybody
from postduif.campaign.results.tally import Tally
from postduif.spreadsheet import guarded

COLUMNS = (
    "number", "address", "domain", "contact", "child", "state", "cause", "attempts", "code", "reply", "remote", "ended",
    "complained", "unsubscribed", "answered",
)  # fmt: skip
"""`cause`: what the last reply meant, or why somebody is excluded. `ended` is in UTC (RFC 3339)."""
Cell = int | str | bool | None
EXCLUDED = "excluded"


def rows(tally: Tally, which: Which = EVERYBODY) -> Iterator[dict[str, Cell]]:
    """The recipients that are meant; when everybody is, then those excluded. None: not known, or not so yet."""
    for one in everybody(tally, which):
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
            **{kind: one.number in numbers for kind, numbers in tally.events.items()},
        }
    if which != EVERYBODY:
        return
    for left_out in all_excluded(tally.connection):
        yield dict.fromkeys(COLUMNS) | {
            "address": left_out.address,
            "domain": left_out.address.rpartition("@")[2],
            "contact": left_out.contact,
            "child": left_out.child or None,
            "state": EXCLUDED,
            "cause": left_out.cause,
        }


def write_csv(file: TextIO, tally: Tally, which: Which = EVERYBODY) -> int:
    """Write a heading and all rows; returns how many. Yes and no are 1 and 0, what is not known is empty."""
    writer = csv.writer(file, lineterminator="\r\n")  # RFC 4180
    writer.writerow(COLUMNS)
    count = 0
    for row in rows(tally, which):
        writer.writerow([_text(row[name]) for name in COLUMNS])
        count += 1
    return count


def write_json(file: TextIO, tally: Tally, which: Which = EVERYBODY) -> int:
    """Write one list, a person a line; returns how many. It may be longer than memory."""
    count = 0
    file.write("[")
    for row in rows(tally, which):
        file.write((",\n" if count else "\n") + json.dumps(row, ensure_ascii=False))
        count += 1
    file.write("\n]\n")
    return count


def _moment(at: float | None) -> str | None:
    return None if at is None else datetime.datetime.fromtimestamp(at, datetime.UTC).isoformat(timespec="seconds")


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return str(int(cell)) if isinstance(cell, bool) else guarded(str(cell))
