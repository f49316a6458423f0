"""A name server on loopback with what the demonstration's sender has in DNS, so that it can be checked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from postduif.mta.dkim_keys import parse_key, public_record, strings

TTL = 60
Records = Mapping[tuple[str, str], str]
"""Name without its last dot and type, to what it is."""


def records(domain: str, hostname: str, bounce_domain: str, keys: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """A sender with everything in order. `keys`: PEM by the name of its record."""
    spf, mx = '"v=spf1 ip4:127.0.0.1 -all"', f"10 {hostname}."
    found = {
        (domain, "TXT"): spf,
        (domain, "MX"): mx,
        (f"_dmarc.{domain}", "TXT"): f'"v=DMARC1; p=reject; rua=mailto:postmaster@{domain}"',
        (bounce_domain, "TXT"): spf,
        (bounce_domain, "MX"): mx,
        (hostname, "A"): "127.0.0.1",
        ("1.0.0.127.in-addr.arpa", "PTR"): f"{hostname}.",
    }
    for name, pem in keys.items():
        text = public_record(parse_key(pem.encode(), name))
        found[name, "TXT"] = " ".join(f'"{part}"' for part in strings(text))
    return found


@contextlib.asynccontextmanager
async def serving(zone: Records) -> AsyncIterator[int]:
    """Answer over UDP; yields the port."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Server(zone), local_addr=("127.0.0.1", 0))
    try:
        yield int(transport.get_extra_info("sockname")[1])
    finally:
        transport.close()


class _Server(asyncio.DatagramProtocol):
    def __init__(self, zone: Records) -> None:
        self._zone = zone

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        with contextlib.suppress(dns.exception.DNSException):
            self._transport.sendto(answer(self._zone, data), addr)


def answer(zone: Records, query: bytes) -> bytes:
    """What is said to a question. Names that are not there do not exist. Raises DNSException for what is none."""
    asked = dns.message.from_wire(query)
    said = dns.message.make_response(asked)
    said.flags |= dns.flags.AA
    for question in asked.question:
        name = question.name.to_text(omit_final_dot=True).lower()
        type_ = dns.rdatatype.to_text(question.rdtype)
        if (text := zone.get((name, type_))) is not None:
            said.answer.append(dns.rrset.from_text(question.name, TTL, dns.rdataclass.IN, question.rdtype, text))
        elif not any(known == name or known.endswith(f".{name}") for known, _ in zone):
            said.set_rcode(dns.rcode.NXDOMAIN)
    return said.to_wire()
