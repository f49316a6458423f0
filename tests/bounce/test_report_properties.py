"""Notifications of whatever happened to whatever mail: fit for the wire, and read back as what was meant."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import Message as Parsed

from hypothesis import given
from hypothesis import strategies as st

from postduif.address import Address, parse, quote
from postduif.attempt import Attempt, Kind
from postduif.bounce.report import Fact, compose
from postduif.config.schema import Dsn
from postduif.envelope import Message, Recipient
from postduif.reply import Reply
from tests.bounce.notices import CONTENT, NOW, envelope, wire

LOCALPARTS = st.text(st.characters(blacklist_categories=("C",)), min_size=1, max_size=16)
ADDRESSES: st.SearchStrategy[Address] = st.builds(
    lambda local, domain: parse(f"{quote(local)}@{domain}"), LOCALPARTS, st.sampled_from(["b.example", "[192.0.2.1]"])
)
HOSTS = st.one_of(st.just("mx.b.example[192.0.2.9]:25"), st.text(max_size=40), st.binary(max_size=20).map(repr))
REPLIES = st.builds(
    lambda code, lines, host: Reply.decode(code, lines, host),
    st.integers(400, 599),
    st.lists(st.one_of(st.binary(max_size=40), st.sampled_from(["5.\u0661.1 x".encode(), b"5.1.1 no"])), min_size=1),
    HOSTS,
)
ORCPT = st.sampled_from(
    ["", "rfc822;b@b.example", "rfc822;+0D+0AX-Evil:+20yes", "utf-8;" + "名" * 60, "x;" + "y" * 498]
)
RECIPIENTS = st.builds(Recipient, ADDRESSES, ORCPT, last_reply=st.one_of(st.none(), REPLIES))
FACTS = st.builds(
    Fact,
    RECIPIENTS,
    st.sampled_from(["failed", "delayed", "delivered", "relayed"]),
    st.builds(Attempt, st.sampled_from([Kind.FAILED, Kind.EXPIRED, Kind.DEFERRED]), REPLIES, st.just(NOW), host=HOSTS),
    st.one_of(st.none(), st.just(NOW + 3600)),
)
CONTENTS = st.one_of(
    st.just(CONTENT),
    st.just(b""),
    st.just("Subject: é\r\nMessage-ID: <é>\r\n\r\nx\r\n".encode()),
    st.just(b"Message-ID: <a b>\r\n\tX: y\r\n\r\nx\r\n"),
    st.binary(max_size=80).map(lambda octets: re.sub(rb"[\r\n\0]", b"", octets) + b"\r\n"),
)


def status_groups(content: bytes) -> list[Parsed]:
    """The groups of the second part. The third is a mail as it came, with whatever is wrong in it."""
    parsed = email.message_from_bytes(content, policy=email.policy.default)
    assert not parsed.defects
    text, status, _ = parsed.get_payload()  # type: ignore[misc]
    assert isinstance(text, Parsed)
    assert isinstance(status, Parsed)
    found = status.get_payload()
    assert isinstance(found, list)
    assert not any(part.defects for part in (text, status, *found))  # type: ignore[union-attr]
    return found  # type: ignore[return-value]


ALWAYS = {"Final-Recipient", "Action", "Status", "Diagnostic-Code", "Last-Attempt-Date"}
SOMETIMES = {"Original-Recipient", "Remote-MTA", "Will-Retry-Until"}


@given(
    ADDRESSES,
    st.lists(FACTS, min_size=1, max_size=3),
    CONTENTS,
    st.booleans(),
    st.sampled_from([0, 30, 50_000]),
    st.sampled_from(["", "QQ+2Bz", "+0D+0AX-Evil:+20yes", "e" * 100]),
    st.sampled_from(["", "FULL", "HDRS"]),
)
def test_any_notification_is_fit_for_the_wire(
    sender: Address, facts: list[Fact], content: bytes, utf8: bool, max_size: int, envid: str, ret: str
) -> None:
    """Lines are legal, each recipient has its own group with its own fields, and nothing adds one."""
    message = Message(content, eight_bit=not content.isascii(), smtputf8=utf8)
    about = envelope(sender=sender, envid=envid, ret=ret)
    made = compose(
        about, facts, message, hostname="mta.example", settings=Dsn(max_size=max_size), now=NOW, lifetime=1.0
    )
    assert made is not None
    for line in wire(made).split(b"\r\n"):
        assert len(line) <= 998
    assert made[1].content.isascii() or made[1].eight_bit
    head = made[1].content.partition(b"\r\n\r\n")[0]
    assert head.isascii() or made[1].smtputf8
    assert b"\nX-Evil" not in head
    message_group, *recipients = status_groups(made[1].content)
    assert {*message_group.keys()} <= {"Reporting-MTA", "Arrival-Date", "Original-Envelope-Id"}
    assert len(recipients) == len(facts)
    for group, fact in zip(recipients, facts, strict=True):
        keys = group.keys()
        assert len(keys) == len(set(keys))
        assert set(keys) >= ALWAYS
        assert set(keys) <= ALWAYS | SOMETIMES
        assert re.fullmatch(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}", group["Status"])
        assert group["Action"] == fact.action
        assert ("Original-Recipient" in keys) == bool(fact.recipient.orcpt)
