"""The filters of a typology, as values that can be stored, and made into filters when a target is streamed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from postduif.campaign.checks import filters
from postduif.campaign.checks.facts import STORED
from postduif.campaign.checks.filters import Filter, History

Share = Annotated[float, Field(gt=0, lt=1)]
Above = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Number = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, slots=True)
class DeadDomains:
    """Nobody at a domain that takes no mail."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    rule: Literal["dead_domains"] = "dead_domains"
    kind: ClassVar[str] = "filtering"


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """A share of the people gets nothing."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    share: Share
    rule: Literal["control_group"] = "control_group"
    kind: ClassVar[str] = "filtering"


@dataclass(frozen=True, slots=True)
class Pressure:
    """Nobody gets more than `threshold` within `days`, mailings weighing what each of them weighs."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    days: Above
    threshold: Above
    weight: Above = 1.0
    """Of this mailing."""
    rule: Literal["pressure"] = "pressure"
    kind: ClassVar[str] = "pressure"


@dataclass(frozen=True, slots=True)
class Capacity:
    """So many people at most, so many of one domain at most."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    people: Number | None = None
    of_a_domain: Number | None = None
    rule: Literal["capacity"] = "capacity"
    kind: ClassVar[str] = "capacity"


Sieve = Annotated[DeadDomains | ControlGroup | Pressure | Capacity, Field(discriminator="rule")]

ORDER = (DeadDomains, ControlGroup, Pressure, Capacity)
"""Filtering, pressure, capacity: what counts people comes when all others are out."""


def made(
    sieves: tuple[Sieve, ...], *, dead: Mapping[str, str], seed: bytes, history: Callable[[float], History]
) -> list[Filter]:
    """Filters in the order they work in. They count, so they are good for one run through a target.

    `dead` is what `asking.without_mail` said of the domains, `seed` fixes who is in the control group, and `history` is
    given a number of days for each pressure rule.
    """
    found: list[Filter] = []
    for sieve in sorted(sieves, key=lambda one: ORDER.index(type(one))):
        match sieve:
            case DeadDomains():
                found.append(filters.dead_domains(dead))
            case ControlGroup(share):
                found.append(filters.control_group(share, seed))
            case Pressure(days, threshold, weight):
                found.append(filters.pressure(history(days), threshold, weight))
            case Capacity(people, of_a_domain):
                if of_a_domain:
                    found.append(filters.at_most_of_a_domain(of_a_domain))
                if people:
                    found.append(filters.at_most(people))
    return found
