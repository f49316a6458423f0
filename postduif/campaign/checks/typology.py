"""A typology: a named set of rules, with the levels that a site gives them and the filters that it sets.

`look` asks the rules of one phase. Any error stops the preparation (`stops`). A rule that fails by a mistake of ours is
an error that names it; the others still speak.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import TypeAdapter, ValidationError

from postduif import log
from postduif.campaign.checks.catalogue import RULES
from postduif.campaign.checks.facts import STORED, Facts, Limits
from postduif.campaign.checks.finding import Finding, Level
from postduif.campaign.checks.rule import Phase, Rule
from postduif.campaign.checks.sieve import Sieve
from postduif.errors import PostduifError

LevelWord = Literal["off", "info", "warning", "error"]
_LEVELS = {level.word: level for level in Level}


class TypologyFault(PostduifError):  # noqa: N818  the name says what is the case
    """A typology that cannot be; the text names the remedy."""


@dataclass(frozen=True, slots=True)
class Typology:
    """Which rules hold for a mailing. Without `only` all of them; `levels` changes that of a rule, or leaves it out."""

    __pydantic_config__: ClassVar = STORED

    name: str = "standard"
    only: tuple[str, ...] | None = None
    levels: Mapping[str, LevelWord] = field(default_factory=dict)
    sieves: tuple[Sieve, ...] = ()
    """Each kind once."""
    limits: Limits = field(default_factory=Limits)
    """For the facts."""

    def rules(self) -> list[tuple[Rule, Level]]:
        """Those that hold, with their levels, in the order in which they look."""
        return [(rule, level) for rule in RULES.values() if (level := self._level(rule)) is not None]

    def _level(self, rule: Rule) -> Level | None:
        if self.only is not None and rule.id not in self.only:
            return None
        word = self.levels.get(rule.id)
        return rule.level if word is None else _LEVELS.get(word)


_ADAPTER = TypeAdapter(Typology)


def dump(typology: Typology) -> str:
    """As JSON, for `load`."""
    return _ADAPTER.dump_json(typology).decode()


def load(text: str) -> Typology:
    """What `dump` wrote, or somebody by hand. Raises TypologyFault: there is no such rule, level, hour or zone."""
    try:
        typology = _ADAPTER.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "it"
        raise TypologyFault(f"the typology cannot be read: {place}: {first['msg']}; correct it") from None
    if unknown := sorted({*typology.levels, *(typology.only or ())} - RULES.keys()):
        raise TypologyFault(f"there is no rule {unknown[0]!r}; docs/checks.md names them all")
    kinds = [sieve.rule for sieve in typology.sieves]
    if len(set(kinds)) < len(kinds):
        raise TypologyFault("a filter stands there twice; write each once")
    start, end = typology.limits.hours or (0, 24)
    if not 0 <= start < end <= 24:
        raise TypologyFault(f"hours from {start} to {end} are none; write two of 0 to 24, the earlier one first")
    try:
        ZoneInfo(typology.limits.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise TypologyFault(f"there is no time zone {typology.limits.zone!r}; write one as Europe/Amsterdam") from None
    return typology


def look(typology: Typology, facts: Facts, phase: Phase) -> list[Finding]:
    """What the rules of one phase say, in their order."""
    return [
        finding for rule, level in typology.rules() if rule.phase is phase for finding in _asked(rule, level, facts)
    ]


def stops(findings: Iterable[Finding]) -> bool:
    """There is an error among them: the mailing is not prepared."""
    return any(finding.level is Level.ERROR for finding in findings)


def _asked(rule: Rule, level: Level, facts: Facts) -> Iterator[Finding]:
    try:
        for remark in rule.look(facts):
            yield Finding(rule.id, level, *remark)
    except Exception as error:  # a rule that is wrong must not hide what the others have to say, nor let the mailing go
        log.error("rule_failed", rule=rule.id, error=repr(error))
        yield Finding(
            rule.id,
            Level.ERROR,
            f"the rule {rule.id} failed: {type(error).__name__}: {error}",
            f'this is a mistake in Postduif: report it; until it is mended set the rule {rule.id} to "off"',
        )
