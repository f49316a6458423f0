"""Settings of mail that comes in by HTTP: `[http]`."""

from __future__ import annotations

from pydantic import Field

from postduif.config.kinds import AbsolutePath, Count, IpEndpoint, Name, Size, Time
from postduif.config.section import Section
from postduif.config.units import parse_size


class Http(Section):
    """The door for applications that hand over mail by HTTP, with a token: [injection](injection.md)."""

    address: IpEndpoint | None = Field(
        default=None,
        description="IP address and port; port 0 takes a free one. Anything but loopback needs a certificate. "
        "Default: no HTTP door.",
    )
    certificate: AbsolutePath | None = Field(
        default=None, description="Certificate chain, PEM; with it only TLS is spoken. Read again on reload."
    )
    private_key: AbsolutePath | None = Field(
        default=None,
        description="Private key of the certificate, PEM; not readable by group or others. "
        "Default: in the certificate's file.",
    )
    stream: Name = Field(default="default", description="The stream of mail that names none.")
    max_message_size: Size = Field(
        default=parse_size("25M"),
        ge=parse_size("1K"),
        le=parse_size("400M"),
        description="Largest message, octets, as it is queued or as it is merged; larger ones get 413 or are refused "
        "for that recipient. A request with one message, or a template, may have twice as much.",
    )
    max_recipients: Count = Field(
        default=1000, ge=1, le=65535, description="Recipients of a request with one message; more get 413."
    )
    max_body_size: Size = Field(
        default=parse_size("2G"), ge=parse_size("1M"), description="Octets of a request with a template; more get 413."
    )
    max_recipient_length: Size = Field(
        default=parse_size("128K"),
        ge=1024,
        le=parse_size("16M"),
        description="Octets of one recipient with values; more end the request with 413.",
    )
    max_header_size: Size = Field(
        default=16384, ge=2048, le=65536, description="Octets of a request's line and header; more get 431."
    )
    max_connections: Count = Field(
        default=200, ge=1, le=1_000_000, description="Open connections; more get 503 or are closed."
    )
    max_connections_per_client: Count = Field(
        default=50, ge=1, le=1_000_000, description="Open connections of one IP address (IPv6: one /64); more get 503."
    )
    idle_timeout: Time = Field(
        default=60.0, gt=0, le=86400, description="The longest wait for a whole header, or for the next octets."
    )
    min_data_rate: Size = Field(
        default=500,
        le=parse_size("1M"),
        description="Octets a second of a body, over each idle_timeout that we wait for it, below which the client "
        "gets 408; 0 is no limit.",
    )
    key_retention: Time = Field(
        default=86400.0,
        ge=60.0,
        le=30 * 86400.0,
        description="How long an Idempotency-Key is remembered after its last use that queued mail.",
    )
