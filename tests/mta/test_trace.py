"""The Received field (RFC 5321 4.4)."""

from __future__ import annotations

import email
import email.utils
from typing import Any

import pytest

from postduif.mta.trace import protocol, received, visits

AT = 1_732_201_980.0  # Thu, 21 Nov 2024 15:13:00 UTC


def field(**changes: Any) -> str:
    """A Received field as text."""
    arguments: dict[str, Any] = {
        "ehlo": "app.example.org",
        "address": "192.0.2.1",
        "hostname": "mta.example.com",
        "protocol": "ESMTP",
        "tls": "",
        "queue_id": 17,
        "recipient": "b@example.net",
        "at": AT,
        **changes,
    }
    return received(**arguments).decode("ascii")


def test_all_clauses() -> None:
    """It says from, by, with, id, for and the date with a numeric zone, in that order."""
    assert field() == (
        "Received: from app.example.org ([192.0.2.1])\r\n"
        "\tby mta.example.com with ESMTP id 17\r\n"
        "\tfor <b@example.net>;\r\n"
        "\tThu, 21 Nov 2024 15:13:00 +0000\r\n"
    )


def test_one_field_with_a_date() -> None:
    """The email package reads one field and its date."""
    message = email.message_from_string(field() + "\r\n")
    assert message.keys() == ["Received"]
    assert email.utils.parsedate_to_datetime(message["Received"].rpartition(";")[2]).timestamp() == AT


def test_what_is_unsaid_is_left_out() -> None:
    """Without a queue id and a recipient there is no ID and no FOR."""
    text = field(queue_id=0, recipient="")
    assert " id " not in text
    assert "for <" not in text


def test_recipient_beyond_ascii_is_left_out() -> None:
    """A FOR clause never makes the header need SMTPUTF8."""
    assert "for <" not in field(recipient="jö@example.net")


def test_ipv6() -> None:
    """An IPv6 address is an address literal with its tag, without a zone."""
    assert "from app.example.org ([IPv6:2001:db8::1])\r\n" in field(address="2001:db8::1%eth0")


@pytest.mark.parametrize("ehlo", ["", "a b", "x\r\nX-Evil: 1", "é.example", "a(b)", "x" * 256, ";", "a;b", "-a"])
def test_greeting_that_is_no_host_is_not_written(ehlo: str) -> None:
    """A client cannot write into the field what is no host name or address literal."""
    assert field(ehlo=ehlo).startswith("Received: from [192.0.2.1] ([192.0.2.1])\r\n")


@pytest.mark.parametrize("ehlo", ["[192.0.2.9]", "[IPv6:2001:db8::9]", "localhost", "my_pc.example"])
def test_greeting_that_is_a_host_is_written(ehlo: str) -> None:
    """Names and address literals stand as the client said them."""
    assert field(ehlo=ehlo).startswith(f"Received: from {ehlo} ([192.0.2.1])\r\n")


def test_local() -> None:
    """Mail without a connection comes from this machine."""
    assert field(ehlo="", address="").startswith("Received: from [127.0.0.1] ([127.0.0.1])\r\n")


def test_tls_is_a_comment() -> None:
    """Protocol and cipher stand beside the keyword."""
    text = field(protocol="ESMTPS", tls="TLSv1.3 TLS_AES_256_GCM_SHA384")
    assert "with ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384) id 17" in text


@pytest.mark.parametrize(
    ("esmtp", "tls", "authenticated", "utf8", "keyword"),
    [
        (False, False, False, False, "SMTP"),
        (True, False, False, False, "ESMTP"),
        (True, True, False, False, "ESMTPS"),
        (True, False, True, False, "ESMTPA"),
        (True, True, True, False, "ESMTPSA"),
        (True, False, False, True, "UTF8SMTP"),
        (True, True, True, True, "UTF8SMTPSA"),
    ],
)
def test_protocol(*, esmtp: bool, tls: bool, authenticated: bool, utf8: bool, keyword: str) -> None:
    """The keyword is that of RFC 3848 and RFC 6531."""
    assert protocol(esmtp=esmtp, tls=tls, authenticated=authenticated, utf8=utf8) == keyword


def test_visits_counts_our_own() -> None:
    """Only fields that say they were written by us count, whatever the case and folding."""
    ours = field().partition(":")[2].encode()
    others = [b" from mta.example.com (x) by other.example; date", b" from a by\r\n\tMTA.example.com with X; d"]
    assert visits([ours, *others], "mta.example.com") == 2
    assert visits([b" from a by mta.example.com.evil.example with X; d"], "mta.example.com") == 0
