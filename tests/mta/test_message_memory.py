"""Mail in memory is bounded over all sessions: counted from its first octet until it is queued, and given back."""

from __future__ import annotations

from typing import Any

import pytest

from postduif.mta import metrics, server_terms
from postduif.mta.message_memory import MessageMemory
from tests.dialogs.transcript import Peer

LIMIT = 1_000_000
MAIL = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n"
LINE = b"x" * 98 + b"\r\n"


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MessageMemory:
    """What all sessions of a test share."""
    shared = MessageMemory(LIMIT)
    monkeypatch.setattr(server_terms, "MessageMemory", lambda _: shared)
    return shared


def peer(opening: bytes = b"", **settings: Any) -> Peer:
    """A session that has said EHLO, MAIL and RCPT, and this."""
    new = Peer(settings)
    new.say(b"EHLO client\r\n")
    new.say(MAIL + opening)
    return new


def refused(one: Peer) -> float:
    """How often this listener refused for want of memory."""
    return metrics.REFUSED.labels(str(one.terms.listener.address), "memory")._value.get()


def test_counts() -> None:
    """Octets are counted together; strangers get half."""
    memory = MessageMemory(100)
    assert memory.change(50, relays=False)
    assert not memory.room(relays=False)
    assert not memory.change(1, relays=False)
    assert memory.room(relays=True)
    assert memory.change(49, relays=True)
    assert not memory.change(1, relays=True)
    assert not memory.room(relays=True)
    assert memory.change(-51, relays=False)
    assert memory.room(relays=False)
    assert memory.held == 50


@pytest.mark.parametrize(
    ("opening", "end"), [(b"DATA\r\n", b".\r\n"), (b"BDAT 500000 LAST\r\n", b"")], ids=["data", "chunk"]
)
def test_mail_is_counted_until_it_is_queued(memory: MessageMemory, opening: bytes, end: bytes) -> None:
    """While a mail comes its octets are counted; after the commit they are not."""
    one = peer(opening)
    one.say(LINE * 1000)
    assert 100_000 <= memory.held <= 100_010
    one.session.receive(LINE * 4000 + end, 0.0)
    assert one.session.want is not None
    assert memory.held == 500_000
    one.say(b"")
    assert memory.held == 0
    assert len(one.door.mails) == 1


@pytest.mark.parametrize("opening", [b"DATA\r\n", b"BDAT 900000 LAST\r\n"], ids=["data", "chunk"])
def test_too_much_together_is_refused_at_its_end(memory: MessageMemory, opening: bytes) -> None:
    """The mail for which there is no more room is dropped, told 452 4.3.1 at its end, and the session goes on."""
    first, second = peer(b"DATA\r\n"), peer(opening)
    first.say(LINE * 6000)
    assert second.say(LINE * 5000) == b""
    assert memory.held < 600_100, "it is dropped at once"
    before = refused(second)
    assert second.say(LINE * 4000 + (b"" if opening.startswith(b"BDAT") else b".\r\n")).startswith(b"452 4.3.1 ")
    assert refused(second) == before + 1
    assert second.door.mails == []
    assert first.say(b".\r\n").startswith(b"250 ")
    assert memory.held == 0
    assert second.say(MAIL + b"DATA\r\n").endswith(b"354 End data with <CRLF>.<CRLF>\r\n")


def test_no_mail_begins_when_there_is_no_room(memory: MessageMemory) -> None:
    """DATA and BDAT are 452 4.3.1 then; the octets of a chunk are swallowed; the envelope stays for a second try."""
    memory.change(LIMIT, relays=True)
    one = peer()
    assert one.say(b"DATA\r\n").startswith(b"452 4.3.1 ")
    memory.change(-LIMIT, relays=True)
    assert one.say(b"DATA\r\n").startswith(b"354 ")
    one.say(b".\r\n")
    memory.change(LIMIT, relays=True)
    one.say(MAIL)
    assert one.say(b"BDAT 6 LAST\r\nNOOP\r\nNOOP\r\n").startswith(b"452 4.3.1 ")
    assert one.door.mails != []
    assert len(one.door.mails) == 1


@pytest.mark.parametrize("way", ["gone", "reset", "ehlo", "refused", "cut short"])
def test_memory_is_given_back(memory: MessageMemory, way: str) -> None:
    """However a mail ends, what it held is free again."""
    one = peer(b"BDAT 500000\r\n", max_line_length=1000)
    one.say(LINE * (10 if way == "gone" else 5000))
    assert memory.held > 0
    if way == "gone":
        one.session.release()
    elif way == "reset":
        one.say(b"RSET\r\n")
    elif way == "ehlo":
        one.say(b"EHLO again\r\n")
    elif way == "refused":
        assert one.say(b"BDAT 2002 LAST\r\n" + b"x" * 2000 + b"\r\n").startswith(b"554 5.6.0 ")
    else:
        assert one.say(b"BDAT 26000000 LAST\r\n" + LINE * 260_000).startswith(b"552 5.3.4 ")
    assert memory.held == 0


def test_mail_being_queued_is_counted_though_its_client_went(memory: MessageMemory) -> None:
    """A client that goes while its mail is being queued gives back nothing yet; the commit does."""
    one = peer(b"DATA\r\n")
    one.session.receive(LINE + b".\r\n", 0.0)
    one.session.release()
    assert memory.held == 100
    one.say(b"")
    assert memory.held == 0


def test_strangers_leave_room(memory: MessageMemory) -> None:
    """Those who may not relay cannot fill what those who may need."""
    stranger = peer(b"DATA\r\n", role="inbound")
    stranger.say(LINE * 5001)
    assert memory.held < 100
    assert stranger.say(b".\r\n").startswith(b"452 4.3.1 ")
    stranger.say(MAIL + b"DATA\r\n")
    stranger.say(LINE * 4999)
    assert peer(b"DATA\r\n", role="inbound").session._dialog.relays is False
    assert peer().say(b"DATA\r\n").startswith(b"354 ")
