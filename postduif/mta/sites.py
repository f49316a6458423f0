"""From a recipient's domain to the hosts that take its mail: next hop, address literal or MX (RFC 5321 5.1).

Three answers, each from the one before: a domain's `Destination` (cached, cheap), the `Site` whose limits hold for it,
and the `Host`s to try now with their addresses checked. The address that was checked is the one to connect to; no name
is looked up a second time. Trouble is a `Reply`: transient when DNS failed, permanent when DNS said no.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random
from weakref import WeakValueDictionary

from postduif.address import parse_domain
from postduif.config.kinds import is_ip
from postduif.config.schema import Config, HostPort
from postduif.mta.hosts import Found, Host, checked, lookup_failed, trying_order
from postduif.mta.limits import Limits, limits_of
from postduif.mta.mx import Exchange, exchanges, matches, site_name
from postduif.mta.resolver import Answer, Resolver, Status
from postduif.mta.ttl_cache import TtlCache
from postduif.reply import Reply

__all__ = ["Destination", "Exchange", "Host", "Site", "Sites"]

MAX_ASKING = 100  # sender domains that are being looked up
_FOREVER = float("inf")
_EDITIONS = count(1)


@dataclass(frozen=True, slots=True)
class Site:
    """What limits are for: domains with the same MX hosts, or those that a `[[site]]` gathers. Known by its name."""

    name: str
    limits: Limits = field(compare=False)
    edition: int = field(default=0, compare=False)
    """Which reading of the configuration the limits are from: later ones hold."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Destination:
    """Where a domain's mail goes. Domains with an equal one may share a connection.

    Domains of one Site need not: a `[[site]]` gathers domains whose hosts differ, and limits them together.
    """

    site: Site
    hosts: tuple[Exchange, ...]
    """By rank and name."""
    fixed: bool = False
    """Given by the operator as `[[next_hop]]`: the networks of its hosts are not checked."""

    def __hash__(self) -> int:
        """Cheap: routes are found by it for every message."""
        return hash((self.site.name, self.hosts[0].name))


