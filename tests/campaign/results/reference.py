"""The figures once more, slow and obvious: what happened to each recipient is a list, and each is asked in turn."""

from __future__ import annotations

import dataclasses
from collections import Counter

from postduif.bounce.category import CATEGORIES, severity


@dataclasses.dataclass
class Somebody:
    """One recipient, with what happened."""

    seed: bool = False
    waits: bool = True
    attempts: int = 0
    wave: bool = False
    held: bool = False
    log: list[tuple[str, str, int]] = dataclasses.field(default_factory=list)
    """Kind, category, code."""

    @property
    def last(self) -> tuple[str, str, int]:
        """The last of what decides."""
        deciding = ("delivered", "bounced", "failed", "expired", "suppressed", "withdrawn")
        return next((one for one in reversed(self.log) if one[0] in deciding), ("unknown", "", 0))

    @property
    def state(self) -> str:
        """Where they are."""
        return "pending" if self.waits else self.last[0]

    @property
    def weight(self) -> str:
        """Of a failure."""
        _, category, code = self.last
        weight = severity(category if category in CATEGORIES else "unknown", code)
        return "block" if weight == "none" else weight


def expected(everybody: list[Somebody], causes: list[str]) -> dict[str, object]:
    """All figures, by name."""
    people = [one for one in everybody if not one.seed]
    states = Counter(one.state for one in people)
    pending = [one for one in people if one.state == "pending"]
    failed = Counter(one.weight for one in people if one.state == "failed")
    categories: dict[str, Counter[str]] = {}
    for one in people:
        if one.state in ("bounced", "failed", "expired") and (category := one.last[1]):
            known = category if one.state != "failed" or category in CATEGORIES else "unknown"
            categories.setdefault(one.state, Counter())[known] += 1
    figures: dict[str, object] = {
        name: states[name]
        for name in ("pending", "delivered", "bounced", "failed", "expired", "suppressed", "withdrawn", "unknown")
    }
    figures |= {kind: sum(any(k == kind for k, _, _ in one.log) for one in people) for kind in
                ("complained", "unsubscribed", "answered")}  # fmt: skip
    figures |= {name: failed[name] for name in ("hard", "soft", "block")}
    return figures | {
        "targeted": len(people) + len(causes),
        "excluded": len(causes),
        "to_deliver": len(people),
        "deferred": sum(one.attempts > 0 for one in pending),
        "later_wave": sum(one.wave for one in pending),
        "held": sum(one.held and not one.wave for one in pending),
        "accepted": states["delivered"] + states["bounced"],
        "seeds": len(everybody) - len(people),
        "causes": dict(Counter(causes)),
        "categories": {state: dict(counts) for state, counts in categories.items()},
    }
