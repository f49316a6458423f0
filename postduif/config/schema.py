"""Every setting: its type, default and meaning. The manual's configuration page is made from this file.

Values are frozen. Sizes are octets, times are seconds, rates are `Rate`; in the file they are written "25M", "5m", "100/m".
"""

from __future__ import annotations

import ipaddress
import socket
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from postduif.config.units import Rate, parse_rate, parse_schedule, parse_size, parse_time

Size = Annotated[int, BeforeValidator(parse_size)]
Time = Annotated[float, BeforeValidator(parse_time)]
MaybeRate = Annotated[Rate | None, BeforeValidator(parse_rate)]
Schedule = Annotated[tuple[float, ...], BeforeValidator(parse_schedule)]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class HostPort(str):
    """`host:port`, `[v6]:port`; port 0 takes a free one."""

    __slots__ = ()

    @property
    def host(self) -> str:
        """The part before the last colon, without brackets."""
        return self.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The part after the last colon."""
        return int(self.rpartition(":")[2])


def _host_port(value: object) -> HostPort:
    if isinstance(value, str):
        host, colon, port = value.rpartition(":")
        if colon and host and port.isdigit() and int(port) < 65536 and (":" not in host or host.startswith("[")):
            return HostPort(value)
    raise ValueError(f'{value!r} is not an address with a port; write it as "127.0.0.1:2525" or "[::1]:2525"')


Endpoint = Annotated[HostPort, BeforeValidator(_host_port)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, arbitrary_types_allowed=True)


def _default_hostname() -> str:
    return socket.getfqdn()


class Server(_Section):
    """Who we are and where we keep things."""

    hostname: str = Field(
        default_factory=_default_hostname,
        description="Our name in greetings, EHLO, Received and Message-ID. A fully qualified domain name. Default: what the machine calls itself.",
    )
    data_dir: Path = Field(
        default=Path("/var/lib/postduif"),
        description="The queue and the journal. Private to the user that runs Postduif (0700).",
    )
    run_dir: Path = Field(default=Path("/run/postduif"), description="The control socket.")
    postmaster: str = Field(
        default="",
        description="Where mail for postmaster and abuse goes. Empty: such mail is refused on inbound listeners.",
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="One line per event on standard error: `key=value` text, or JSON."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe event that is logged."
    )


class Listener(_Section):
    """One address on which SMTP clients are served."""

    address: Endpoint = Field(
        description="IP address and port; port 0 takes a free one. `systemd:NAME` style sockets are matched by address."
    )
    role: Literal["submission", "inbound"] = Field(
        default="submission",
        description="`submission` takes mail to anywhere from those who may relay; `inbound` takes only mail for our own addresses.",
    )
    tls: Literal["none", "starttls", "implicit"] = Field(
        default="none",
        description="`starttls` offers STARTTLS (RFC 3207), `implicit` speaks TLS from the first byte (RFC 8314).",
    )
    certificate: Path | None = Field(
        default=None, description="Certificate chain, PEM. Needed unless tls is `none`. Read again on reload."
    )
    private_key: Path | None = Field(
        default=None,
        description="Private key of the certificate, PEM; not readable by group or others. Default: in the certificate's file.",
    )
    auth: Literal["none", "optional", "required"] = Field(
        default="none",
        description="`optional` offers AUTH PLAIN and LOGIN (under TLS); `required` takes mail only after it, trusted or not.",
    )
    auth_without_tls: bool = Field(default=False, description="Offer AUTH in the clear too. Only for loopback.")
    trusted: tuple[Network, ...] = Field(
        default=(),
        description="Networks whose clients may relay without AUTH, and may name a stream with X-Postduif-Stream.",
    )
    normalize: bool = Field(
        default=False,
        description="Turn bare CR and bare LF in mail data into CRLF instead of refusing them (554 5.6.0). Only CRLF.CRLF ends the data either way.",
    )
    stream: str = Field(default="default", description="The stream of mail that names none.")
    max_message_size: Size = Field(default=parse_size("25M"), description="Largest message, octets (SIZE, RFC 1870).")
    max_recipients: int = Field(
        default=1000,
        ge=1,
        le=65535,
        description="Recipients in one transaction; more get 452 4.5.3 (RFC 5321 4.5.3.1.8 wants at least 100).",
    )
    max_connections: int = Field(
        default=1000, ge=1, description="Open connections on this listener; more get 421 4.7.0."
    )
    max_connections_per_client: int = Field(
        default=100, ge=1, description="Open connections of one IP address (IPv6: one /64); more get 421 4.7.0."
    )
    max_command_length: Size = Field(
        default=2048,
        ge=1512,
        description="Octets of one command line, CRLF included (RFC 5321 4.5.3.1.4 plus what RFC 1870, 3461, 4954, 6531 add). AUTH lines may take 12288.",
    )
    max_line_length: Size = Field(
        default=1_000_000,
        ge=1000,
        description="Octets of one line of mail data; longer ones get 554 5.6.0. RFC 5321 4.5.3.1.6 has 1000; much real mail has more.",
    )
    max_errors: int = Field(
        default=20, ge=1, description="Commands refused with 5yz in one session before 421 4.7.0 and the end."
    )
    max_commands_without_mail: int = Field(
        default=100,
        ge=10,
        description="NOOP, RSET, VRFY, HELP and the like in a row without a message before 421 4.7.0.",
    )
    max_auth_failures: int = Field(default=3, ge=1, description="Failed AUTHs in one session before 421 4.7.0.")
    max_hops: int = Field(default=100, ge=1, description="Received header fields before 554 5.4.6 (RFC 5321 6.3).")
    idle_timeout: Time = Field(
        default=300.0,
        gt=0,
        description="The longest wait for a whole command, or for the next block of data (RFC 5321 4.5.3.2.7).",
    )
    min_data_rate: Size = Field(
        default=500,
        description="Octets a second, over the whole of a message, below which the client is cut off after one idle_timeout.",
    )


class Queue(_Section):
    """What is kept on disk."""

    disk_reserve: Size = Field(
        default=parse_size("500M"), description="Free space below which new mail gets 452 4.3.1; deliveries go on."
    )
    max_leased: int = Field(
        default=20_000, ge=100, description="Recipients in memory at once, ready or under way. The rest wait on disk."
    )
    max_body_memory: Size = Field(
        default=parse_size("128M"), description="Message bodies kept in memory between acceptance and delivery."
    )
    journal_retention: Time = Field(default=30 * 86400.0, description="How long the journal of attempts is kept.")


class Dns(_Section):
    """Where MX and address records come from."""

    nameservers: tuple[Endpoint, ...] = Field(
        default=(), description="Recursive resolvers, `address:port`. Default: the system's (/etc/resolv.conf)."
    )
    timeout: Time = Field(
        default=10.0,
        gt=0,
        description="The longest wait for one lookup, all servers and tries together. It ends as temporary (451 4.4.3).",
    )
    cache_size: int = Field(default=100_000, ge=0, description="Answers kept.")
    min_ttl: Time = Field(default=30.0, description="No answer is kept for less.")
    max_ttl: Time = Field(default=86400.0, description="No answer is kept for more.")


class NextHop(_Section):
    """A fixed next hop instead of MX; the most specific domain wins."""

    domain: str = Field(description="`example.com`, `*.example.com` (everything below it) or `*` (everything).")
    hosts: tuple[Endpoint, ...] = Field(
        min_length=1,
        description="Hosts with ports, tried in this order. Their networks need no entry in delivery.allowed_networks.",
    )


class Delivery(_Section):
    """How mail leaves. Limits here are the defaults that `[[site]]` changes for one site."""

    port: int = Field(default=25, ge=1, le=65535, description="Port of remote MX hosts.")
    allowed_networks: tuple[Network, ...] = Field(
        default=(),
        description="An MX in loopback, private, link-local or own address space is refused (5.4.4) unless it is in one of these.",
    )
    ipv6: bool = Field(default=True, description="Use IPv6 addresses of MX hosts.")
    retry: Schedule = Field(
        default=parse_schedule("1m, 5m*2, 15m, 1h*3, 4h"),
        description="Waits between attempts; the last repeats until lifetime.",
    )
    retry_jitter: float = Field(
        default=0.1,
        ge=0,
        le=0.5,
        description="Each wait is longer or shorter by up to this share, so that retries do not come in waves.",
    )
    lifetime: Time = Field(
        default=4 * 86400.0, gt=0, description="A message undelivered for so long fails with 4.4.7 (RFC 5321 4.5.4.1)."
    )
    max_recipients: int = Field(default=100, ge=1, description="Recipients in one transaction.")
    connections: int = Field(default=10, ge=1, description="Connections to one site at once.")
    messages_per_connection: int = Field(
        default=100, ge=0, description="Messages on one connection before QUIT; 0 is no limit."
    )
    message_rate: MaybeRate = Field(
        default=None, description="Messages to one site in a time, as 100/m. Empty: no limit."
    )
    connection_rate: MaybeRate = Field(
        default=None, description="New connections to one site in a time. Empty: no limit."
    )
    idle_time: Time = Field(default=5.0, description="How long a connection with nothing to send is kept open.")
    tls: Literal["none", "opportunistic", "required"] = Field(
        default="opportunistic",
        description="`opportunistic` uses STARTTLS when offered, whatever the certificate, and goes on in the clear when TLS fails; `required` never does.",
    )
    broken_tls_memory: Time = Field(
        default=3600.0, description="How long a host whose TLS failed is spoken to in the clear (opportunistic only)."
    )
    connect_timeout: Time = Field(default=30.0, gt=0, description="TCP connection.")
    greeting_timeout: Time = Field(
        default=300.0, gt=0, description="The 220 greeting and the EHLO reply (RFC 5321 4.5.3.2.1)."
    )
    command_timeout: Time = Field(
        default=300.0, gt=0, description="Replies to MAIL, RCPT and STARTTLS (RFC 5321 4.5.3.2.2 and .3)."
    )
    data_timeout: Time = Field(
        default=180.0, gt=0, description="The 354 to DATA, and each block of data (RFC 5321 4.5.3.2.4 and .5)."
    )
    final_timeout: Time = Field(
        default=600.0, gt=0, description="The reply after the final dot or last chunk (RFC 5321 4.5.3.2.6)."
    )


class Site(_Section):
    """Limits of one site. Every limit left out keeps the value of `[delivery]`."""

    name: str = Field(description="What the operator calls it, in metrics and listings.")
    mx: tuple[str, ...] = Field(
        default=(), description='Suffixes of MX host names, as ".google.com"; every MX host of a domain must match one.'
    )
    domains: tuple[str, ...] = Field(default=(), description="Recipient domains that belong to it whatever their MX.")
    connections: int | None = Field(default=None, ge=1, description="See delivery.connections.")
    messages_per_connection: int | None = Field(default=None, ge=0, description="See delivery.messages_per_connection.")
    message_rate: MaybeRate = Field(default=None, description="See delivery.message_rate.")
    connection_rate: MaybeRate = Field(default=None, description="See delivery.connection_rate.")
    idle_time: Annotated[float | None, BeforeValidator(lambda v: None if v is None else parse_time(v))] = Field(
        default=None, description="See delivery.idle_time."
    )
    max_recipients: int | None = Field(default=None, ge=1, description="See delivery.max_recipients.")
    tls: Literal["none", "opportunistic", "required"] | None = Field(default=None, description="See delivery.tls.")


class Stream(_Section):
    """A class of mail."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
        description="Named by X-Postduif-Stream, by a listener, or by a mailing.",
    )
    priority: int = Field(
        default=50, ge=0, le=100, description="Of two streams with mail for one site, the higher goes first."
    )


