"""Settings of mail that goes out: `[dns]`, `[[next_hop]]`, `[delivery]`, `[[site]]`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from postduif.config.kinds import (
    AnyNetwork,
    Count,
    Domain,
    DomainPattern,
    Endpoint,
    Flag,
    MaybeRate,
    MxSuffix,
    Name,
    Nameserver,
    Schedule,
    Share,
    Time,
)
from postduif.config.section import Section
from postduif.config.units import parse_schedule

_HOUR, _DAY = 3600.0, 86400.0


class Dns(Section):
    """Where MX and address records come from."""

    nameservers: tuple[Nameserver, ...] = Field(
        default=(),
        description="Recursive resolvers, as `127.0.0.1:5353`; port 53 if none is given. "
        "Default: the system's (/etc/resolv.conf).",
    )
    timeout: Time = Field(
        default=10.0,
        gt=0,
        le=_HOUR,
        description="The longest wait for one lookup, all servers and tries together. "
        "It ends as temporary (451 4.4.3).",
    )
    cache_size: Count = Field(default=100_000, ge=0, le=10_000_000, description="Answers kept.")
    min_ttl: Time = Field(default=30.0, le=_DAY, description="No answer is kept for less.")
    max_ttl: Time = Field(default=_DAY, le=7 * _DAY, description="No answer is kept for more.")


class NextHop(Section):
    """A fixed next hop instead of MX; the most specific domain wins."""

    domain: DomainPattern = Field(
        description="`example.com`, `*.example.com` (everything below it) or `*` (everything)."
    )
    hosts: tuple[Endpoint, ...] = Field(
        min_length=1,
        description="Hosts with ports, tried in this order. Their networks need no entry in delivery.allowed_networks.",
    )


class Delivery(Section):
    """How mail leaves. Limits here are the defaults that `[[site]]` changes for one site."""

    port: Count = Field(default=25, ge=1, le=65535, description="Port of remote MX hosts.")
    allowed_networks: tuple[AnyNetwork, ...] = Field(
        default=(),
        description="An MX in loopback, private, link-local or own address space is refused (5.4.4) "
        "unless it is in one of these.",
    )
    ipv6: Flag = Field(default=True, description="Use IPv6 addresses of MX hosts.")
    retry: Schedule = Field(
        default=parse_schedule("1m, 5m*2, 15m, 1h*3, 4h"),
        description="Waits between attempts; the last repeats until lifetime.",
    )
    retry_jitter: Share = Field(
        default=0.1,
        ge=0,
        le=0.5,
        description="Each wait is longer or shorter by up to this share, so that retries do not come in waves.",
    )
    lifetime: Time = Field(
        default=4 * _DAY,
        gt=0,
        le=100 * _DAY,
        description="A message undelivered for so long fails with 550 5.4.7 (RFC 5321 4.5.4.1).",
    )
    max_recipients: Count = Field(default=100, ge=1, le=65535, description="Recipients in one transaction.")
    connections: Count = Field(default=10, ge=1, le=10_000, description="Connections to one site at once.")
    max_connections: Count = Field(
        default=2000,
        ge=1,
        le=100_000,
        description="Connections to all sites together. There are fewer while more would only wait for each other. "
        "At most half of the file descriptors that we may have.",
    )
    messages_per_connection: Count = Field(
        default=100, ge=0, le=1_000_000, description="Messages on one connection before QUIT; 0 is no limit."
    )
    message_rate: MaybeRate = Field(
        default=None, description="Messages to one site in a time, as 100/m. Empty: no limit."
    )
    connection_rate: MaybeRate = Field(
        default=None, description="New connections to one site in a time. Empty: no limit."
    )
    idle_time: Time = Field(
        default=5.0, le=_HOUR, description="How long a connection with nothing to send is kept open."
    )
    tls: Literal["none", "opportunistic", "required"] = Field(
        default="opportunistic",
        description="`opportunistic` uses STARTTLS when offered, whatever the certificate, "
        "and goes on in the clear when TLS fails; `required` never does.",
    )
    broken_tls_memory: Time = Field(
        default=_HOUR, description="How long a host whose TLS failed is spoken to in the clear (opportunistic only)."
    )
    connect_timeout: Time = Field(default=30.0, gt=0, le=_HOUR, description="TCP connection.")
    greeting_timeout: Time = Field(
        default=300.0, gt=0, le=_HOUR, description="The 220 greeting and the EHLO reply (RFC 5321 4.5.3.2.1)."
    )
    command_timeout: Time = Field(
        default=300.0, gt=0, le=_HOUR, description="Replies to MAIL, RCPT and STARTTLS (RFC 5321 4.5.3.2.2 and .3)."
    )
    data_timeout: Time = Field(
        default=180.0,
        gt=0,
        le=_HOUR,
        description="The 354 to DATA, and each block of data (RFC 5321 4.5.3.2.4 and .5).",
    )
    final_timeout: Time = Field(
        default=600.0, gt=0, le=_HOUR, description="The reply after the final dot or last chunk (RFC 5321 4.5.3.2.6)."
    )


class Site(Section):
    """Limits of one site. Every limit left out keeps the value of `[delivery]`."""

    name: Name = Field(description="What the operator calls it, in metrics and listings.")
    mx: tuple[MxSuffix, ...] = Field(
        default=(),
        description="MX hosts: `.google.com` is all hosts below it, `mx.example.com` one host. "
        "Every MX host of a domain must match one.",
    )
    domains: tuple[Domain, ...] = Field(
        default=(), description="Recipient domains that belong to it whatever their MX."
    )
    connections: Count | None = Field(default=None, ge=1, le=10_000, description="See delivery.connections.")
    messages_per_connection: Count | None = Field(
        default=None, ge=0, le=1_000_000, description="See delivery.messages_per_connection."
    )
    message_rate: MaybeRate | None = Field(
        default=None, description="See delivery.message_rate; empty is no limit here too."
    )
    connection_rate: MaybeRate | None = Field(
        default=None, description="See delivery.connection_rate; empty is no limit here too."
    )
    idle_time: Time | None = Field(default=None, le=_HOUR, description="See delivery.idle_time.")
    max_recipients: Count | None = Field(default=None, ge=1, le=65535, description="See delivery.max_recipients.")
    tls: Literal["none", "opportunistic", "required"] | None = Field(default=None, description="See delivery.tls.")

    def over(self, delivery: Delivery) -> Delivery:
        """The settings that hold for this site: its own where the file gives them, else those of `[delivery]`.

        A rate given as "" is no limit, whatever `[delivery]` says.
        """
        given = {name: getattr(self, name) for name in self.model_fields_set & Delivery.model_fields.keys()}
        rates = {"message_rate", "connection_rate"}
        return delivery.model_copy(
            update={name: value for name, value in given.items() if value is not None or name in rates}
        )