class Sites:
    """Routes domains, by one configuration. Keeps at most `dns.cache_size` destinations."""

    def __init__(self, config: Config, resolver: Resolver, rng: Random | None = None) -> None:
        self._config = config
        self._resolver = resolver
        self._random = rng or Random()  # noqa: S311  spreads load, hides nothing
        self._cache: TtlCache[str, Destination | Reply] = TtlCache(config.dns.cache_size, resolver.clock)
        self._shared: WeakValueDictionary[tuple[str, tuple[Exchange, ...]], Destination] = WeakValueDictionary()
        self._limits = limits_of(config)
        self._edition = next(_EDITIONS)
        self._by_mx = [(rule.mx, self._site(rule.name, limits_of(config, rule))) for rule in config.site if rule.mx]
        self._by_domain = {
            domain: self._site(rule.name, limits_of(config, rule))
            for rule in reversed(config.site)  # the first to name a domain has it
            for domain in rule.domains
        }
        self._asking: dict[str, asyncio.Future[Destination | Reply]] = {}
        self._next_hops = {hop.domain: self._fixed(hop.domain, hop.hosts) for hop in reversed(config.next_hop)}

    def cached(self, domain: str) -> Destination | Reply | None:
        """What `destination` would say, if it is known already. Costs less than a microsecond."""
        return self._cache.get(domain)

    async def destination(self, domain: str) -> Destination | Reply:
        """Where a domain's mail goes, or the verdict for it. `domain` is an `Address.domain`."""
        found = self._cache.get(domain)
        if found is None:
            found, until = await self._find(domain)
            self._cache.put(domain, found, until)
        return found

    async def hosts(self, destination: Destination) -> tuple[Host, ...] | Reply:
        """The hosts to try, in order, each with an address at least; or the verdict for the mail.

        Within a rank the order is random; IPv6 and IPv4 addresses come in turn; at most 20 in all.
        """
        addresses = await asyncio.gather(*(self._addresses(exchange.name) for exchange in destination.hosts))
        found = dict(zip(destination.hosts, addresses, strict=True))
        if not (self._config.delivery.ipv6 or destination.fixed):
            found = {exchange: one._replace(six=()) for exchange, one in found.items()}
        name = destination.site.name
        if not destination.fixed:
            verdict = checked(name, found, self._config.delivery.allowed_networks, self._random)
            if isinstance(verdict, Reply) and not self._config.delivery.ipv6:
                # We cannot tell a host that has nothing else from one that has nothing.
                return replace(verdict, category="network")
            return verdict
        if hosts := trying_order(found, self._random):
            return hosts
        if any(addresses.temporary for addresses in found.values()):
            return lookup_failed(name)
        # A mistake in our own settings is no reason to return anybody's mail.
        return Reply(451, "4.4.4", f"The hosts of {name} have no address")

    def refuses_replies(self, domain: str) -> Reply | None:
        """The verdict for mail *from* a domain that says it takes none (RFC 7505 4.2); None when it does not say so.

        Nobody waits for DNS to hand over mail: what is not known yet is looked up meanwhile, for the next one.
        """
        found = self._cache.get(domain)
        if found is None:
            if domain not in self._asking and len(self._asking) < MAX_ASKING:
                self._asking[domain] = asyncio.ensure_future(self.destination(domain))
                self._asking[domain].add_done_callback(lambda _: self._asking.pop(domain, None))
        elif isinstance(found, Reply) and found.status == "5.1.10":
            return Reply(550, "5.7.27", f"Sender domain {domain} does not accept mail (null MX)")
        return None

    async def _find(self, domain: str) -> tuple[Destination | Reply, float]:
        """The destination, and until which monotonic time it holds."""
        if self._next_hops and (hop := self._next_hop(domain)):
            return hop, _FOREVER
        if domain.startswith("["):
            address = domain.strip("[]").removeprefix("IPv6:")
            return self._destination(domain, domain, (Exchange(0, address, self._config.delivery.port),)), _FOREVER
        answer = await self._resolver.mx(domain)
        return self._verdict(domain, answer), answer.until

    def _verdict(self, domain: str, answer: Answer) -> Destination | Reply:
        if answer.temporary:
            return Reply(451, "4.4.3", f"DNS lookup of the MX of {domain} failed ({answer.status.value})")
        if answer.status is Status.NXDOMAIN:
            return Reply(550, "5.1.2", f"Domain {domain} does not exist", category="domain_unknown")
        hosts = exchanges(domain, answer.records, self._config.server.hostname, self._config.delivery.port)
        if isinstance(hosts, Reply):
            return hosts
        return self._destination(domain, site_name(host.name for host in hosts), hosts)

    def _destination(self, domain: str, name: str, hosts: tuple[Exchange, ...]) -> Destination:
        site = self._by_domain.get(domain) or self._site_of(hosts) or self._site(name, self._limits)
        # Many domains have few destinations: one object each.
        return self._shared.setdefault((site.name, hosts), Destination(site, hosts))

    def _site(self, name: str, limits: Limits) -> Site:
        return Site(name, limits, self._edition)

    def _site_of(self, hosts: Sequence[Exchange]) -> Site | None:
        for suffixes, site in self._by_mx:
            if all(any(matches(suffix, host.name) for suffix in suffixes) for host in hosts):
                return site
        return None

    def _next_hop(self, domain: str) -> Destination | None:
        """The most specific one: the domain itself, then `*.` its parents, then `*`."""
        if found := self._next_hops.get(domain):
            return found
        parent = "" if domain.startswith("[") else domain.partition(".")[2]
        while parent:
            if found := self._next_hops.get(f"*.{parent}"):
                return found
            parent = parent.partition(".")[2]
        return self._next_hops.get("*")

    def _fixed(self, domain: str, hosts: Iterable[HostPort]) -> Destination:
        ranked = tuple(
            Exchange(rank, host.host if is_ip(host.host) else parse_domain(host.host), host.port)
            for rank, host in enumerate(hosts)
        )
        configured = self._site_of(ranked)
        limits = configured.limits if configured else self._limits
        return Destination(self._site(f"next_hop:{domain}", limits), ranked, fixed=True)

    async def _addresses(self, name: str) -> Found:
        if (literal := _literal(name)) is not None:
            return literal
        six, four = await self._resolver.addresses(name, ipv6=self._config.delivery.ipv6)
        return Found(six.records, four.records, six.temporary or four.temporary)


def _literal(name: str) -> Found | None:
    """The addresses of a name that needs no DNS: an IP address, or localhost (RFC 6761 6.3)."""
    if name == "localhost":
        return Found(("::1",), ("127.0.0.1",))
    if not is_ip(name):
        return None
    return Found((name,), ()) if ":" in name else Found((), (name,))
