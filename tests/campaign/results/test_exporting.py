"""A result as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json

from postduif.campaign.results.exporting import COLUMNS, write_csv, write_json
from postduif.campaign.results.people import CHUNK, Which
from postduif.campaign.results.states import State
from postduif.campaign.results.tally import Tally
from postduif.queue.mailing_file import Excluded
from tests.campaign.results.made import START, happens, in_memory, lose, person

PEOPLE = [
    person(1, "=1+1@one.example"),
    person(2, "b@one.example"),
    person(3, "c@one.example"),
    person(4, "d@one.example"),
]


def a_tally() -> Tally:
    """One bounced by a host that says a formula, one complained, one waits, one is lost, one was excluded."""
    connection = in_memory(PEOPLE, [Excluded(9, 0, "@evil@x.example", "invalid_syntax")])
    happens(connection, 0, "failed", START, code=550, text="=cmd|' /C calc'!A0", category="spam")
    happens(connection, 1, "delivered", START + 1, code=250, enhanced="2.0.0", text="Ok\nqueued", remote_mta="+mx")
    happens(connection, 1, "complained", START + 9)
    lose(connection, 3)
    return Tally(connection)


def test_csv() -> None:
    """Everybody has a row with state and last words, behind them those excluded; no cell is a formula."""
    file = io.StringIO(newline="")
    assert write_csv(file, a_tally()) == 5
    heading, *rows = csv.reader(io.StringIO(file.getvalue(), newline=""))
    assert tuple(heading) == COLUMNS
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n")]
    told = [dict(zip(heading, row, strict=True)) for row in rows]
    assert [one["state"] for one in told] == ["failed", "delivered", "pending", "unknown", "excluded"]
    assert told[0]["address"] == "'=1+1@one.example"
    assert told[0]["reply"] == "550 =cmd|' /C calc'!A0"
    assert (told[1]["reply"], told[1]["remote"], told[1]["ended"]) == (
        "250 2.0.0 Ok queued",
        "'+mx",
        "2026-09-21T14:13:21+00:00",
    )
    assert [one["complained"] for one in told] == ["0", "1", "0", "0", ""]
    assert (told[2]["code"], told[3]["address"], told[3]["contact"]) == ("", "", "4")
    assert (told[4]["address"], told[4]["cause"], told[4]["number"]) == ("'@evil@x.example", "invalid_syntax", "")


def test_json() -> None:
    """The same as one list; only who is meant, when somebody is."""
    file = io.StringIO()
    assert write_json(file, a_tally()) == 5
    told = json.loads(file.getvalue())
    assert all(tuple(one) == COLUMNS for one in told)
    assert (told[0]["address"], told[0]["cause"], told[0]["complained"]) == ("=1+1@one.example", "spam", False)
    assert told[4]["number"] is None
    some = io.StringIO()
    assert write_json(some, a_tally(), Which(State.DELIVERED)) == 1
    assert [one["number"] for one in json.loads(some.getvalue())] == [1]


def test_of_several_chunks() -> None:
    """Whoever is in a later chunk is there too, once."""
    people = [person(n, f"p{n}@one.example") for n in range(2 * CHUNK + 1)]
    file = io.StringIO()
    assert write_json(file, Tally(in_memory(people))) == len(people)
    assert sorted(one["contact"] for one in json.loads(file.getvalue())) == list(range(len(people)))
