"""Settings of mail that comes in: `[[listener]]`, `[auth]`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from postduif.config.kinds import (
    AbsolutePath,
    AnyNetwork,
    Count,
    Flag,
    IpEndpoint,
    Name,
    SenderPattern,
    Size,
    Time,
)
from postduif.config.section import Section
from postduif.config.units import parse_size


class Listener(Section):
    """One address on which SMTP clients are served."""

    address: IpEndpoint = Field(
        description="IP address and port; port 0 takes a free one. A socket that systemd hands over is matched by it."
    )
    role: Literal["submission", "inbound"] = Field(
        default="submission",
        description="`submission` takes mail to anywhere from those who may relay; "
        "`inbound` takes only mail for our own addresses.",
    )
    tls: Literal["none", "starttls", "implicit"] = Field(
        default="none",
        description="`starttls` offers STARTTLS (RFC 3207), `implicit` speaks TLS from the first byte (RFC 8314).",
    )
    certificate: AbsolutePath | None = Field(
        default=None, description="Certificate chain, PEM. Needed unless tls is `none`. Read again on reload."
    )
    private_key: AbsolutePath | None = Field(
        default=None,
        description="Private key of the certificate, PEM; not readable by group or others. "
        "Default: in the certificate's file.",
    )
    auth: Literal["none", "optional", "required"] = Field(
        default="none",
        description="`optional` offers AUTH PLAIN and LOGIN (under TLS); "
        "`required` takes mail only after it, trusted or not.",
    )
    auth_without_tls: Flag = Field(default=False, description="Offer AUTH in the clear too. Only on loopback.")
    trusted: tuple[AnyNetwork, ...] = Field(
        default=(),
        description="Networks whose clients may relay without AUTH, and may name a stream with X-Postduif-Stream.",
    )
    allowed_senders: tuple[SenderPattern, ...] = Field(
        default=(),
        description="Addresses that clients in `trusted` may use without AUTH, in MAIL and in From: "
        "`news@example.org`, `*@example.org`, `*@*.example.org`. Default: any. Those of a user are set by "
        "`postduif user add`.",
    )
    normalize: Flag = Field(
        default=False,
        description="Turn bare CR and bare LF in mail data into CRLF instead of refusing them (554 5.6.0). "
        "Only CRLF.CRLF ends the data either way.",
    )
    stream: Name = Field(default="default", description="The stream of mail that names none.")
    max_message_size: Size = Field(
        default=parse_size("25M"),
        ge=1,
        le=parse_size("900M"),
        description="Largest message, octets (SIZE, RFC 1870).",
    )
    max_recipients: Count = Field(
        default=1000,
        ge=1,
        le=65535,
        description="Recipients in one transaction; more get 452 4.5.3 (RFC 5321 4.5.3.1.8 wants at least 100).",
    )
    max_connections: Count = Field(
        default=1000, ge=1, le=1_000_000, description="Open connections on this listener; more get 421 4.7.0."
    )
    max_connections_per_client: Count = Field(
        default=100,
        ge=1,
        le=1_000_000,
        description="Open connections of one IP address (IPv6: one /64); more get 421 4.7.0.",
    )
    max_command_length: Size = Field(
        default=2048,
        ge=1512,
        le=65536,
        description="Octets of one command line, CRLF included (RFC 5321 4.5.3.1.4 plus what RFC 1870, 3461, 4954 and "
        "6531 add). AUTH lines may take 12288.",
    )
    max_line_length: Size = Field(
        default=1_000_000,
        ge=1000,
        le=parse_size("900M"),
        description="Octets of one line of mail data; longer ones get 554 5.6.0. RFC 5321 4.5.3.1.6 has 1000; "
        "much real mail has more.",
    )
    max_errors: Count = Field(
        default=20,
        ge=1,
        le=10_000,
        description="Commands refused with 5yz in one session before 421 4.7.0 and the end.",
    )
    max_commands_without_mail: Count = Field(
        default=100,
        ge=10,
        le=1_000_000,
        description="NOOP, RSET, VRFY, HELP and the like in a row without a message before 421 4.7.0.",
    )
    max_auth_failures: Count = Field(
        default=3, ge=1, le=100, description="Failed AUTHs in one session before 421 4.7.0."
    )
    max_hops: Count = Field(
        default=100, ge=1, le=1000, description="Received header fields before 554 5.4.6 (RFC 5321 6.3)."
    )
    idle_timeout: Time = Field(
        default=300.0,
        gt=0,
        le=86400,
        description="The longest wait for a whole command, or for the next block of data (RFC 5321 4.5.3.2.7).",
    )
    crowded_timeout: Time = Field(
        default=10.0,
        gt=0,
        le=86400,
        description="The same while four fifths of max_connections are open, for clients that may not relay.",
    )
    min_data_rate: Size = Field(
        default=500,
        le=parse_size("1M"),
        description="Octets a second, over each idle_timeout of a message, below which the client is cut off; "
        "0 is no limit.",
    )


class Auth(Section):
    """What happens to clients that guess passwords."""

    free_failures: Count = Field(
        default=5,
        ge=1,
        le=1000,
        description="Wrong passwords of one IP address (IPv6: one /64) before it has to wait. The same password again "
        "is not counted again.",
    )
    max_wait: Time = Field(
        default=900.0,
        le=86400,
        description="The longest wait after a failure; it begins with 5 s and doubles. Meanwhile AUTH gets 454 4.7.0. "
        "0: nobody waits.",
    )
