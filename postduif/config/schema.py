"""Every setting: its type, default and meaning. The manual's configuration page is made from it.

Values are frozen. Sizes are octets, times are seconds, rates are `Rate`; in the file they are "25M", "5m", "100/m".
What one setting may be is said here and in the files beside it (`incoming`, `outgoing`, `bouncing`, `campaign`, `web`,
`webhook`); what must hold between settings is in `config.checking`. Everybody else imports the sections from here.
"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Literal

from pydantic import Field

from postduif.config.bouncing import Bounce
from postduif.config.campaign import Campaign
from postduif.config.http_door import Http
from postduif.config.incoming import Auth, Listener
from postduif.config.kinds import (
    AbsolutePath,
    Count,
    Domain,
    HostPort,
    IpEndpoint,
    Name,
    Network,
    Selector,
    Size,
    Text,
    Time,
)
from postduif.config.outgoing import Delivery, Dns, NextHop, Site
from postduif.config.section import Section
from postduif.config.units import parse_size
from postduif.config.web import Web
from postduif.config.webhook import Webhook

__all__ = [
    "Auth",
    "Bounce",
    "Campaign",
    "Config",
    "Delivery",
    "Dkim",
    "Dns",
    "Dsn",
    "HostPort",
    "Http",
    "Listener",
    "Metrics",
    "Network",
    "NextHop",
    "Queue",
    "Server",
    "Site",
    "Stream",
    "Web",
    "Webhook",
]

_HOUR, _DAY = 3600.0, 86400.0


def _default_hostname() -> str:
    return socket.getfqdn()


class Server(Section):
    """Who we are and where we keep things."""

    hostname: Text = Field(
        default_factory=_default_hostname,
        description="Our name in greetings, EHLO, Received and Message-ID: a fully qualified domain name. "
        "Default: what the machine calls itself.",
    )
    data_dir: AbsolutePath = Field(
        default=Path("/var/lib/postduif"),
        description="The queue and the journal. Private to the user that runs Postduif (0700).",
    )
    run_dir: AbsolutePath = Field(default=Path("/run/postduif"), description="The control socket.")
    max_message_memory: Size = Field(
        default=parse_size("512M"),
        ge=parse_size("1M"),
        description="Octets of mail that all listeners together hold in memory, from the first octet until the mail is "
        "on disk; more gets 452 4.3.1. Clients that may not relay get half of it.",
    )
    postmaster: Text = Field(
        default="",
        description="The address that mail for postmaster and abuse goes to. "
        "Empty: such mail is refused on inbound listeners.",
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="One line per event on standard error: `key=value` text, or JSON."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe event that is logged."
    )


class Queue(Section):
    """What is kept on disk."""

    disk_reserve: Size = Field(
        default=parse_size("500M"), description="Free space below which new mail gets 452 4.3.1; deliveries go on."
    )
    max_leased: Count = Field(
        default=20_000,
        ge=100,
        le=10_000_000,
        description="Recipients in memory at once, ready or under way. The rest wait on disk.",
    )
    max_body_memory: Size = Field(
        default=parse_size("128M"), description="Message bodies kept in memory between acceptance and delivery."
    )
    journal_retention: Time = Field(default=30 * _DAY, description="How long the journal of attempts is kept.")


class Stream(Section):
    """A class of mail."""

    name: Name = Field(description="Named by X-Postduif-Stream, by a listener, or by a mailing.")
    priority: Count = Field(
        default=50, ge=0, le=100, description="Of two streams with mail for one site, the higher goes first."
    )
    subscription: Text = Field(
        default="",
        description="The type of mail that people unsubscribe from: who has, gets no more of it. "
        "Default: none, as for receipts and passwords, which go to everybody but who is suppressed altogether.",
    )


class Dkim(Section):
    """One key. Several for one domain make several signatures."""

    domain: Domain = Field(
        description="Signs mail whose From domain is this one or below it; the most specific domain wins (d=)."
    )
    selector: Selector = Field(description="Names the public record SELECTOR._domainkey.DOMAIN (s=).")
    key: AbsolutePath = Field(
        description="Private key, PEM: RSA of 2048 bits or more (1024 at least), or Ed25519. "
        "Not readable by group or others. Also looked for in systemd's credentials directory."
    )


class Dsn(Section):
    """Notifications to senders (RFC 3464)."""

    delay_after: Time = Field(
        default=4 * _HOUR,
        description="When mail has waited so long, its sender is told once, if NOTIFY=DELAY asks for it.",
    )
    max_size: Size = Field(
        default=parse_size("50K"),
        le=parse_size("100M"),
        description="Octets of the returned message; above it only its header section is returned.",
    )


class Metrics(Section):
    """What Prometheus and probes read."""

    address: IpEndpoint | None = Field(
        default=None, description="Serves /metrics, /healthz and /readyz. Default: not served."
    )


class Config(Section):
    """The whole file."""

    server: Server = Field(default_factory=Server)
    listener: tuple[Listener, ...] = ()
    auth: Auth = Field(default_factory=Auth)
    queue: Queue = Field(default_factory=Queue)
    dns: Dns = Field(default_factory=Dns)
    next_hop: tuple[NextHop, ...] = ()
    delivery: Delivery = Field(default_factory=Delivery)
    site: tuple[Site, ...] = ()
    stream: tuple[Stream, ...] = ()
    dkim: tuple[Dkim, ...] = ()
    dsn: Dsn = Field(default_factory=Dsn)
    bounce: Bounce = Field(default_factory=Bounce)
    webhook: tuple[Webhook, ...] = ()
    campaign: Campaign = Field(default_factory=Campaign)
    http: Http = Field(default_factory=Http)
    web: Web = Field(default_factory=Web)
    metrics: Metrics = Field(default_factory=Metrics)
