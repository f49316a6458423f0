"""Rules of what DNS says of the sender: SPF, DKIM, DMARC, PTR, MX. What DNS did not say is no fault of the sender."""

from __future__ import annotations

from collections.abc import Iterator

from postduif.campaign.checks.facts import Facts
from postduif.campaign.checks.finding import Level, Remark
from postduif.campaign.checks.identity import Identity, Key
from postduif.campaign.checks.rule import Phase, rule
from postduif.campaign.checks.spf import MAX_LOOKUPS, Spf, SpfResult
from postduif.mta.dkim_keys import GOOD_BITS

_REFUSED = (SpfResult.FAIL, SpfResult.PERMERROR)
_UNSURE = (SpfResult.NONE, SpfResult.NEUTRAL, SpfResult.SOFTFAIL)
_NEAR = MAX_LOOKUPS - 2
"""From here on a record that is included has only to grow a little."""


@rule(Level.WARNING, Phase.CONTENT)
def dns_silent(facts: Facts) -> Iterator[Remark]:
    """DNS answers all questions about the sender."""
    for one in facts.identities:
        if one.unanswered:
            yield Remark(
                f"DNS gave no answer about {', '.join(one.unanswered[:5])}",
                "try again; when that stays so, look at dns.nameservers",
                {"names": list(one.unanswered)},
            )


@rule(Level.ERROR, Phase.CONTENT)
def spf_refused(facts: Facts) -> Iterator[Remark]:
    """SPF does not forbid what we do."""
    yield from _of_spf(facts, _REFUSED)


@rule(Level.WARNING, Phase.CONTENT)
def spf_unsure(facts: Facts) -> Iterator[Remark]:
    """SPF names every address that mail leaves from."""
    yield from _of_spf(facts, _UNSURE)


@rule(Level.WARNING, Phase.CONTENT)
def spf_lookups(facts: Facts) -> Iterator[Remark]:
    """The SPF record stays well below the number of lookups that receivers make."""
    for one in facts.identities:
        most = max((source.spf.lookups for source in one.sources), default=0)
        if _NEAR < most <= MAX_LOOKUPS:
            yield Remark(
                f"the SPF record of {one.return_domain} takes {most} lookups, and {MAX_LOOKUPS} is the most",
                "include less, or name networks with ip4: and ip6:",
            )


@rule(Level.ERROR, Phase.CONTENT)
def dkim_missing(facts: Facts) -> Iterator[Remark]:
    """We have a key that signs for the sender's domain."""
    for one in facts.identities:
        if not one.keys:
            yield Remark(
                f"no key of ours signs for {one.domain}",
                f"make one with `postduif dkim generate --domain {one.domain}`, or send from a domain that has one",
            )


@rule(Level.ERROR, Phase.CONTENT)
def dkim_record(facts: Facts) -> Iterator[Remark]:
    """The DKIM record in DNS is that of our key."""
    for key in _keys(facts):
        if key.verdict and key.verdict.level == "error":
            yield Remark(key.verdict.text, key.verdict.remedy)


@rule(Level.WARNING, Phase.CONTENT)
def dkim_weak(facts: Facts) -> Iterator[Remark]:
    """Keys are strong, and not only for a test."""
    for key in _keys(facts):
        if key.verdict and key.verdict.level == "warning":
            yield Remark(key.verdict.text, key.verdict.remedy)
        if 0 < key.bits < GOOD_BITS:
            yield Remark(
                f"the key {key.selector} of {key.domain} is RSA of {key.bits} bits, {GOOD_BITS} is what is advised",
                "make a longer one with `postduif dkim generate`, under a new selector",
            )


@rule(Level.WARNING, Phase.TARGET)
def dmarc_missing(facts: Facts) -> Iterator[Remark]:
    """The sender's domain has a DMARC policy."""
    if facts.to_deliver <= facts.limits.bulk:
        yield from _without_dmarc(facts)


@rule(Level.ERROR, Phase.TARGET)
def dmarc_missing_bulk(facts: Facts) -> Iterator[Remark]:
    """The sender of a large mailing has a DMARC policy: Google, Yahoo and Microsoft refuse it otherwise."""
    if facts.to_deliver > facts.limits.bulk:
        yield from _without_dmarc(facts)


@rule(Level.ERROR, Phase.CONTENT)
def dmarc_fails(facts: Facts) -> Iterator[Remark]:
    """Mail passes DMARC: SPF or DKIM is good for the sender's own domain."""
    for one in facts.identities:
        if one.dmarc.where and not one.unanswered and not one.passes:
            yield Remark(
                f"mail from {one.domain} fails DMARC (policy {one.dmarc.policy or 'unclear'}): neither a DKIM "
                f"signature nor SPF of {one.return_domain} counts for it",
                "publish the DKIM record of a key for that domain",
                {"spf_aligned": one.spf_aligned, "dkim_aligned": any(key.aligned for key in one.keys)},
            )


