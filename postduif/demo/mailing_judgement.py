"""Compares what came of the mailing with what had to. Pure: everything is given.

The sink, which knows nothing of the mailing, is asked who got what; the commands are asked what they say of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from postduif.demo.judgement import Finding, compared, first_of
from postduif.demo.letters import DOMAIN
from postduif.demo.people import Person, expected
from postduif.demo.workshop import KEYS
from postduif.sink import Received

SEED, PROOF_TO = f"archive@{DOMAIN}", f"editor@{DOMAIN}"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the witnesses say."""

    readers: Sequence[Person]
    imported: Mapping[str, Any]
    """The run of the import."""
    results: Mapping[str, Any]
    """As `mailing results --json` has them."""
    prepared: Mapping[str, Any]
    """As `mailing checks --json` has it."""
    recipients: Sequence[Mapping[str, Any]]
    """As `mailing recipients --json` has them."""
    received: Sequence[Received]
    """Since the mailing began."""
    paused: tuple[float, float]
    """From when to when nothing may come, in seconds since the epoch."""


def judge(evidence: Evidence) -> list[Finding]:
    """Every figure of the mailing."""
    wanted = expected(evidence.readers)
    figures = {line["name"]: line["value"] for line in evidence.results["figures"]}
    arrived = Counter(recipient for one in evidence.received if one.sender for recipient in one.recipients)
    once = {address for address, number in arrived.items() if number == 1}
    due = {*wanted.delivered, SEED, PROOF_TO}
    waited = {one["address"] for one in evidence.recipients if one["state"] == "delivered" and one["attempts"] > 1}
    unsigned = [one.message_id for one in evidence.received if one.dkim != "good" or len(one.signatures) != len(KEYS)]
    in_pause = sum(evidence.paused[0] <= one.at <= evidence.paused[1] for one in evidence.received)
    state = evidence.results["mailing"]["state"]
    return [
        compared(
            "contacts taken in", evidence.imported["added"], wanted.added, lambda: "see `postduif contact imports`"
        ),
        compared(
            "excluded, each with its cause",
            sum((Counter(evidence.prepared["excluded"]) & Counter(wanted.excluded)).values()),
            sum(wanted.excluded.values()),
            lambda: f"found {dict(evidence.prepared['excluded'])}, expected {wanted.excluded}",
        ),
        compared("to deliver", figures["to_deliver"], wanted.to_deliver, lambda: "the exclusions say who is missing"),
        compared("the proof, to the editor", arrived[PROOF_TO], 1, lambda: "the proof did not come once"),
        compared("arrived while paused", in_pause, 0, lambda: "the pause did not hold"),
        compared("got it, once", len(due & once) - 2, len(due) - 2, lambda: f"first: {first_of(due - once)}"),
        compared("got it and should not", len(set(arrived) - due), 0, lambda: f"first: {first_of(set(arrived) - due)}"),
        compared(
            "deferred, then delivered", len(waited & wanted.waited), len(wanted.waited), lambda: "see the timelines"
        ),
        compared("refused by their host", figures["failed"], len(wanted.failed), lambda: "see `mailing recipients`"),
        compared("delivered, by its own figures", figures["accepted"], len(wanted.delivered), lambda: f"it is {state}"),
        compared(
            "signed, and all good",
            len(evidence.received) - len(unsigned),
            len(evidence.received),
            lambda: first_of(unsigned),
        ),
        compared("left to do", figures["pending"] + (state != "finished"), 0, lambda: f"it is {state}"),
    ]


def speed(received: Sequence[Received]) -> float:
    """Messages a second, from the first to the last of these."""
    at = sorted(one.at for one in received)
    return (len(at) - 1) / (at[-1] - at[0]) if len(at) > 1 and at[-1] > at[0] else 0.0
