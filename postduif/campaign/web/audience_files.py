"""People as a CSV file, for the pages and the API: streamed, no cell a formula, noted in the trail."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from itertools import chain

from starlette.responses import Response, StreamingResponse

from postduif.campaign.audience import projects, selections
from postduif.campaign.audience.condition.sql import Compiled
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.exporting import addresses_csv, csv_pieces
from postduif.campaign.audience.searching import EVERYBODY, narrowed
from postduif.campaign.audience.selections import SelectionKind
from postduif.campaign.web import noting


def everybody(who: noting.Who, text: str, condition: str) -> Response:
    """Those with `text` in address or name for whom a condition holds; "" is no limit. Raises ConditionFault."""

    def pieces(connection: sqlite3.Connection) -> Iterator[str]:
        asked = EVERYBODY
        if condition.strip():
            asked = selections.compiled_condition(connection, condition, who.desk.clock.time())
        return csv_pieces(connection, narrowed(text, asked), who.desk.data_dir)

    stream = _begun(who, pieces)
    words = ["found by a search"] if text.strip() else []
    words += [f"where {condition.strip()}"] if condition.strip() else []
    noting.note(who, "contacts.exported", "contacts", ", ".join(words))
    return _file(stream, "contacts.csv")


def of_selection(who: noting.Who, number: int) -> Response:
    """Those in a selection; of a list of addresses, these. Raises NoSuchSelection and ConditionFault."""
    with audience(who.desk.data_dir) as connection:
        one = selections.numbered(connection, number)

    def pieces(connection: sqlite3.Connection) -> Iterator[str]:
        if one.kind is SelectionKind.ADDRESSES:
            return addresses_csv(connection, one)
        asked = selections.compiled(connection, one, who.desk.clock.time())
        return csv_pieces(connection, asked, who.desk.data_dir)

    stream = _begun(who, pieces)
    noting.numbered(who, "selection.exported", one)
    return _file(stream, f"selection-{number}.csv")


def of_project(who: noting.Who, number: int) -> Response:
    """Those in a project, with their roles. Raises NoSuchProject."""
    with audience(who.desk.data_dir) as connection:
        one = projects.numbered(connection, number)
    asked = Compiled("contact.id IN (SELECT contact FROM project_member WHERE project = ?)", (number,))
    stream = _begun(who, lambda connection: csv_pieces(connection, asked, who.desk.data_dir, one))
    noting.numbered(who, "project.exported", one)
    return _file(stream, f"project-{number}.csv")


def _begun(who: noting.Who, pieces: Callable[[sqlite3.Connection], Iterator[str]]) -> Iterator[str]:
    """What is wrong is told here, before the answer begins."""

    def opened() -> Iterator[str]:
        with audience(who.desk.data_dir) as connection:
            yield from pieces(connection)

    stream = opened()
    return chain((next(stream),), stream)


def _file(stream: Iterator[str], name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(stream, media_type="text/csv; charset=utf-8", headers=headers)
