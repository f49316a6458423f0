"""Settings of the pages: those for the people who make mailings, and those behind the links in mail: `[web]`."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

from postduif.config.kinds import AbsolutePath, AnyNetwork, Flag, HostPort, IpEndpoint, Kind, Time, is_ip, read_url
from postduif.config.section import Section
from postduif.config.units import quoted


def _read_origin(value: object) -> str:
    text = read_url(value)
    parts = urlsplit(text)
    host = parts.hostname or ""
    if parts.path not in ("", "/") or "?" in text:
        raise ValueError(f'{quoted(value)} has a path; write scheme and host alone, as "https://news.example.com"')
    if parts.scheme != "https" and not (host == "localhost" or (is_ip(host) and ip_address(host).is_loopback)):
        raise ValueError(
            f"{quoted(value)}: who reads along could unsubscribe people and see what they read; write https://"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


Origin = Annotated[
    str, BeforeValidator(_read_origin), Kind("a web address without a path", '"https://news.example.com"')
]


class Web(Section):
    """The pages for people who make mailings, and those behind the links in mail: [tracking](tracking.md)."""

    address: IpEndpoint | None = Field(
        default=None,
        description="Where the pages and /api/v1 are served. Anything but loopback needs a certificate. "
        "Default: no pages.",
    )
    certificate: AbsolutePath | None = Field(
        default=None, description="Certificate chain of `address`, PEM; with it only TLS is spoken."
    )
    private_key: AbsolutePath | None = Field(
        default=None,
        description="Private key of the certificate, PEM; not readable by group or others. "
        "Default: in the certificate's file.",
    )
    url: Origin | None = Field(
        default=None,
        description="What the address of the pages begins with, as people type it: behind a proxy, or by another name "
        "than `address`. Links to the pages are made of it, and requests that name another host are refused. "
        "Default: made of `address`.",
    )
    approval: Flag = Field(
        default=False,
        description="Sending or scheduling a mailing, on the pages and by the API, needs the approval of a second "
        "person: [web](web.md#approval).",
    )
    session_lifetime: Time = Field(
        default=12 * 3600.0,
        ge=300.0,
        le=30 * 86400.0,
        description="How long somebody who does nothing stays signed in.",
    )
    public_url: Origin | None = Field(
        default=None,
        description="What the links in mail begin with, as readers see it: https, a host, no path. "
        "Default: nothing is tracked, there are no pages for readers, and unsubscribing goes by mail alone.",
    )
    public_address: IpEndpoint = Field(
        default=HostPort("127.0.0.1:8026"),
        description="Where the pages behind `public_url` are served, in the clear: a web server with TLS stands in "
        "front of it. Used only with `public_url`.",
    )
    keep_consent_address: Flag = Field(
        default=False,
        description="Keep the network address of who signs up by a form, and of who confirms, in the proof of consent.",
    )
    trusted_proxies: tuple[AnyNetwork, ...] = Field(
        default=(ip_network("127.0.0.0/8"), ip_network("::1/128")),
        description="Networks whose web servers are believed when they say for whom they ask (X-Forwarded-For).",
    )
