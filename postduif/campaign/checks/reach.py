"""Whether readers come to the pages behind `web.public_url`: its host has an address, and its TLS is valid.

`reached` asks, from this machine. It is not asked whether our pages are what is there.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from postduif.config.kinds import is_ip
from postduif.mta.resolver import Resolver

PATIENCE = 5.0
"""Seconds for DNS, and again for the connections."""
MAX_ADDRESSES = 4
"""That are connected to."""
_HTTPS = 443


class Trouble(NamedTuple):
    """What is wrong at one address."""

    address: str
    why: str


@dataclass(frozen=True, slots=True)
class Reach:
    """What was found of a `public_url` over https."""

    host: str
    addresses: tuple[str, ...] = ()
    unanswered: bool = False
    """DNS did not say which addresses there are, or not in time."""
    untrusted: tuple[Trouble, ...] = ()
    """Where TLS is not valid."""
    silent: tuple[Trouble, ...] = ()
    """Where no connection could be made from here."""


async def reached(resolver: Resolver, public_url: str) -> Reach | None:
    """Look; None for an address in the clear, which is for trials on one machine. Nothing raises."""
    parts = urlsplit(public_url)
    host, port = parts.hostname or "", parts.port or _HTTPS
    if parts.scheme != "https":
        return None
    addresses, unanswered = await _addresses(resolver, host)
    tried = addresses[:MAX_ADDRESSES]
    found = await asyncio.gather(*(_connected(address, port, host) for address in tried))
    troubles = [(trusted, Trouble(address, why)) for address, (trusted, why) in zip(tried, found, strict=True) if why]
    return Reach(
        host,
        addresses,
        unanswered,
        tuple(trouble for trusted, trouble in troubles if not trusted),
        tuple(trouble for trusted, trouble in troubles if trusted),
    )


async def _addresses(resolver: Resolver, host: str) -> tuple[tuple[str, ...], bool]:
    if is_ip(host):
        return (host,), False
    try:
        async with asyncio.timeout(PATIENCE):
            six, four = await resolver.addresses(host)
    except TimeoutError:
        return (), True
    found = (*four.records, *six.records)
    return found, not found and (six.temporary or four.temporary)


async def _connected(address: str, port: int, host: str) -> tuple[bool, str]:
    """Whether TLS is not at fault, and what is wrong; "" for nothing."""
    try:
        async with asyncio.timeout(PATIENCE):
            _, writer = await asyncio.open_connection(
                address, port, ssl=ssl.create_default_context(), server_hostname=host
            )
    except ssl.SSLCertVerificationError as error:
        return False, error.verify_message
    except ssl.SSLError as error:
        return False, (error.reason or "TLS fails").replace("_", " ").lower()
    except TimeoutError:
        return True, f"no answer within {PATIENCE:.0f} s"
    except OSError as error:
        return True, error.strerror or "the connection was cut"
    writer.transport.abort()
    return True, ""
