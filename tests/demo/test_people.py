"""The readers of the demonstration: the same each time, of every lot, and counted right."""

from __future__ import annotations

import csv
import io

import pytest

from postduif.demo.people import Lot, expected, people, sheet, suppressions


@pytest.mark.parametrize("count", [20, 2000])
def test_every_lot(count: int) -> None:
    """Also among few there is somebody of each lot, and each is in one figure."""
    readers = people(count)
    assert readers == people(count)
    assert {one.lot for one in readers} == set(Lot)
    wanted = expected(readers)
    assert wanted.added + wanted.doubles == count
    assert sum(wanted.excluded.values()) + wanted.to_deliver == wanted.added == len({one.email for one in readers})
    assert wanted.waited <= wanted.delivered


def test_files() -> None:
    """The files are CSV with everybody, and with those on the suppression list."""
    readers = people(40)
    rows = list(csv.DictReader(io.StringIO(sheet(readers))))
    assert [row["e-mail"] for row in rows] == [one.email for one in readers]
    listed = list(csv.DictReader(io.StringIO(suppressions(readers, "news"))))
    assert {row["cause"] for row in listed} == {"unsubscribe", "hard_bounce", "complaint"}
    assert {row["type"] for row in listed if row["cause"] == "unsubscribe"} == {"news"}
