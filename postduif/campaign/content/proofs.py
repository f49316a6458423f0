"""Proofs: the mailing as it is, to somebody who looks at it before; and seeds: our own addresses among the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from postduif.campaign.content.draft import EMAIL, Draft, Seed

_PLAIN = str.maketrans({"{": '{{ "{" }}', "[": '{{ "[" }}'})


def proof_of(draft: Draft, number: int) -> Draft:
    """The draft as its proof of that number (1, 2, ...): its subject says so, and nobody but who asked gets it.

    It is not tracked: its links lead where they will lead in the end.
    """
    prefix = draft.proof_prefix.replace("{number}", str(number)).translate(_PLAIN)
    return replace(draft, subject=f"{prefix}{draft.subject}", seeds=(), journal="", tracking="none")


def seed_values(seed: Seed, sample: Mapping[str, object]) -> dict[str, object]:
    """The values of a seed: those of a sample person, except for its own, and always its own address."""
    return {**sample, **seed.values, EMAIL: seed.address}
