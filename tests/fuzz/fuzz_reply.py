"""Replies of remote hosts: the same however they are cut, and harmless in a session, a report and a log."""

from __future__ import annotations

import re
from collections.abc import Iterable

from postduif.bounce.report import Fact, compose
from postduif.config.schema import Dsn
from postduif.envelope import Message, Recipient
from postduif.errors import RemoteProtocolError
from postduif.mta import reply_reader
from postduif.mta.client_session import ClientSession, Garbled
from postduif.mta.reply_reader import ReplyReader
from postduif.mta.transaction import Features, Transaction
from postduif.reply import Reply
from tests.bounce.notices import NOW, attempt, envelope
from tests.fuzz.cutting import cut

SEEDS = [
    b"\0\0220 mx\r\n250-mx\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 CHUNKING\r\n250 2.1.0 ok\r\n250 ok\r\n250 taken\r\n",
    b"\1\1220 mx\r\n250-mx\r\n250-PIPELINING\r\n250 DSN\r\n250 ok\r\n550-5.1.1 no\r\n550 5.1.1 user\r\n354 go\r\n",
    b"\2\2220 mx\n250 mx\n421 4.3.2 closing\r\n221 bye\r\n",
    b"\3\3220 mx\r\n500 what\r\n250 hello\r\n\xff\xfe\r\n550 5.1.1\xc2\x85\r\n",
]
_STATUS = re.compile(r"[2345]\.[0-9]{1,3}\.[0-9]{1,3}")


def check(octets: bytes) -> None:
    """Whole or in pieces the replies are the same; each can be written down anywhere."""
    whole, pieces = cut(octets)
    replies, fault = _read([whole])
    assert _read(pieces) == (replies, fault)
    for reply in replies:
        assert "\n" not in str(reply)
        assert _STATUS.fullmatch(reply.status)
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", reply.text)
        Features.of(reply)
        _reported(reply)
    _session(pieces)


def _read(pieces: Iterable[bytes]) -> tuple[list[Reply], bool]:
    reader = ReplyReader("mx.example")
    replies: list[Reply] = []
    try:
        for piece in pieces:
            for reply in reader.feed(piece):
                replies.append(reply)  # noqa: PERF402  those before a fault count
    except RemoteProtocolError:
        return replies, True
    assert len(reader._buffer) <= reply_reader.MAX_OCTETS
    return replies, False


def _reported(reply: Reply) -> None:
    fact = Fact(Recipient(envelope().sender), "failed", attempt(reply, host=reply.text))
    hostname = "mta.example"
    made = compose(envelope(), [fact], Message(b""), hostname=hostname, settings=Dsn(), now=NOW, lifetime=1.0)
    assert made is not None
    assert made[1].content.isascii()
    assert all(len(line) <= 998 for line in made[1].content.split(b"\r\n"))


def _session(pieces: Iterable[bytes]) -> None:
    """Two mails are offered to such a host when there is room for them; what is done has one verdict for each."""
    session = ClientSession("me.example", "mx.example")
    mails = [Transaction(b"MAIL\r\n", [b"RCPT a\r\n", b"RCPT b\r\n"], b".x\r\n") for _ in range(2)]
    waiting, done = list(mails), []
    try:
        for piece in pieces:
            done += session.receive(piece)
            if waiting and session.room:
                session.offer(waiting.pop(0))
            session.take_output()
    except Garbled as garbled:
        done += garbled.done
    lost = Reply(451, "4.4.2", "lost")
    assert done == [one for one in mails if one.done]
    for one in mails:
        verdicts = one.verdicts(lost)
        assert len(verdicts) == 2
        assert not (one.done and one.in_doubt)
        taken = one.final_reply is not None and one.final_reply.positive
        assert taken or not any(verdict.positive for verdict in verdicts)
