"""People written to a file."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path

import pytest

from postduif.campaign.audience import exporting
from postduif.campaign.audience.condition.sql import Compiled
from postduif.campaign.audience.exporting import write_csv, write_json
from postduif.campaign.audience.import_plan import Options, plan
from postduif.campaign.audience.importing import Import
from postduif.campaign.audience.sheet import open_sheet
from postduif.campaign.audience.suppression_link import suppression_link
from tests.campaign.audience.people import NOW, an_audience, person

ALL = Compiled("1", ())


def some() -> sqlite3.Connection:
    """Three people, one of whom is a formula."""
    connection = an_audience()
    person(connection, "=cmd@example.com", name="@SUM(1)", country="+31", tags="-a;=b")
    person(connection, "ann@example.com", name='Änn; x\n"y"', age="-1.5", vip="yes", born="2000-01-02")
    person(connection, "bob@example.com")
    return connection


@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    """No cell is a formula, and an import takes all of it back."""
    monkeypatch.setattr(exporting, "CHUNK", chunk)
    connection = some()
    out = io.StringIO(newline="")
    write_csv(out, connection, ALL, tmp_path)
    cells = [cell for row in csv.reader(io.StringIO(out.getvalue(), newline="")) for cell in row]
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t")]
    path = tmp_path / "out.csv"
    path.write_text(out.getvalue(), newline="")
    other = an_audience()
    with suppression_link(tmp_path) as link:
        *_, run = Import(other, link, plan(other, open_sheet(path), Options()), Options(), lambda: NOW).run("x", "y")
    assert (run.added, run.rejected) == (3, 0)
    query = "SELECT email, name, a_country, a_age, a_born, a_vip, a_tags FROM contact ORDER BY id"
    assert other.execute(query).fetchall() == connection.execute(query).fetchall()


def test_json(tmp_path: Path) -> None:
    """A list of people, each on a line, with values as templates have them."""
    connection = some()
    out = io.StringIO()
    assert write_json(out, connection, Compiled("id > ?", (1,)), tmp_path) == 2
    ann, bob = json.loads(out.getvalue())
    assert (ann["id"], ann["vip"], ann["age"], ann["tags"]) == (2, True, -1.5, [])
    assert bob["email"] == "bob@example.com"
    assert len(out.getvalue().splitlines()) == 4