@rule(Level.ERROR, Phase.CONTENT)
def ptr_missing(facts: Facts) -> Iterator[Remark]:
    """Every address that mail leaves from has a name, which has that address."""
    for one in facts.identities:
        for source in one.sources:
            if source.confirmed or f"PTR of {source.address}" in one.unanswered:
                continue
            if any(name in one.unanswered for name in source.names):
                continue
            named = f"is {', '.join(source.names)}, which does not have that address" if source.names else "is not set"
            yield Remark(
                f"PTR of {source.address} {named}; many receivers refuse mail from it",
                f"have the owner of the address set its PTR record to {one.hostname}",
                {"address": source.address},
            )


@rule(Level.WARNING, Phase.CONTENT)
def ptr_other(facts: Facts) -> Iterator[Remark]:
    """The name of every address is the one that we call ourselves."""
    for one in facts.identities:
        for source in one.sources:
            if source.confirmed and one.hostname not in source.confirmed:
                yield Remark(
                    f"PTR of {source.address} is {', '.join(source.confirmed)}, and we call ourselves {one.hostname}",
                    f"have the owner of the address set its PTR record to {one.hostname}, or write server.hostname",
                    {"address": source.address},
                )


@rule(Level.ERROR, Phase.CONTENT)
def source_missing(facts: Facts) -> Iterator[Remark]:
    """It is known from which addresses mail leaves."""
    for one in facts.identities:
        if not one.sources and one.hostname not in one.unanswered:
            yield Remark(
                f"{one.hostname} has no address in DNS, so that SPF and PTR cannot be judged",
                "publish this host's addresses under it, or write campaign.sources",
            )


@rule(Level.ERROR, Phase.CONTENT)
def sender_unreachable(facts: Facts) -> Iterator[Remark]:
    """The sender's domain takes mail itself."""
    for one in facts.identities:
        if not one.hosts and not one.unanswered:
            yield Remark(
                f"{one.domain} takes no mail: it has no MX record that leads to an address",
                "publish one, or choose another sender; receivers refuse senders that cannot be answered",
            )


@rule(Level.ERROR, Phase.CONTENT)
def returns_lost(facts: Facts) -> Iterator[Remark]:
    """Bounces come back to us."""
    for one in facts.identities:
        if one.return_domain != one.domain and not one.returns_reach_us and not one.unanswered:
            leads = f"leads to {', '.join(one.return_hosts)}" if one.return_hosts else "leads nowhere"
            yield Remark(
                f"mail to {one.return_domain}, where bounces go, {leads}",
                f"publish this MX record: 10 {one.hostname}.",
            )


RULES = (
    dns_silent,
    spf_refused,
    spf_unsure,
    spf_lookups,
    dkim_missing,
    dkim_record,
    dkim_weak,
    dmarc_missing,
    dmarc_missing_bulk,
    dmarc_fails,
    ptr_missing,
    ptr_other,
    source_missing,
    sender_unreachable,
    returns_lost,
)


def _keys(facts: Facts) -> Iterator[Key]:
    for one in facts.identities:
        yield from one.keys


def _of_spf(facts: Facts, results: tuple[SpfResult, ...]) -> Iterator[Remark]:
    for one in facts.identities:
        for result in results:
            found = [source for source in one.sources if source.spf.result is result]
            if found:
                addresses = [source.address for source in found]
                yield Remark(
                    f"SPF of {one.return_domain} for {', '.join(addresses)}: {result} ({found[0].spf.why})",
                    _spf_remedy(found[0].spf, addresses),
                    {"addresses": addresses, "result": str(result)},
                )


def _spf_remedy(spf: Spf, addresses: list[str]) -> str:
    named = " ".join(f"ip{6 if ':' in address else 4}:{address}" for address in addresses)
    if spf.result is SpfResult.NONE:
        return f"publish this TXT record: v=spf1 {named} -all"
    if spf.result is SpfResult.PERMERROR:
        return f"correct the record, or what it includes: {spf.record}" if spf.record else "leave one record only"
    return f"add {named} to the record: {spf.record}"


def _without_dmarc(facts: Facts) -> Iterator[Remark]:
    for one in facts.identities:
        if not one.dmarc.unanswered and not (one.dmarc.where and one.dmarc.policy):
            yield Remark(_dmarc_fault(one), f'publish this TXT record at _dmarc.{one.domain}: "v=DMARC1; p=none"')


def _dmarc_fault(one: Identity) -> str:
    if one.dmarc.where:
        return f"the DMARC record of {one.dmarc.where} has no policy that is valid"
    return f"{one.domain} has no DMARC record"
