"""What a hostile client may send: it is bounded, counted, and never echoed."""

from __future__ import annotations

import tracemalloc

import pytest

from postduif.mta import metrics
from tests.dialogs.transcript import Peer, at_random, single, whole


def _refused(peer: Peer, reason: str) -> float:
    return metrics.REFUSED.labels(str(peer.terms.listener.address), reason)._value.get()


@pytest.mark.parametrize("line", [b"NOOP ", b"AUTH PLAIN "])
def test_endless_command_is_cut_off_in_little_memory(line: bytes) -> None:
    """A command line without end is 500 and the end at twice its limit; nothing of it is kept."""
    peer = Peer()
    before = _refused(peer, "command_length")
    out = peer.session.receive(line, 0.0)
    tracemalloc.start()
    sent = 0
    while not peer.session.closing and sent < 1_000_000:
        out += peer.session.receive(b"a" * 1000, 0.0)
        sent += 1000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert out.startswith(b"500 5.5.2 ")
    assert sent <= 40_000
    assert peak < 200_000
    assert _refused(peer, "command_length") == before + 1


@pytest.mark.parametrize("cut", [whole, single, at_random(3)], ids=["whole", "single", "random"])
def test_long_command_is_500_and_the_next_is_heard(cut: object) -> None:
    """One line above the limit is one reply; a line at the limit is a command."""
    peer = Peer()
    assert peer.say(b"NOOP " + b"a" * 2041 + b"\r\n", cut) == b"250 2.0.0 Ok\r\n"  # type: ignore[arg-type]
    out = peer.say(b"NOOP " + b"a" * 2042 + b"\r\nNOOP\r\n", cut)  # type: ignore[arg-type]
    assert out == b"500 5.5.2 Line too long\r\n250 2.0.0 Ok\r\n"


def test_long_auth_line_is_taken() -> None:
    """A line of an AUTH exchange may take 12,288 octets (RFC 4954 4)."""
    peer = Peer({"auth": "optional", "auth_without_tls": True})
    peer.say(b"EHLO client\r\n")
    assert peer.say(b"AUTH PLAIN\r\n") == b"334 \r\n"
    assert peer.say(b"A" * 12284 + b"\r\n").startswith(b"501 5.5.2 ")
    assert peer.say(b"AUTH PLAIN " + b"A" * 12000 + b"\r\n").startswith(b"501 5.5.2 ")
    assert peer.say(b"NOOP\r\n") == b"250 2.0.0 Ok\r\n"


