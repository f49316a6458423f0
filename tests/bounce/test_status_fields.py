"""The part of a notification that machines read (RFC 3464 section 2)."""

from __future__ import annotations

import email

import pytest

from postduif.address import Address, parse
from postduif.attempt import Kind
from postduif.envelope import Recipient
from postduif.reply import Reply
from tests.bounce.notices import NOW, attempt, fact, groups, notice, parts, text, wire


def test_failed() -> None:
    """A failure names message, recipient, status, host, its words and the times, and nothing that was not given."""
    message, recipient = groups(notice())
    assert message.items() == [
        ("Reporting-MTA", "dns; mta.example"),
        ("Arrival-Date", "Thu, 21 Nov 2024 15:11:20 +0000"),
    ]
    assert recipient.items() == [
        ("Final-Recipient", "rfc822; b@remote.example"),
        ("Action", "failed"),
        ("Status", "5.1.1"),
        ("Remote-MTA", "dns; mx.remote.example"),
        ("Diagnostic-Code", "smtp; 550 5.1.1 no such user"),
        ("Last-Attempt-Date", "Thu, 21 Nov 2024 15:12:55 +0000"),
    ]


def test_what_the_sender_gave_comes_back() -> None:
    """ENVID and ORCPT come back exactly, without their xtext (RFC 3464 2.2.1, 2.3.1)."""
    recipient = Recipient(parse("b@remote.example"), orcpt="rfc822;B+2BTag+3Dx@Old.example")
    message, group = groups(notice(fact(recipient=recipient), envid="QQ+2B314+20x"))
    assert message["Original-Envelope-Id"] == "QQ+314 x"
    assert group["Original-Recipient"] == "rfc822; B+Tag=x@Old.example"


@pytest.mark.parametrize("given", ["A+0D+0AAction: delivered", "A+00", "A+E9", "A+0a", "+"])
def test_what_the_sender_gave_adds_no_field(given: str) -> None:
    """Encoded line ends and controls become question marks."""
    recipient = Recipient(parse("b@remote.example"), orcpt=f"rfc822;{given}")
    made = notice(fact(recipient=recipient), envid=given)
    wire(made)
    message, group = groups(made)
    assert message.keys() == ["Original-Envelope-Id", "Reporting-MTA", "Arrival-Date"]
    assert group.keys()[:3] == ["Original-Recipient", "Final-Recipient", "Action"]


def test_address_beyond_ascii() -> None:
    """Such addresses stay readable in ASCII: utf-8-addr-xtext (RFC 6533 section 3)."""
    recipient = Recipient(parse("jö+x@bücher.example"), orcpt="utf-8;j\\x{F6}@old.example")
    _, group = groups(notice(fact(recipient=recipient)))
    assert group["Final-Recipient"] == "utf-8; j\\x{F6}\\x{2B}x@xn--bcher-kva.example"
    assert group["Original-Recipient"] == "utf-8; j\\x{F6}@old.example"
    recipient = Recipient(parse("a@b.example"), orcpt="utf-8;jö@old.example")
    assert groups(notice(fact(recipient=recipient)))[1]["Original-Recipient"] == "utf-8; j\\x{F6}@old.example"


def test_quoted_local_part() -> None:
    """Final-Recipient is the address as it stands in SMTP."""
    recipient = Recipient(Address('a "b" c', "remote.example"))
    assert groups(notice(fact(recipient=recipient)))[1]["Final-Recipient"] == 'rfc822; "a \\"b\\" c"@remote.example'


def test_our_own_verdict() -> None:
    """When no host was contacted none is named, and the words are ours."""
    reply = Reply(556, "5.1.10", "remote.example takes no mail (null MX)")
    made = notice(fact(attempt=attempt(reply, host="")))
    _, group = groups(made)
    assert "Remote-MTA" not in group
    assert group["Diagnostic-Code"] == "X-Postduif; 556 5.1.10 remote.example takes no mail (null MX)"
    assert "Our mail system says: 556 5.1.10 remote.example takes no mail" in text(made)


def test_network_trouble_names_the_host() -> None:
    """A host that was contacted and said nothing is named, the words are ours."""
    _, group = groups(notice(fact(attempt=attempt(Reply(421, "4.4.2", "connection lost")))))
    assert group["Remote-MTA"] == "dns; mx.remote.example"
    assert group["Diagnostic-Code"] == "X-Postduif; 421 4.4.2 connection lost"


def test_expired() -> None:
    """What was given up is told with the last words of the remote host."""
    recipient = Recipient(parse("b@remote.example"), last_reply=Reply(451, "4.7.1", "greylisted", "mx2.remote.example"))
    reply = Reply(550, "5.4.7", "Undelivered for longer than its lifetime; last: 451", "mx2.remote.example")
    made = notice(fact(recipient=recipient, attempt=attempt(reply, Kind.EXPIRED, "")))
    _, group = groups(made)
    assert group["Status"] == "5.4.7"
    assert group["Remote-MTA"] == "dns; mx2.remote.example"
    assert group["Diagnostic-Code"] == "smtp; 451 4.7.1 greylisted"
    assert "so long that we gave up. mx2.remote.example said: 451 4.7.1 greylisted" in text(made)


def test_expired_without_a_word() -> None:
    """What expired without ever reaching a host has our own words."""
    reply = Reply(550, "5.4.7", "Undelivered for longer than its lifetime")
    made = notice(fact(attempt=attempt(reply, Kind.EXPIRED, "")))
    assert groups(made)[1]["Diagnostic-Code"] == "X-Postduif; 550 5.4.7 Undelivered for longer than its lifetime"
    assert "we gave up" in text(made)


def test_delayed() -> None:
    """A delay says until when it is tried; nothing else does (RFC 3464 2.3.9)."""
    reply = Reply(451, "4.7.1", "later", "mx.remote.example")
    made = notice(fact("delayed", attempt=attempt(reply, Kind.DEFERRED), will_retry_until=NOW + 3600))
    assert groups(made)[1]["Will-Retry-Until"] == "Thu, 21 Nov 2024 16:13:00 +0000"
    assert "you need not send it again" in text(made)
    assert email.message_from_bytes(made[1].content)["Subject"] == "Delayed mail, still being tried"
    assert "Will-Retry-Until" not in groups(notice(fact(will_retry_until=NOW)))[1]


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_success(action: str) -> None:
    """Success of three kinds can be told; only the header comes back."""
    reply = Reply(250, "2.1.5", "ok", "mx.remote.example")
    made = notice(fact(action, attempt=attempt(reply, Kind.DELIVERED)), ret="FULL")
    assert (groups(made)[1]["Action"], groups(made)[1]["Status"]) == (action, "2.1.5")
    assert parts(made)[2].get_content_type() == "text/rfc822-headers"


def test_several_recipients() -> None:
    """Each recipient has a group of its own, in order; people read of the worst first."""
    facts = [fact("relayed", "c@x.example"), fact("failed", "b@x.example"), fact("failed", "d@x.example")]
    made = notice(*facts)
    assert [group["Final-Recipient"] for group in groups(made)[1:]] == [
        "rfc822; c@x.example",
        "rfc822; b@x.example",
        "rfc822; d@x.example",
    ]
    words = text(made)
    assert words.index("b@x.example") < words.index("d@x.example") < words.index("c@x.example")
    assert email.message_from_bytes(made[1].content)["Subject"] == "Undelivered mail"
