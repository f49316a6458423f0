"""Proofs and seeds."""

from __future__ import annotations

from dataclasses import replace

from postduif.campaign.content.composing import composed
from postduif.campaign.content.draft import Seed
from postduif.campaign.content.preview import preview
from postduif.campaign.content.proofs import proof_of, seed_values
from tests.campaign.content.test_composing import DRAFT, FACTS


def test_subject() -> None:
    """A proof's subject begins with its number; a prefix of one's own is text, whatever is in it."""
    values = {"email": "jo@example.net", "name": "Jo"}
    proof = proof_of(DRAFT, 3)
    assert dict(preview(composed(proof, FACTS), values).fields)["Subject"] == "Proof 3: News for Jo"
    odd = proof_of(replace(DRAFT, proof_prefix="{{ name }} [[name]] {number}: "), 4)
    assert dict(preview(composed(odd, FACTS), values).fields)["Subject"] == "{{ name }} [[name]] 4: News for Jo"


def test_goes_to_nobody_else() -> None:
    """A proof has no seeds, no journal and nothing that counts, and everything else of the draft."""
    draft = replace(DRAFT, seeds=(Seed("s@example.com"),), journal="j@example.com")
    assert replace(proof_of(draft, 1), subject=DRAFT.subject) == replace(DRAFT, tracking="none")


def test_seed_values() -> None:
    """A seed has the values of a sample person, its own before them, and its own address."""
    sample = {"email": "jo@example.net", "name": "Jo", "city": "Delft"}
    seed = Seed("seed@example.com", {"name": "Seed", "email": "other@example.com"})
    assert seed_values(seed, sample) == {"email": "seed@example.com", "name": "Seed", "city": "Delft"}
