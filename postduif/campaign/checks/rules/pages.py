"""Rules of the pages behind `web.public_url`, which tracked links, opens and unsubscribing come to."""

from __future__ import annotations

from collections.abc import Iterator

from postduif.campaign.checks.facts import Facts
from postduif.campaign.checks.finding import Level, Remark
from postduif.campaign.checks.reach import Trouble
from postduif.campaign.checks.rule import Phase, rule


@rule(Level.INFO, Phase.CONTENT, order=60)
def tracking_off(facts: Facts) -> Iterator[Remark]:
    """What is to be tracked is tracked."""
    if facts.tracking and not facts.public_url:
        yield Remark(
            "nothing is tracked: there is no [web] public_url",
            "write it, and serve the pages; or say that this mailing is not to be tracked",
        )


@rule(Level.INFO, Phase.CONTENT, order=60)
def tracking_unasked(facts: Facts) -> Iterator[Remark]:
    """Who is counted has agreed to it."""
    if facts.tracking and facts.public_url and not facts.tracking_consent:
        yield Remark(
            "opens or clicks are counted of everybody who has not refused, also of those who never agreed",
            "where that needs consent, name the yes/no attribute that says so as tracking_consent; or track nothing",
        )


@rule(Level.ERROR, Phase.CONTENT)
def pages_nowhere(facts: Facts) -> Iterator[Remark]:
    """The host of the pages for readers has an address."""
    reach = facts.reach
    if reach and not reach.addresses and not reach.unanswered:
        yield Remark(
            f"{reach.host} has no address in DNS, so that no link of ours leads anywhere",
            "publish its address, or correct [web] public_url",
        )


@rule(Level.ERROR, Phase.CONTENT)
def pages_untrusted(facts: Facts) -> Iterator[Remark]:
    """The pages for readers have a valid certificate."""
    if facts.reach and facts.reach.untrusted:
        yield Remark(
            f"TLS of {facts.reach.host}, where our links lead, is not valid: {_listed(facts.reach.untrusted)}",
            "renew or correct the certificate of the web server there; browsers stop readers before it",
        )


@rule(Level.WARNING, Phase.CONTENT)
def pages_silent(facts: Facts) -> Iterator[Remark]:
    """The pages for readers can be reached."""
    if facts.reach and facts.reach.unanswered:
        yield Remark(f"DNS gave no answer about {facts.reach.host}, where our links lead", "look again later")
    elif facts.reach and facts.reach.silent:
        yield Remark(
            f"{facts.reach.host}, where our links lead, cannot be reached from here: {_listed(facts.reach.silent)}",
            "start the web server there, or look from elsewhere whether it answers",
        )


RULES = (tracking_off, tracking_unasked, pages_nowhere, pages_untrusted, pages_silent)


def _listed(troubles: tuple[Trouble, ...]) -> str:
    return "; ".join(f"{one.address}: {one.why}" for one in troubles)