def test_endless_line_of_mail_is_not_kept() -> None:
    """A line of mail data without end costs no more memory than max_line_length, and the connection at last."""
    peer = Peer({"max_message_size": "2M", "max_line_length": 100_000})
    peer.say(b"EHLO client\r\n")
    peer.say(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n")
    tracemalloc.start()
    out, sent = b"", 0
    while not peer.session.closing and sent < 1_000_000_000:
        out += peer.session.receive(b"x" * 65536, 0.0)
        sent += 65536
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert out.startswith(b"554 5.6.0 ")
    assert sent < 5_000_000
    assert peak < 600_000


def test_oversize_mail_is_552_and_the_session_goes_on() -> None:
    """A mail over the limit, whatever SIZE said, is 552 5.3.4 at its end; far over it, the connection ends."""
    peer = Peer({"max_message_size": 100_000})
    peer.say(b"EHLO client\r\n")
    mail = b"MAIL FROM:<a@example.com> SIZE=10\r\nRCPT TO:<b@example.com>\r\nDATA\r\n"
    line = b"x" * 98 + b"\r\n"
    peer.say(mail)
    assert peer.say(line * 1001 + b".\r\n").startswith(b"552 5.3.4 ")
    assert peer.door.mails == []
    peer.say(mail)
    assert peer.say(line * 1000 + b".\r\n").startswith(b"250 2.0.0 ")
    peer.say(mail)
    assert peer.say(line * 2001).startswith(b"552 5.3.4 ")
    assert peer.session.closing


def test_huge_chunk_ends_the_connection() -> None:
    """A chunk far over the limit is not waited for."""
    peer = Peer({"max_message_size": 1000})
    peer.say(b"EHLO client\r\n")
    peer.say(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\n")
    assert peer.say(b"BDAT 999999999 LAST\r\n").startswith(b"552 5.3.4 ")
    assert peer.session.closing


@pytest.mark.parametrize(
    ("verb", "behind"),
    [
        (b"EHLO client\r\n", b"NOOP\r\n"),
        (b"HELO client\r\n", b"MAIL FROM:<a@example.com>\r\n"),
    ],
)
def test_input_behind_a_greeting_is_a_synchronization_error(verb: bytes, behind: bytes) -> None:
    """EHLO and HELO end a group; what is sent behind them is not done (RFC 2920 3.1)."""
    peer = Peer()
    assert peer.say(verb + behind).startswith(b"554 5.5.0 ")
    assert peer.session.closing


def test_input_behind_data_is_a_synchronization_error() -> None:
    """Mail data before 354 is not data and not commands: the connection ends."""
    peer = Peer()
    peer.say(b"EHLO client\r\n")
    out = peer.say(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nSubject: x\r\n\r\n.\r\n")
    assert out.split(b"\r\n")[2].startswith(b"554 5.5.0 ")
    assert peer.session.closing
    assert peer.door.mails == []


@pytest.mark.parametrize("wrong", [b"AUTH PLAIN\r\nAGEAYg==\r\n", b"AUTH LOGIN YQ==\r\nYg==\r\nNOOP\r\n"])
def test_input_behind_auth_is_a_synchronization_error(wrong: bytes) -> None:
    """Answers sent before they are asked for, and commands behind AUTH, end the connection."""
    peer = Peer({"auth": "optional", "auth_without_tls": True})
    peer.say(b"EHLO client\r\n")
    assert peer.say(wrong).startswith(b"554 5.5.0 ")
    assert peer.session.closing


def test_input_behind_starttls_is_never_done() -> None:
    """Commands injected behind STARTTLS end the connection before TLS begins (CVE-2011-0411)."""
    peer = Peer({"tls": "starttls"})
    peer.say(b"EHLO client\r\n")
    assert peer.say(b"STARTTLS\r\nMAIL FROM:<evil@example.com>\r\n").startswith(b"554 5.5.0 ")
    assert peer.session.closing


@pytest.mark.parametrize(
    "octets", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"CONNECT x:25 HTTP/1.1\r\n", b"\x16\x03\x01\x02\x00\x01"]
)
def test_other_protocols_hear_nothing(octets: bytes) -> None:
    """HTTP and TLS where SMTP is spoken end the connection without a word."""
    peer = Peer()
    assert peer.say(octets) == b""
    assert peer.session.closing


def test_replies_hold_nothing_of_the_input() -> None:
    """No reply echoes what was sent (response splitting, reflection)."""
    peer = Peer({"max_errors": 1000})
    for line in (
        b"XYZZY",
        b"EHLO XYZZY",
        b"MAIL FROM:<XYZZY",
        b"MAIL FROM:<a@example.com> XYZZY=1",
        b"VRFY XYZZY",
        b"HELP XYZZY",
    ):
        assert b"XYZZY" not in peer.say(line + b"\r\n").upper()


def test_a_hundred_recipients_are_taken() -> None:
    """A transaction takes 100 recipients (RFC 5321 4.5.3.1.8); over the limit it is 452, and the rest stays."""
    peer = Peer({"max_recipients": 100, "role": "submission"})
    peer.say(b"EHLO client\r\n")
    rcpts = b"".join(b"RCPT TO:<u%d@example.com>\r\n" % number for number in range(102))
    out = peer.say(b"MAIL FROM:<a@example.com>\r\n" + rcpts + b"DATA\r\n").split(b"\r\n")
    assert [line[:9] for line in out[1:101]] == [b"250 2.1.5"] * 100
    assert [line[:9] for line in out[101:103]] == [b"452 4.5.3"] * 2
    peer.say(b"x\r\n.\r\n")
    assert len(peer.door.mails[0][1].recipients) == 100


def test_recipients_over_the_limit_end_at_last() -> None:
    """As many recipients again as may be taken are 452, and some; who goes on hears 421 and loses the connection."""
    peer = Peer({"max_recipients": 100, "max_commands_without_mail": 10})
    peer.say(b"EHLO client\r\n")
    peer.say(b"MAIL FROM:<a@example.com>\r\n" + b"RCPT TO:<a@example.com>\r\n" * 100)
    out = peer.say(b"RCPT TO:<a@example.com>\r\n" * 1000)
    assert out.count(b"452 4.5.3 ") == 111
    assert out.splitlines()[-1].startswith(b"421 4.7.0 ")
    assert peer.session.closing


def test_envelope_is_bounded_in_octets_too() -> None:
    """A transaction keeps half a megabyte of recipients at most, however long each is."""
    peer = Peer({"max_recipients": 65535})
    peer.say(b"EHLO client\r\n")
    peer.say(b"MAIL FROM:<a@example.com>\r\n")
    long = b"RCPT TO:<" + b"a" * 64 + b"@" + b".".join([b"b" * 60] * 3) + b"> ORCPT=rfc822;" + b"c" * 490 + b"\r\n"
    tracemalloc.start()
    out = peer.say(long * 2000)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    taken = out.count(b"250 2.1.5 ")
    assert 524_288 // len(long) <= taken <= 600_000 // len(long)
    assert out.count(b"452 4.5.3 ") == 2000 - taken
    assert held < 1_000_000


def test_empty_chunks_are_idle_commands() -> None:
    """Chunks without an octet move no mail: they are counted as NOOP is."""
    peer = Peer({"max_commands_without_mail": 20})
    peer.say(b"EHLO client\r\n")
    peer.say(b"MAIL FROM:<a@example.com>\r\nRCPT TO:<a@example.com>\r\n")
    out = peer.say(b"BDAT 0\r\nbdat 00\r\n" * 50)
    assert out.count(b"250 2.0.0 Chunk ok") == 19
    assert out.splitlines()[-1].startswith(b"421 4.7.0 ")


def test_transactions_put_off_are_bounded() -> None:
    """Who asks again and again in one session for what is 4yz now is sent away at last."""
    peer = Peer({"max_recipients": 1, "max_commands_without_mail": 10})
    peer.say(b"EHLO client\r\n")
    peer.say(b"MAIL FROM:<a@example.com>\r\n")
    assert peer.say(b"RCPT TO:<later@example.com>\r\n" * 100).count(b"450 4.2.1 ") == 12
    assert peer.session.closing


def test_long_pipelines_are_answered_in_portions() -> None:
    """Replies are made only as fast as they are sent; none is lost."""
    peer = Peer({"max_recipients": 65535})
    peer.say(b"EHLO client\r\n")
    peer.say(b"MAIL FROM:<a@example.com>\r\n")
    first = peer.session.receive(b"RCPT TO:<b@example.com>\r\n" * 5000, 0.0)
    assert len(first) < 20_000
    assert peer.session.stalled
    rest = b""
    while peer.session.stalled:
        rest += peer.session.receive(b"", 0.0)
    assert rest.count(b"250 2.1.5") + first.count(b"250 2.1.5") == 5000
