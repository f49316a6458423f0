"""Notifications by section: RFC 5321 3.6.3 and 4.5.5, 3461, 3464 and 3834, read from what the running program sends."""

from __future__ import annotations

import email
import re
from email.message import Message
from typing import NamedTuple

import pytest

from tests.capture import Transaction
from tests.world import World

CONTENT = "From: a@sender.example\r\nSubject: lost\r\nMessage-ID: <lost@sender.example>\r\n\r\nsecret text\r\n"
DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")


class Notice(NamedTuple):
    """A notification, as it came and as a reader sees it."""

    wire: Transaction
    message: Message
    about: Message
    recipients: list[Message]


def submit(world: World, sender: str, *rcpts: str, parameters: str = "", content: str = CONTENT) -> None:
    """Send a mail; `rcpts` are addresses with their parameters behind them."""
    with world.call() as client:
        client.say("EHLO c.example")
        lines = [f"MAIL FROM:<{sender}>{parameters}"]
        lines += [f"RCPT TO:<{one.split()[0]}>{one[len(one.split()[0]) :]}" for one in rcpts]
        assert [reply[:3] for reply in client.all_of([*lines, "DATA"])] == ["250"] * len(lines) + ["354"]
        assert client.say(content.encode() + b".\r\n").startswith("250 ")


def read(wire: Transaction) -> Notice:
    """Take a notification apart."""
    message = email.message_from_bytes(wire.content)
    about, *recipients = message.get_payload(1).get_payload()
    return Notice(wire, message, about, recipients)


class Lost(NamedTuple):
    """A mail that one of two recipients did not get, and what its sender heard."""

    sender: str
    bad: str
    good: str
    notice: Notice


@pytest.fixture(scope="module")
def lost(world: World) -> Lost:
    """One for all tests that look at it."""
    sender, bad, good = world.address(name="sender"), world.address(name="unknown"), world.address()
    parameters = " ENVID=QQ+2B7 RET=HDRS"
    submit(world, sender, f"{bad} ORCPT=rfc822;Orig+2Binal@else.example", good, parameters=parameters)
    return Lost(sender, bad, good, read(world.remote.to(sender)))


def test_rfc5321_3_6_3_it_comes_from_the_null_sender(lost: Lost) -> None:
    """A failure is told to the reverse-path, from `<>`."""
    assert lost.notice.wire.sender == ""
    assert lost.notice.wire.recipients == [lost.sender]
    assert lost.notice.message["To"] == f"<{lost.sender}>"


def test_rfc5321_4_5_5_never_about_the_null_sender(world: World) -> None:
    """A mail from `<>` that fails makes no mail at all."""
    bad = world.address(name="unknown")
    submit(world, "", bad)
    world.logged(rf"failed .*to={bad}")
    before = len(world.remote.taken)
    world.remote.to(world.deliver())
    assert len(world.remote.taken) == before + 1


def test_rfc3461_6_1_it_asks_for_none_about_itself(lost: Lost) -> None:
    """It carries NOTIFY=NEVER to a host that knows DSN."""
    assert lost.notice.wire.rcpts[0].endswith(b" NOTIFY=NEVER")


def test_rfc3461_4_3_headers_alone(lost: Lost) -> None:
    """RET=HDRS brings back the header section, not the text."""
    returned = lost.notice.message.get_payload(2)
    assert returned.get_content_type() == "text/rfc822-headers"
    assert "Subject: lost" in returned.get_payload()
    assert b"secret text" not in lost.notice.wire.content


def test_rfc3461_4_3_the_whole_mail(world: World) -> None:
    """RET=FULL brings back the whole."""
    sender = world.address(name="sender")
    submit(world, sender, world.address(name="unknown"), parameters=" RET=FULL")
    notice = read(world.remote.to(sender))
    assert notice.message.get_payload(2).get_content_type() == "message/rfc822"
    assert b"secret text" in notice.wire.content


def test_rfc3461_5_2_never_is_kept(world: World) -> None:
    """NOTIFY=NEVER: nobody hears of the failure."""
    sender, bad = world.address(name="sender"), world.address(name="unknown")
    submit(world, sender, f"{bad} NOTIFY=NEVER")
    world.logged(rf"failed .*to={bad}")
    world.remote.to(world.deliver())
    assert world.remote.number(sender) == 0


def test_rfc3461_5_2_2_relayed_to_a_host_without_dsn(world: World) -> None:
    """Who asked for SUCCESS hears `relayed` when the next host knows no DSN, and nothing from us when it does."""
    sender, old = world.address(name="sender"), world.address("old.example")
    submit(world, sender, f"{old} NOTIFY=SUCCESS", f"{world.address()} NOTIFY=SUCCESS")
    (status,) = read(world.remote.to(sender)).recipients
    assert (status["Action"], status["Status"]) == ("relayed", "2.0.0")
    assert status["Final-Recipient"].endswith(old)


def test_rfc3464_2_form(lost: Lost) -> None:
    """A multipart/report of three parts: words for people, the status, what was lost."""
    message = lost.notice.message
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    kinds = [part.get_content_type() for part in message.get_payload()]
    assert kinds == ["text/plain", "message/delivery-status", "text/rfc822-headers"]
    assert lost.bad in message.get_payload(0).get_payload()


def test_rfc3464_2_2_about_the_message(lost: Lost) -> None:
    """One Reporting-MTA, and the envelope id exactly as it was given, decoded."""
    about = lost.notice.about
    assert about.get_all("Reporting-MTA") == ["dns; mta.sender.example"]
    assert about["Original-Envelope-Id"] == "QQ+7"
    assert DATE.fullmatch(about["Arrival-Date"])


def test_rfc3464_2_3_about_the_recipient(lost: Lost) -> None:
    """Only the recipient that failed, with address, action, status, and the remote's words."""
    (status,) = lost.notice.recipients
    assert status["Final-Recipient"] == f"rfc822; {lost.bad}"
    assert status["Original-Recipient"] == "rfc822; Orig+inal@else.example"
    assert (status["Action"], status["Status"]) == ("failed", "5.1.1")
    assert status["Diagnostic-Code"] == "smtp; 550 5.1.1 no such user"
    assert "127.0.0.1" in status["Remote-MTA"]
    assert status["Will-Retry-Until"] is None
    assert DATE.fullmatch(status["Last-Attempt-Date"])


def test_rfc3464_2_2_what_was_not_given_is_not_there(world: World) -> None:
    """Without ENVID and ORCPT there are no Original fields."""
    sender = world.address(name="sender")
    submit(world, sender, world.address(name="unknown"))
    notice = read(world.remote.to(sender))
    assert "Original-Envelope-Id" not in notice.about
    assert "Original-Recipient" not in notice.recipients[0]


def test_rfc3834_5_it_is_automatic(lost: Lost) -> None:
    """It says Auto-Submitted: auto-replied, so that no machine answers it."""
    assert lost.notice.message["Auto-Submitted"] == "auto-replied"
    assert lost.notice.message["In-Reply-To"] == "<lost@sender.example>"


def test_rfc3834_2_no_answer_to_an_answer(world: World) -> None:
    """The failure of a mail that says it is an automatic answer is told to nobody."""
    sender, bad = world.address(name="sender"), world.address(name="unknown")
    submit(world, sender, bad, content=f"Auto-Submitted: auto-replied\r\n{CONTENT}")
    world.logged(rf"failed .*to={bad}")
    world.remote.to(world.deliver())
    assert world.remote.number(sender) == 0
