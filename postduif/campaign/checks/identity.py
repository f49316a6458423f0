"""Who a mailing comes from, as receivers see it: what DNS says of a sender's domain, its keys and its addresses.

Values only; `asking` fills them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from postduif.campaign.checks.dmarc import Dmarc
from postduif.campaign.checks.spf import Spf, SpfResult
from postduif.mta.dkim_record import Verdict


@dataclass(frozen=True, slots=True)
class Source:
    """An address that mail leaves from."""

    address: str
    spf: Spf
    """For the domain of the return path."""
    names: tuple[str, ...] = ()
    """What its PTR records say, in lower case."""
    confirmed: tuple[str, ...] = ()
    """Those of them that have this address."""


@dataclass(frozen=True, slots=True)
class Key:
    """A DKIM key that signs for the domain."""

    domain: str
    """d=."""
    selector: str
    bits: int
    """Of RSA; 0 for Ed25519."""
    verdict: Verdict | None
    """What its record is worth; None when DNS gave no answer."""
    aligned: bool
    """DMARC counts its signature for the From domain."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One From domain, and what mail from it goes out with."""

    domain: str
    return_domain: str
    """Of the return path, which SPF is asked about."""
    hostname: str
    """What we call ourselves in EHLO."""
    sources: tuple[Source, ...]
    keys: tuple[Key, ...]
    dmarc: Dmarc
    spf_aligned: bool
    """DMARC counts SPF's pass for the From domain."""
    hosts: tuple[str, ...]
    """That take mail for the From domain; empty: none."""
    return_hosts: tuple[str, ...]
    """That take mail for the domain of the return path."""
    returns_reach_us: bool
    """One of those is this host."""
    unanswered: tuple[str, ...] = field(default=())
    """Names that DNS gave no answer about: nothing is concluded from them."""

    @property
    def passes(self) -> bool:
        """Every address passes DMARC, by SPF or by DKIM."""
        signed = any(key.aligned and key.verdict and key.verdict.level != "error" for key in self.keys)
        return signed or (
            self.spf_aligned
            and bool(self.sources)
            and all(source.spf.result is SpfResult.PASS for source in self.sources)
        )
