"""Settings of mailings: `[campaign]`."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated

from pydantic import BeforeValidator, Field

from postduif.config.kinds import Domain, Endpoint, Kind, Size, Time
from postduif.config.section import Section
from postduif.config.units import quoted


def _read_ip(value: object) -> str:
    try:
        return str(ip_address(value if isinstance(value, str) else ""))
    except ValueError:
        raise ValueError(f'{quoted(value)} is not an IP address; write it as "192.0.2.1" or "2001:db8::1"') from None


IpAddress = Annotated[str, BeforeValidator(_read_ip), Kind("an IP address", '"192.0.2.1"')]


class Campaign(Section):
    """Mailings, and what is looked at before one goes out: [checks](checks.md)."""

    sources: tuple[IpAddress, ...] = Field(
        default=(),
        description="The addresses that mail leaves from, as receivers see them: SPF and PTR are checked for each. "
        "Default: those that server.hostname has in DNS.",
    )
    blocklists: tuple[Domain, ...] = Field(
        default=(),
        description="DNS blocklists of addresses, as zen.spamhaus.org, that are asked about the addresses that mail "
        "leaves from before each mailing. Default: none.",
    )
    link_blocklists: tuple[Domain, ...] = Field(
        default=(),
        description="DNS blocklists of domains, as dbl.spamhaus.org, that are asked about the domains that links lead "
        "to. Default: none.",
    )
    rspamd: Endpoint | None = Field(
        default=None,
        description="An rspamd worker that scores a sample of each mailing (/checkv2). Default: not asked.",
    )
    spamassassin: Endpoint | None = Field(
        default=None, description="A spamd that scores a sample of each mailing. Default: not asked."
    )
    spam_timeout: Time = Field(
        default=30.0, gt=0, le=600.0, description="The longest wait for the score of one of them."
    )
    media_space: Size = Field(
        default=1024**3,
        ge=0,
        description="What the pictures of mailings may take together: [the pages](web.md#media). 0: none are taken in.",
    )
