"""The links of a mailing that are followed by way of ours: where each leads, for the values that came with a click.

A click says which link by its number, and what a reader's own values made of it in its query. Where it leads is made
here of the fixed text that was written down when the mailing was prepared, so no click leads to a host that its maker
did not write. It is the address that the mail would have had without tracking, to the letter.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import ascii_lowercase
from typing import Literal
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from postduif.errors import StoreError
from postduif.mta.merge.value import CONTROLS
from postduif.queue import directory, mailing

FILE_NAME = "links.json"
"""In the mailing's directory, beside its queue file."""
NAMES = ascii_lowercase
"""What values are called in a query, in order; so many has one link at most."""

_PLAIN = "!#$%&'()*+,/:;=?@[]~"  # with letters, digits and -._ all that may stand in an address (RFC 3986 2)


@dataclass(frozen=True, slots=True)
class TrackedLink:
    """One link, in one place of the mail."""

    number: int
    """From 1, in the order of the HTML, then of the text."""
    texts: tuple[str, ...]
    """Its fixed text, with a value between each two. The first has the whole host."""
    url: str
    """As its maker wrote it, with template expressions."""
    text: str
    """What the reader sees of it; "" for none."""
    label: str
    """What it is called in figures; "" for none."""
    part: Literal["html", "text"]
    line: int
    """Of that part as it was composed, from 1."""


_ADAPTER = TypeAdapter(tuple[TrackedLink, ...])


def destination(link: TrackedLink, values: Mapping[str, str]) -> str:
    """Where it leads, with the values of a query; what is missing is empty, what is not asked for is not looked at.

    It is as the mail would have said it: it may hold blanks, and letters of any script. `location` makes a header of
    it.
    """
    pieces = [link.texts[0]]
    for name, text in zip(NAMES, link.texts[1:], strict=False):
        pieces += (CONTROLS.sub(" ", values.get(name, "")), text)
    return "".join(pieces).rstrip(" ")  # as browsers do with an address in an attribute


def location(url: str) -> str:
    """An address as a Location field holds it: ASCII, without blanks (RFC 9110 10.2.2); what is encoded stays so."""
    return quote(url, safe=_PLAIN, errors="replace")


def write(folder: Path, links: tuple[TrackedLink, ...]) -> None:
    """Put them on disk in a mailing's directory, before it is handed over. Raises StoreError."""
    if not links:
        return
    path = folder / FILE_NAME
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(_ADAPTER.dump_json(links))
            file.flush()
            os.fsync(file.fileno())
        directory.sync(folder)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None


def links_of(data_dir: Path, number: int) -> tuple[TrackedLink, ...]:
    """Those of a mailing that was handed over, in order; () when nothing of it is tracked, or it is not there.

    Reads a file; whoever asks often remembers it: it never changes. Raises StoreError when it cannot be read.
    """
    path = mailing.directory_of(data_dir, number) / FILE_NAME
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None
    except ValidationError:
        raise StoreError(f"{path} is damaged; bring it back from a backup") from None
