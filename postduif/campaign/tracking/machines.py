"""What one request says of who came by: the family of its program, and whether it is a machine's. Pure.

The rules are data, `machines.toml`, each with samples. What only shows in several visits is in `sequence`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import NamedTuple

from postduif.campaign.tracking.visit import Machine, Visited

MAX_AGENT = 400
"""Characters of what a program says of itself that are looked at."""
OTHER = "other"
_AHEAD = ("purpose", "sec-purpose", "x-purpose", "x-moz")
"""Header fields by which browsers say that nobody asked yet."""
_AHEAD_WORDS = ("prefetch", "preview", "prerender")


class Rule(NamedTuple):
    """One kind of program."""

    family: str
    says: tuple[re.Pattern[str], ...]
    machine: Machine
    only: str
    """The kind of visit that it is about; "" for any."""
    samples: tuple[str, ...]


class Seen(NamedTuple):
    """What one request shows."""

    family: str
    machine: Machine


@cache
def rules() -> tuple[Rule, ...]:
    """Those that come with the program, in their order."""
    text = resources.files("postduif.campaign.tracking").joinpath("machines.toml").read_text(encoding="utf-8")
    return tuple(
        Rule(
            table["family"],
            tuple(re.compile(one, re.IGNORECASE) for one in table["says"]),
            Machine(table.get("machine", "")),
            table.get("only", ""),
            tuple(table["samples"]),
        )
        for table in tomllib.loads(text)["rule"]
    )


def seen(kind: Visited, method: str, headers: Mapping[str, str]) -> Seen:
    """Judge a request by its method and header fields, names in lower case."""
    found = of_agent(headers.get("user-agent", "")[:MAX_AGENT], kind)
    if method == "HEAD":
        return Seen(found.family, Machine.HEAD)
    if found.machine:
        return found
    for name in _AHEAD:
        if any(word in headers.get(name, "").lower() for word in _AHEAD_WORDS):
            return Seen(found.family, Machine.PREFETCH)
    return found


@lru_cache(maxsize=4096)
def of_agent(agent: str, kind: str) -> Seen:
    """Judge what a program says of itself. Who says nothing is nobody that people read with."""
    agent = agent.strip()
    if not agent:
        return Seen("none", Machine.SCANNER)
    for rule in rules():
        if rule.only in ("", kind) and any(one.search(agent) for one in rule.says):
            return Seen(rule.family, rule.machine)
    return Seen(OTHER, Machine.PERSON)
