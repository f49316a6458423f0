"""The session under any input: it answers in form, keeps its bounds, and queues only whole, clean mails."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from postduif.mta import mail_content
from tests.dialogs.transcript import Peer, at_random

LINES = [
    b"EHLO client\r\n",
    b"HELO client\r\n",
    b"MAIL FROM:<a@example.com>\r\n",
    b"MAIL FROM:<> SIZE=10 BODY=8BITMIME\r\n",
    b"MAIL FROM:<j\xc3\xbc@example.com> SMTPUTF8\r\n",
    b"RCPT TO:<b@example.net>\r\n",
    b"RCPT TO:<nobody@example.net>\r\n",
    b"RCPT TO:<b@example.net> NOTIFY=NEVER ORCPT=rfc822;b@example.net\r\n",
    b"DATA\r\n",
    b"Subject: x\r\n\r\n..text\r\n",
    b"\r\n.\r\n",
    b".\r\n",
    b"BDAT 5\r\nab\r\n.",
    b"BDAT 2 LAST\r\n\r\n",
    b"BDAT 0 LAST\r\n",
    b"BDAT 99999999999\r\n",
    b"RSET\r\n",
    b"NOOP x\r\n",
    b"VRFY x\r\n",
    b"HELP\r\n",
    b"AUTH PLAIN\r\n",
    b"AUTH LOGIN YQ==\r\n",
    b"AGEAYg==\r\n",
    b"*\r\n",
    b"STARTTLS\r\n",
    b"QUIT\r\n",
    b"GET / HTTP/1.1\r\n",
]
INPUT = st.lists(st.one_of(st.sampled_from(LINES), st.binary(max_size=30)), max_size=40)
SETTINGS = {
    "tls": "starttls",
    "auth": "optional",
    "auth_without_tls": True,
    "max_message_size": 60,
    "max_line_length": 1000,
}
PLAIN_CODES = (b"220 mx.", b"250-", b"250 mx.", b"250 AUTH PLAIN LOGIN", b"250 STARTTLS", b"250 DSN", b"354 ", b"334 ")
ENHANCED = re.compile(rb"([245])\d\d[ -]\1\.\d{1,3}\.\d{1,3} [\x20-\x7e]+")


@settings(max_examples=400, deadline=None)
@given(INPUT, st.integers(0, 5))
def test_any_input_is_survived(pieces: list[bytes], seed: int) -> None:
    """Whatever comes, every reply line is in form with an enhanced code of its class, and what is queued is clean."""
    peer = Peer(SETTINGS, passwords={"a": "b"})
    out = peer.greeting
    for piece in pieces:
        out += peer.say(piece, at_random(seed))
        assert peer.session.waiting <= 2 * 12288
    for line in out.split(b"\r\n")[:-1]:
        assert line.startswith(PLAIN_CODES) or ENHANCED.fullmatch(line), line
        assert len(line) <= 510
    for _, envelope, content in peer.door.mails:
        assert envelope.recipients
        assert len(content) <= 62
        assert mail_content.fault_of(content, 1000) == ""
        assert content.endswith(b"\r\n") or not content


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(LINES[2:15] + LINES[16:20]), max_size=30), st.integers(0, 50))
def test_lines_one_by_one_say_the_same_however_cut(lines: list[bytes], seed: int) -> None:
    """Line by line, the replies are the same for whole lines and for lines cut anywhere."""
    whole, cut = Peer(SETTINGS), Peer(SETTINGS)
    for line in [b"EHLO client\r\n", *lines]:
        assert whole.say(line) == cut.say(line, at_random(seed))
        assert whole.session.closing == cut.session.closing
    assert [mail[2] for mail in whole.door.mails] == [mail[2] for mail in cut.door.mails]
