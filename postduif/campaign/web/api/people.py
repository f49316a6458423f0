"""Who is meant by an address of the API, and values of attributes between JSON and what the audience reads."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Header, Path

from postduif.campaign.audience import contacts
from postduif.campaign.audience.attributes import Attribute, AttributeFault, Kind, declared
from postduif.campaign.audience.contacts import ContactFault, NoSuchContact
from postduif.campaign.audience.values import written
from postduif.campaign.web.api.problem import Problem

Value = str | int | float | bool | list[str] | None
Ref = Annotated[str, Path(min_length=1, max_length=400, description="The number of a contact, or an address.")]
IfMatch = Annotated[str, Header(max_length=1000, description="An ETag, or *: only if it is still so.")]
_SEPARATORS = re.compile(r"[;|\n]")
_OF_KIND: dict[Kind, tuple[type, ...]] = {
    Kind.TEXT: (str,),
    Kind.NUMBER: (int, float),
    Kind.DATE: (str,),
    Kind.BOOLEAN: (bool,),
    Kind.LIST: (list,),
}


def found(connection: sqlite3.Connection, ref: str) -> int | None:
    """The contact that is meant; None: there is none."""
    return contacts.find(connection, f"#{ref}" if ref.isascii() and ref.isdigit() else ref)


def of(connection: sqlite3.Connection, ref: str) -> int:
    """The contact that is meant. Raises NoSuchContact."""
    number = found(connection, ref)
    if number is None:
        raise NoSuchContact(f"nobody is known as {ref}; the list of contacts shows who is")
    return number


def etag(profile: Mapping[str, Any]) -> str:
    """Of what can be changed of a person."""
    told = [profile[name] for name in ("id", "email", "name", "language", "attributes")]
    return etag_of(told)


def etag_of(told: object) -> str:
    """Of what is JSON."""
    digest = hashlib.blake2b(json.dumps(told, ensure_ascii=True).encode(), digest_size=10)
    return f'"{digest.hexdigest()}"'


def see_match(wanted: str, now: str) -> None:
    """Return if one of those that If-Match names is how it is now. Raises Problem."""
    if wanted and wanted.strip() != "*" and now not in {one.strip() for one in wanted.split(",")}:
        raise Problem("changed", "It was changed since you read it.")


def texts(connection: sqlite3.Connection, given: Mapping[str, Value], collection: str = "") -> dict[str, str]:
    """Values of attributes as people would write them. Raises AttributeFault and ContactFault."""
    known = declared(connection, collection)
    if unknown := sorted(given.keys() - known.keys()):
        raise AttributeFault(f"there is no attribute {unknown[0][:100]!r}; there are {', '.join(known) or 'none'}")
    return {name: _text(known[name], value) for name, value in given.items()}


def _text(attribute: Attribute, value: Value) -> str:
    kind = attribute.kind
    if value is None:
        return ""
    if not isinstance(value, _OF_KIND[kind]) or (kind is Kind.NUMBER and isinstance(value, bool)):
        raise ContactFault(f"{attribute.name} is a {kind}; give one, or null")
    if isinstance(value, list):
        if any(_SEPARATORS.search(word) for word in value):
            raise ContactFault(f"{attribute.name}: a word of a list has no ; | or line feed; leave them out")
        return "".join(f"{word};" for word in value)  # one at the end: else a comma would part words
    return written(kind, value)
