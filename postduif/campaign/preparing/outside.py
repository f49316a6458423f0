"""What the checks want to know from outside the mailing: DNS about the sender, blocklists, the host of the pages for
readers, the pictures and the forms that are on file.

Nothing is asked that no rule wants to know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace

from postduif.campaign.checks.asking import look_up, sender_of
from postduif.campaign.checks.blocklists import ask_lists, domains_of
from postduif.campaign.checks.facts import Facts
from postduif.campaign.checks.identity import Identity
from postduif.campaign.checks.listing import Listings
from postduif.campaign.checks.reach import Reach, reached
from postduif.campaign.checks.rules import blocklists, pages
from postduif.campaign.forms.named import unfit
from postduif.campaign.media.uses import missing
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.mta.resolver import Resolver

_OF_LISTS = frozenset(one.id for one in blocklists.RULES)
_OF_PAGES = frozenset(one.id for one in pages.RULES)


def with_outside(facts: Facts, config: Config, clock: Clock, wanted: Collection[str]) -> Facts:
    """The facts with what is known outside for the `wanted` rules. Raises ConfigError: a key cannot be read."""
    if not wanted:
        return facts
    sources = (facts.html, facts.text, *(link.url for link in facts.links))
    facts = replace(facts, missing_pictures=missing(config.server.data_dir, facts.public_url, *sources))
    facts = replace(facts, unfit_forms=unfit(config.server.data_dir, sources[2:], facts.public_url))
    return asyncio.run(_Outside(facts, config, frozenset(wanted)).asked(clock))


class _Outside:
    def __init__(self, facts: Facts, config: Config, wanted: frozenset[str]) -> None:
        self._facts = facts
        self._config = config
        self._wanted = wanted

    async def asked(self, clock: Clock) -> Facts:
        resolver = Resolver(self._config.dns, clock)
        try:
            reach, identities = await asyncio.gather(self._reach(resolver), self._identities(resolver))
            listings = await self._listings(resolver, identities)
        finally:
            await resolver.close()
        return replace(self._facts, identities=identities, listings=listings, reach=reach)

    async def _identities(self, resolver: Resolver) -> tuple[Identity, ...]:
        if not self._facts.domain:
            return ()
        return (await look_up(resolver, sender_of(self._config, self._facts.domain)),)

    async def _listings(self, resolver: Resolver, identities: Collection[Identity]) -> Listings:
        settings = self._config.campaign
        if self._wanted.isdisjoint(_OF_LISTS):
            return Listings()
        sources = dict.fromkeys(source.address for one in identities for source in one.sources)
        domains = domains_of([self._facts.public_url, *(link.url for link in self._facts.links)])
        return await ask_lists(resolver, settings.blocklists, sources, settings.link_blocklists, domains)

    async def _reach(self, resolver: Resolver) -> Reach | None:
        if not self._facts.public_url or self._wanted.isdisjoint(_OF_PAGES):
            return None
        return await reached(resolver, self._facts.public_url)