class Dkim(_Section):
    """One key. Several for one domain make several signatures."""

    domain: str = Field(
        description="Signs mail whose From domain is this one or below it; the most specific domain wins (d=)."
    )
    selector: str = Field(
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$",
        description="Names the public record SELECTOR._domainkey.DOMAIN (s=).",
    )
    key: Path = Field(
        description="Private key, PEM: RSA of 2048 bits or more (1024 at least), or Ed25519. Not readable by group or others. Also looked for in systemd's credentials directory."
    )


class Dsn(_Section):
    """Notifications to senders (RFC 3464)."""

    delay_after: Time = Field(
        default=4 * 3600.0,
        description="When mail has waited so long, its sender is told once, if NOTIFY=DELAY asks for it.",
    )
    max_size: Size = Field(
        default=parse_size("50K"),
        description="Octets of the returned message; above it only its header section is returned.",
    )


class Metrics(_Section):
    """What Prometheus and probes read."""

    address: Endpoint | None = Field(
        default=None, description="Serves /metrics, /healthz and /readyz. Default: not served."
    )


class Config(_Section):
    """The whole file."""

    server: Server = Field(default_factory=Server)
    listener: tuple[Listener, ...] = ()
    queue: Queue = Field(default_factory=Queue)
    dns: Dns = Field(default_factory=Dns)
    next_hop: tuple[NextHop, ...] = ()
    delivery: Delivery = Field(default_factory=Delivery)
    site: tuple[Site, ...] = ()
    stream: tuple[Stream, ...] = ()
    dkim: tuple[Dkim, ...] = ()
    dsn: Dsn = Field(default_factory=Dsn)
    metrics: Metrics = Field(default_factory=Metrics)

    def model_post_init(self, context: Any, /) -> None:
        """Nothing crosses sections here; `config.checking` does that."""
