"""What `why` says of an address on the suppression list: the entry that refuses it, and how to let it go. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from postduif.bounce.address_state import EVERY_TYPE, Standing
from postduif.mta.reasons.facts import Row
from postduif.mta.reasons.words import at, since


def refusing(shown: Row, now: float) -> list[Row]:
    """The entries of one answer of `suppress.show` that refuse mail, those about all mail first."""
    found = [one for one in shown["entries"] if Standing(one["standing"]).refuses]
    return sorted((one for one in found if one["until"] is None or one["until"] > now), key=lambda one: one["type"])


def describe(address: str, entries: Sequence[Row], now: float, zone: tzinfo | None = None) -> Iterator[str]:
    """The lines about it; none when nothing refuses it. `zone` None is the machine's."""
    for one in entries:
        until = f", until {at(one['until'], now, zone)}" if one["until"] is not None else ""
        of_type = _TYPES.get(one["type"], f"mail of type {one['type']}")
        yield f"{address} is refused {of_type} {since(one['at'], now, zone)}{until}: {_entry(address, one)}."
        yield f"To let it go: {_command(address, one)}"


_TYPES: Mapping[str, str] = {"": "all mail", EVERY_TYPE: "all mail that one can unsubscribe from"}


def _entry(address: str, one: Row) -> str:
    named = "" if _its_own(address, one) else f"{one['address']} is "
    cause = str(one["cause"]).replace("_", " ")
    says = f", by {one['source']}" if one["source"] else ""
    because = " ".join(str(one["reason"] or one["evidence"]).split()).removesuffix(".")
    return f"{named}{one['standing']} ({cause}){says}{f': {because}' if because else ''}"


def _command(address: str, one: Row) -> str:
    subject = address if _its_own(address, one) else one["address"]
    of_type = ["--type", one["type"]] if one["type"] else []
    return shlex.join(["postduif", "suppress", "remove", subject, *of_type, "--reason", "TEXT"])


def _its_own(address: str, one: Row) -> bool:
    """An entry of nobody else: its address, or the hash that is left of it."""
    return one["address"] == address or str(one["address"]).startswith("#")
