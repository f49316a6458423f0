"""Which mailings show a picture, and which pictures a content names that are not there. Content is only searched."""

# ruff: noqa: S608  statements are made of constants; values are parameters

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import NamedTuple

from postduif.campaign.mailings.record import State
from postduif.campaign.media.files import found
from postduif.campaign.media.picture import HASH

MOST = 200
"""Mailings that are named for one picture."""
_ENDED = f"state IN ('{State.STOPPED}', '{State.FINISHED}')"
_NAMED = re.compile(rf"/m/({HASH.pattern})/")
_ADDRESS = re.compile(rf"(https?://[^\s\"'<>()/]*)?(/m/{HASH.pattern}/[^\s\"'<>()?#]*)", re.IGNORECASE)


class Use(NamedTuple):
    """A mailing or template that shows it."""

    number: int
    name: str
    template: bool
    over: bool
    """It has ended; who opens it again still sees it."""

    def __str__(self) -> str:
        """For people."""
        return f"{'template' if self.template else 'mailing'} {self.number}, {self.name}"


def where(mailings: sqlite3.Connection, digest: str) -> list[Use]:
    """Those that show it, what is still to go first; MOST of them."""
    query = (
        f"SELECT number, name, template, NOT template AND {_ENDED} AS over FROM mailing "
        "WHERE instr(content, ?) ORDER BY over, number DESC LIMIT ?"
    )
    return [_use(*row) for row in mailings.execute(query, (f"/m/{digest}/", MOST))]


def holding(mailings: sqlite3.Connection, digest: str) -> Use | None:
    """A template or mailing that has not ended and shows it: only their contents are read."""
    query = (
        "SELECT number, name, template, 0 FROM mailing "
        f"WHERE (template OR NOT {_ENDED}) AND instr(content, ?) ORDER BY number DESC LIMIT 1"
    )
    row = mailings.execute(query, (f"/m/{digest}/",)).fetchone()
    return _use(*row) if row else None


def still_to_go(mailings: sqlite3.Connection) -> dict[str, list[Use]]:
    """By hash, the templates and the mailings that have not ended."""
    query = (
        "SELECT number, name, template, 0, content FROM mailing "
        f"WHERE (template OR NOT {_ENDED}) AND instr(content, '/m/') ORDER BY number DESC"
    )
    used: dict[str, list[Use]] = {}
    for *row, content in mailings.execute(query):
        for digest in dict.fromkeys(_NAMED.findall(content)):
            used.setdefault(digest, []).append(_use(*row))
    return used


def missing(data_dir: Path, public_url: str, *sources: str) -> tuple[str, ...]:
    """Addresses of pictures in these templates that show none: it is not there, or it is, but not at that host."""
    named = (match for source in sources for match in _ADDRESS.finditer(source))
    return tuple(dict.fromkeys(one[0] for one in named if not _shows(data_dir, public_url, one[1] or "", one[2])))


def _shows(data_dir: Path, public_url: str, host: str, path: str) -> bool:
    """It is there and at our host; or neither, and so none of ours."""
    place = found(data_dir, path)
    return (place is not None and place[0].exists()) == (bool(public_url) and host.lower() == public_url)


def _use(number: int, name: str, template: int, over: int) -> Use:
    return Use(number, name, bool(template), bool(over))
