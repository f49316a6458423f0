"""The name server of the demonstration: what it has, what it has not, and what is no question."""

from __future__ import annotations

import dns.exception
import dns.message
import dns.rcode
import pytest

from postduif.demo.zone import answer, records
from postduif.mta.dkim_keys import generate

ZONE = records(
    "a.example", "mta.a.example", "bounces.a.example", {"s._domainkey.a.example": generate("ed25519").decode()}
)


def asked(name: str, type_: str) -> dns.message.Message:
    """What is answered."""
    return dns.message.from_wire(answer(ZONE, dns.message.make_query(name, type_).to_wire()))


def test_answers() -> None:
    """A sender with everything in order; names that are not there do not exist, types that are not there are empty."""
    assert "v=spf1 ip4:127.0.0.1 -all" in asked("A.example", "TXT").answer[0].to_text()
    assert "v=DKIM1; k=ed25519" in asked("s._domainkey.a.example", "TXT").answer[0].to_text()
    assert asked("1.0.0.127.in-addr.arpa", "PTR").answer[0][0].to_text() == "mta.a.example."
    assert (asked("mta.a.example", "AAAA").rcode(), asked("mta.a.example", "AAAA").answer) == (dns.rcode.NOERROR, [])
    assert asked("_domainkey.a.example", "TXT").rcode() == dns.rcode.NOERROR
    assert asked("b.example", "A").rcode() == dns.rcode.NXDOMAIN


def test_no_question() -> None:
    """Octets that are no message are none."""
    with pytest.raises(dns.exception.DNSException):
        answer(ZONE, b"?")
