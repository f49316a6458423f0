"""DMARC of a domain: the policy that holds for it and the domain that its organisation goes by (RFC 9989).

Both are found by walking up the tree of names, as RFC 9989 4.10 says; receivers that still have RFC 7489 take a list of
public suffixes instead, and come to the same for every domain whose organisation has a record.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from postduif.mta.dkim_record import tags_of
from postduif.mta.resolver import Resolver

MAX_LABELS = 7
"""A longer name is walked from there (RFC 9989 4.10)."""
POLICIES = ("none", "quarantine", "reject")


class Dmarc(NamedTuple):
    """What holds for mail from a domain."""

    where: str = ""
    """The domain whose record it is; "" when there is none."""
    policy: str = ""
    """One of POLICIES; "" when the record has none that is valid."""
    organisation: str = ""
    """Domains of one organisation are aligned."""
    strict_dkim: bool = False
    strict_spf: bool = False
    unanswered: bool = False
    """DNS gave no answer, so that nothing is known."""

    def aligned(self, author: str, domain: str, organisation: str, *, strict: bool) -> bool:
        """Mail From `author` may count what was proved of `domain`, whose organisation this is (RFC 9989 4.4)."""
        return domain == author or (not strict and bool(organisation) and organisation == self.organisation)


async def dmarc_of(resolver: Resolver, domain: str) -> Dmarc:
    """What is published for a domain, lower case, in ASCII."""
    walked = _walk(domain)
    answers = await asyncio.gather(*(resolver.txt(f"_dmarc.{name}") for name in walked))
    if any(answer.temporary for answer in answers):
        return Dmarc(unanswered=True)
    found = {
        name: tags
        for name, answer in zip(walked, answers, strict=True)
        if (tags := _record(answer.records)) is not None
    }
    organisation = _organisation(domain, found)
    where = domain if domain in found else organisation if organisation in found else ""
    if not where:
        return Dmarc(organisation=organisation)
    tags = found[where]
    policy = tags.get("p", "none" if "rua" in tags else "").lower()
    if where != domain:
        policy = tags.get("sp", policy).lower()
    return Dmarc(
        where,
        policy if policy in POLICIES else "",
        organisation,
        tags.get("adkim", "").lower() == "s",
        tags.get("aspf", "").lower() == "s",
    )


def _walk(domain: str) -> list[str]:
    labels = domain.split(".")
    names = [".".join(labels[start:]) for start in range(len(labels))]
    return names if len(names) <= MAX_LABELS + 1 else [names[0], *names[-MAX_LABELS:]]


def _record(texts: tuple[str, ...]) -> dict[str, str] | None:
    """The tags of the one record; None when there is none, or more than one (RFC 9989 4.7)."""
    found = [tags for text in texts if (tags := tags_of(text)) and next(iter(tags.items())) == ("v", "DMARC1")]
    return found[0] if len(found) == 1 else None


def _organisation(domain: str, found: dict[str, dict[str, str]]) -> str:
    """RFC 9989 4.10.2: `found` from the domain itself upwards."""
    for name, tags in found.items():
        psd = tags.get("psd", "").lower()
        if psd == "n":
            return name
        if psd == "y" and name != domain:
            below = domain.removesuffix(f".{name}").rpartition(".")[2]
            return f"{below}.{name}"
    return list(found)[-1] if found else domain
