"""Rules of classification as they stand in `rules/*.toml`: what a reply must be like to be of a category.

Files are read in the order of their names, rules from top to bottom; that order is the order of trust.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from postduif.bounce.category import CATEGORIES
from postduif.bounce.phrase import Phrase
from postduif.errors import ConfigError

FOLDER = Path(__file__).with_name("rules")
_PROVIDERS = "providers.toml"
_KEYS = {"name", "category", "says", "unless", "status", "code", "provider", "sample"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. A reply fits when it has one of each kind of thing that the rule names, and nothing of `unless`."""

    name: str
    category: str
    says: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]
    statuses: frozenset[str]
    codes: frozenset[int]
    providers: frozenset[str]
    samples: tuple[str, ...]
    where: str

    @property
    def conditions(self) -> tuple[frozenset[Any], ...]:
        """What it asks beside the text. An empty set asks nothing."""
        return self.statuses, self.codes, self.providers


class Provider(NamedTuple):
    """How mail of a provider is recognised: the ends of its host and domain names, or what its texts say."""

    name: str
    hosts: tuple[str, ...]
    says: tuple[Phrase, ...]


class Rules(NamedTuple):
    """All rules in their order, and the providers that they name."""

    rules: tuple[Rule, ...]
    providers: tuple[Provider, ...]


@cache
def shipped() -> Rules:
    """The rules that come with the program."""
    return read(FOLDER)


def read(folder: Path) -> Rules:
    """All rules of a folder. ConfigError when one cannot be understood."""
    files = sorted(folder.glob("*.toml"))
    rules = [rule for path in files if path.name != _PROVIDERS for rule in _rules(path)]
    return Rules(tuple(rules), tuple(_providers(folder / _PROVIDERS)))


def _rules(path: Path) -> Iterator[Rule]:
    for number, table in enumerate(_table(path).get("rule", []), 1):
        where = f"{path.name}: rule {table.get('name', number)}"
        if unknown := table.keys() - _KEYS:
            raise ConfigError(f"{where}: no such key: {', '.join(sorted(unknown))}; see docs/bounces-classes.md")
        if table.get("category") not in CATEGORIES:
            raise ConfigError(f"{where}: no such category: {table.get('category')}; see docs/bounces-classes.md")
        try:
            yield Rule(
                name=table["name"],
                category=table["category"],
                says=tuple(_phrases(table, "says")),
                unless=tuple(_phrases(table, "unless")),
                statuses=frozenset(status for text in _texts(table, "status") for status in _statuses(text)),
                codes=frozenset(code for text in _texts(table, "code") for code in _codes(text)),
                providers=frozenset(_texts(table, "provider")),
                samples=tuple(_texts(table, "sample")),
                where=where,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigError(f"{where}: cannot be understood ({error}); see docs/bounces-classes.md") from None


def _providers(path: Path) -> Iterator[Provider]:
    for name, table in _table(path).items():
        yield Provider(name, tuple(_texts(table, "hosts")), tuple(_phrases(table, "says")))


def _table(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); correct it") from None


def _texts(table: Mapping[str, Any], key: str) -> list[str]:
    value = table.get(key, [])
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _phrases(table: Mapping[str, Any], key: str) -> Iterator[Phrase]:
    yield from map(Phrase.read, _texts(table, key))


def _statuses(text: str) -> Iterator[str]:
    """`5.1.1`; `x.2.2` is both 4.2.2 and 5.2.2; `5.7.606-649` is a range."""
    kind, subject, detail = text.split(".")
    first, _, last = detail.partition("-")
    for number in range(int(first), int(last or first) + 1):
        yield from (f"{one}.{int(subject)}.{number}" for one in ("45" if kind == "x" else kind))


def _codes(text: str) -> Iterator[int]:
    """`550`; `5xx` is all permanent ones."""
    if text.endswith("xx"):
        yield from range(int(text[0]) * 100, int(text[0]) * 100 + 100)
    else:
        yield int(text)
