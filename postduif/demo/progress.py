"""The figures while it runs, from the daemon's own metrics, the client and the sink."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from prometheus_client.parser import text_string_to_metric_families

from postduif.demo.judgement import expected_pairs
from postduif.demo.letters import Letter


@dataclass(frozen=True, slots=True)
class Goal:
    """What there will be in the end."""

    letters: int
    recipients: int
    """Who get a letter."""
    notices: int
    """Notifications to senders."""

    @classmethod
    def of(cls, letters: Sequence[Letter]) -> Goal:
        """Of these letters."""
        return cls(len(letters), len(expected_pairs(letters)), sum(bool(letter.refused) for letter in letters))

    @property
    def deliveries(self) -> int:
        """Recipients, and senders who are told."""
        return self.recipients + self.notices


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is. Deliveries are those of letters and of notices."""

    accepted: int = 0
    delivered: int = 0
    deferred: int = 0
    bounced: int = 0
    queued: int = 0
    signatures: int = 0
    """Good ones."""
    verified: int = 0
    """Recipients of mail whose signatures are checked."""

    def complete(self, goal: Goal) -> bool:
        """Nothing more is to come."""
        return self.accepted == goal.letters and not self.queued and self.verified >= goal.deliveries


def of_metrics(text: str) -> dict[str, int]:
    """Delivered, deferred, bounced and queued of the text that /metrics gives. Unknown figures are 0."""
    found = {"delivered": 0, "deferred": 0, "bounced": 0, "queued": 0}
    names = {"delivered": "delivered", "deferred": "deferred", "failed": "bounced", "expired": "bounced"}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == "postduif_delivery_attempts_total" and sample.labels["kind"] in names:
                found[names[sample.labels["kind"]]] += int(sample.value)
            elif sample.name == "postduif_queue_recipients":
                found["queued"] = int(sample.value)
    return found
