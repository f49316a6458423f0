"""Addresses, lists of them and domains: any text is read in one way, or refused as no address."""

from __future__ import annotations

from postduif import address
from postduif.errors import AddressError
from postduif.mailboxes import mailboxes
from postduif.mta import author
from postduif.queue import rows

SEEDS = [
    b"a.b+c@example.com",
    b'"a \\" b@c"@[IPv6:2001:db8::1]',
    b"@one.example,@two.example:user@xn--bcher-kva.example",
    "jörg@bücher.example".encode(),
    "a@faß.de, b@\u200dx.example".encode(),
    b'Group: "Name, A" <a@b.example> (a \\) comment), c . d @ e.example;, <@r:f@[192.0.2.1]>',
    b"alice@example.org<bob@evil.example>",
]


def check(octets: bytes) -> None:
    """What is an address reads back as itself, here and in the queue; what is none is an AddressError."""
    text = octets.decode("utf-8", "replace")
    _address(text)
    _address(f'"{text}"@example.com')
    _address(f"a@{text}")
    for read in (author.domain, author.addresses):
        try:
            read(text)
        except AddressError:
            continue
    try:
        found = mailboxes(text)
    except AddressError:
        return
    for one in found:
        assert one.strip()


def _address(text: str) -> None:
    try:
        found = address.parse(text)
    except AddressError:
        return
    assert address.parse(str(found)) == found
    assert rows.address(str(found)) == found
    assert found.domain.isascii()
    assert 0 < len(found.domain) <= address.MAX_DOMAIN
    assert 0 < len(found.localpart.encode()) <= address.MAX_LOCALPART
    assert not any(ord(one) < 0x20 or 0x7F <= ord(one) < 0xA0 for one in str(found))
    assert not set(found.domain) & set(' <>"@\\,;()')
