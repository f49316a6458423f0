"""What a rule is: a small declared piece, whose look at the facts is a pure function.

    @rule(Level.ERROR, Phase.CONTENT, order=10)
    def subject_empty(facts: Facts) -> Iterator[Remark]:
        \"\"\"The mailing has a subject.\"\"\"

The function's name is the rule's, and the first line of its docstring says what must be so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from postduif.campaign.checks.facts import Facts
from postduif.campaign.checks.finding import Level, Remark


class Phase(IntEnum):
    """When the facts that a rule needs are known."""

    CONTENT = 1
    """Before anything is computed: what is written, when it is to go, what DNS says of the sender."""
    TARGET = 2
    """The target was counted."""
    END = 3
    """A message was rendered for every recipient."""


Look = Callable[[Facts], Iterable[Remark]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One control rule."""

    id: str
    level: Level
    """Unless the typology says otherwise."""
    phase: Phase
    order: int
    """Within the phase; lower ones first."""
    title: str
    """What must be so, in one line."""
    look: Look
    kind: ClassVar[str] = "control"
    """Filtering, pressure and capacity rules are in `sieve`."""


def rule(level: Level, phase: Phase, order: int = 50) -> Callable[[Look], Rule]:
    """Makes a rule of a function."""

    def _declared(look: Look) -> Rule:
        return Rule(look.__name__, level, phase, order, (look.__doc__ or "").strip().partition("\n")[0], look)

    return _declared
