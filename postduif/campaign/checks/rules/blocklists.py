"""Rules of DNS blocklists: the addresses that mail leaves from, and the domains of its links."""

from __future__ import annotations

from collections.abc import Iterator

from postduif.campaign.checks.facts import Facts
from postduif.campaign.checks.finding import Level, Remark
from postduif.campaign.checks.rule import Phase, rule


@rule(Level.ERROR, Phase.CONTENT)
def source_listed(facts: Facts) -> Iterator[Remark]:
    """No address that mail leaves from is on a blocklist."""
    for one in facts.listings.addresses:
        yield Remark(
            f"{one.what}, which mail leaves from, is on {one.zone} ({', '.join(one.codes)})",
            "find out what brought it there, then ask the list to take it off; its web page says how",
            {"address": one.what, "list": one.zone, "codes": list(one.codes)},
        )


@rule(Level.WARNING, Phase.CONTENT)
def link_listed(facts: Facts) -> Iterator[Remark]:
    """No link leads to a domain that is on a blocklist."""
    for one in facts.listings.domains:
        yield Remark(
            f"{one.what}, which a link leads to, is on {one.zone} ({', '.join(one.codes)})",
            "leave the link out, or lead it to another domain",
            {"domain": one.what, "list": one.zone, "codes": list(one.codes)},
        )


@rule(Level.WARNING, Phase.CONTENT)
def blocklist_unheard(facts: Facts) -> Iterator[Remark]:
    """Every blocklist that is configured says what it has."""
    for one in facts.listings.unheard:
        yield Remark(
            f"the blocklist {one.zone} cannot be relied on: {one.why}",
            "look at its web page, or take it out of campaign.blocklists and campaign.link_blocklists",
            {"list": one.zone},
        )
    if facts.listings.left_out:
        yield Remark(
            f"blocklists were not asked {facts.listings.left_out} questions, because there were too many",
            "name fewer lists, or link to fewer domains",
        )


RULES = (source_listed, link_listed, blocklist_unheard)
