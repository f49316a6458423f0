"""The list of pictures: taken in, named, found, let go. What is taken in is on disk before anybody hears so."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import NamedTuple

from postduif.campaign.database import path_of, transaction
from postduif.campaign.mailings.changing import By
from postduif.campaign.media import files
from postduif.campaign.media.connection import SCHEMA, media
from postduif.campaign.media.look import Kind, Look, look
from postduif.campaign.media.picture import MediaFault, NoSuchPicture, Picture, PictureInUse, alt_of, name_of
from postduif.campaign.media.uses import holding

MAX_SIZE = 5 * 1024 * 1024
"""Octets of one."""
MAX_PICTURES = 20_000
_ALL = "SELECT id, hash, name, alt, kind, width, height, size, at, who FROM picture"


class Room(NamedTuple):
    """What they take together."""

    pictures: int
    octets: int


def keep(
    connection: sqlite3.Connection, data_dir: Path, name: str, octets: bytes, by: By, most: int, *, alt: str = ""
) -> tuple[Picture, bool]:
    """Take one in; what is there already stays as it is called. Whether it is new.

    `most`: octets of all together. Raises MediaFault for what is no picture or too large, and StoreError.
    """
    if len(octets) > MAX_SIZE:
        raise MediaFault(f"it is larger than {MAX_SIZE // 1024 // 1024} MB; make it smaller, its readers pay for it")
    try:
        seen = look(octets)
    except ValueError as error:
        raise MediaFault(str(error)) from None
    digest, line = files.hash_of(octets), alt_of(alt)
    with transaction(connection):
        row = connection.execute(f"{_ALL} WHERE hash = ?", (digest,)).fetchone()
        if row is None:
            there = room(connection)
            if there.pictures >= MAX_PICTURES or there.octets + len(octets) > most:
                raise MediaFault("there is no room for more pictures (campaign.media_space); delete some first")
        files.write(files.place_of(data_dir, digest, seen.kind), octets)
        if row is not None:
            return _picture(*row), False
        connection.execute(
            "INSERT INTO picture (hash, name, alt, kind, width, height, size, at, who) VALUES (?,?,?,?,?,?,?,?,?)",
            (digest, name_of(name), line, *seen, len(octets), by.now, by.who),
        )
        made = connection.execute(f"{_ALL} WHERE hash = ?", (digest,)).fetchone()
    return _picture(*made), True


def tidy(data_dir: Path) -> None:
    """Away with files that no list shows: of who was killed before theirs was in it. Raises StoreError."""
    if path_of(data_dir, SCHEMA).exists():
        with media(data_dir) as connection, transaction(connection):
            files.sweep(data_dir, {digest for (digest,) in connection.execute("SELECT hash FROM picture")})


def change(connection: sqlite3.Connection, picture: Picture, name: str, alt: str) -> Picture:
    """Call it otherwise. Addresses that are in mail stay good, whatever name they end in. Raises MediaFault."""
    values = (name_of(name), alt_of(alt), picture.id)
    with transaction(connection):
        connection.execute("UPDATE picture SET name = ?, alt = ? WHERE id = ?", values)
        return find(connection, picture.id)


def delete(connection: sqlite3.Connection, mailings: sqlite3.Connection, data_dir: Path, picture: Picture) -> None:
    """Away with it: its address is 404 when this returns. Raises PictureInUse, StoreError."""
    with transaction(mailings), transaction(connection):  # nobody begins to use it, or brings it again, meanwhile
        if used := holding(mailings, picture.hash):
            raise PictureInUse(f"{picture.file_name} is shown by {used}; take it out there first")
        connection.execute("DELETE FROM picture WHERE id = ?", (picture.id,))
        files.remove(files.place_of(data_dir, picture.hash, picture.look.kind))


def find(connection: sqlite3.Connection, number: int) -> Picture:
    """The one of that number. Raises NoSuchPicture."""
    row = connection.execute(f"{_ALL} WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise NoSuchPicture(f"there is no picture {number}; the list says which there are")
    return _picture(*row)


def listed(connection: sqlite3.Connection, *, text: str = "", before: int = 0, limit: int) -> list[Picture]:
    """The newest first; with `text` in name or alt text; `before`: only those with a smaller number, 0: all."""
    query = f"{_ALL} WHERE instr(lower(name || '.' || kind || ' ' || alt), lower(?)) AND (? = 0 OR id < ?)"
    rows = connection.execute(f"{query} ORDER BY id DESC LIMIT ?", (text, before, before, limit))
    return [_picture(*row) for row in rows]


def room(connection: sqlite3.Connection) -> Room:
    """What they take."""
    return Room(*connection.execute("SELECT count(*), coalesce(sum(size), 0) FROM picture").fetchone())


def _picture(
    id_: int, digest: str, name: str, alt: str, kind: str, width: int, height: int, size: int, at: float, who: str
) -> Picture:
    return Picture(id_, digest, name, alt, Look(Kind(kind), width, height), size, at, who)
