"""The sink's session without sockets: every dialog whole and one byte at a time."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from postduif.sink.conversation import Ending, Pause
from postduif.sink.extensions import Terms, offered
from postduif.sink.figures import Figures
from postduif.sink.received import Received
from postduif.sink.referee import Referee
from postduif.sink.rules import Rules
from postduif.sink.session import MAX_LINE, Session
from tests.fakes import FakeClock


class Bench:
    """One session, what it took, and what it said."""

    def __init__(self, rules: str = "", *, without: str = "", tls: bool = True, max_size: int = 100_000) -> None:
        self.clock = FakeClock()
        self.figures = Figures()
        self.taken: list[Received] = []
        self.referee = Referee(Rules.parse(rules), 0, self.clock.monotonic)
        self.terms = Terms("sink.test", offered(without.split(","), tls=tls), max_size, 3, b"message-id")
        self.session = self.connect()
        self.said = self.session.greet()

    def connect(self, ordinal: int = 1) -> Session:
        return Session(self.terms, self.referee, self.figures, self.taken.append, client="192.0.2.1", ordinal=ordinal)

    def feed(self, octets: bytes, *, step: int = 0) -> bytes:
        """What is said to `octets`, given whole or `step` at a time; pauses are sat out."""
        out = b""
        for start in range(0, len(octets), step or len(octets)):
            out += self.session.receive(octets[start : start + step] if step else octets)
            while isinstance(self.session.after, Pause):
                self.clock.advance(self.session.after.seconds)
                out += self.session.resume()
        return out


def codes(said: bytes) -> list[str]:
    """Code and enhanced code of each reply's last line."""
    return re.findall(r"^(\d{3}(?: \d\.\d{1,3}\.\d{1,3}|(?= )))", said.decode("latin-1"), re.MULTILINE)


MAIL = b"MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.com>\r\n"
LETTER = b"Message-ID: <1@example.org>\r\nSubject: x\r\n\r\nHello\r\n"

each_step = pytest.mark.parametrize("step", [0, 1, 7])


@each_step
def test_takes_pipelined_transactions(step: int) -> None:
    """Several transactions in one write are all taken, in order, however the bytes are cut."""
    bench = Bench()
    one = MAIL + b"DATA\r\n" + LETTER + b".\r\n"
    chunk = MAIL + b"BDAT %d\r\n" % 5 + LETTER[:5] + b"BDAT %d LAST\r\n" % (len(LETTER) - 5) + LETTER[5:]
    said = bench.feed(b"EHLO client\r\n" + one + chunk + one + b"QUIT\r\n", step=step)
    assert [message.content for message in bench.taken] == [LETTER] * 3
    assert [message.chunked for message in bench.taken] == [False, True, False]
    assert bench.taken[0].sender == "a@example.org"
    assert bench.taken[0].recipients == ("b@example.com",)
    assert bench.taken[0].message_id == "<1@example.org>"
    assert bench.taken[0].ehlo == "client"
    transaction = ["250 2.1.0", "250 2.1.5", "354", "250 2.0.0"]
    assert codes(said) == [
        "250",
        *transaction,
        "250 2.1.0",
        "250 2.1.5",
        "250 2.0.0",
        "250 2.0.0",
        *transaction,
        "221 2.0.0",
    ]
    assert bench.session.after is Ending.CLOSE


@each_step
@pytest.mark.parametrize(
    ("wire", "content"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"...a\r\n..\r\n..b\r\n.\r\n", b"..a\r\n.\r\n.b\r\n"),
        (b".x\r\n.\r\n", b"x\r\n"),
        (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n"),
        (b"a\r.\rb\r\n.\r\n", b"a\r.\rb\r\n"),
        (b"a\n.\r\nb\r\n.\r\n", b"a\n.\r\nb\r\n"),
        (b"a\r\n.\nb\r\n.\r\n", b"a\r\n\nb\r\n"),
        (b"a\r\n.\rb\r\n.\r\n", b"a\r\n\rb\r\n"),
        (b"a\r\n\0.\r\n.\r\n", b"a\r\n\0.\r\n"),
    ],
)
def test_ends_data_at_crlf_dot_crlf_only(wire: bytes, content: bytes, step: int) -> None:
    """Only CRLF.CRLF ends the data, and one dot is taken off each line that begins with one."""
    bench = Bench()
    said = bench.feed(b"EHLO client\r\n" + MAIL + b"DATA\r\n" + wire + b"NOOP\r\n", step=step)
    assert [message.content for message in bench.taken] == [content]
    assert codes(said)[-2:] == ["250 2.0.0", "250 2.0.0"]


@each_step
@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        (b"MAIL FROM:<a@b.c>\r\n", ["503 5.5.1"]),
        (b"EHLO\r\n", ["501 5.5.4"]),
        (b"EHLO x\r\nRCPT TO:<a@b.c>\r\nDATA\r\nBDAT 3\r\nabc", ["250", "503 5.5.1", "503 5.5.1", "503 5.5.1"]),
        (b"EHLO x\r\nMAIL FROM:<>\r\nMAIL FROM:<>\r\nDATA\r\n", ["250", "250 2.1.0", "503 5.5.1", "554 5.5.1"]),
        (b"EHLO x\r\nMAIL FROM:a@b.c\r\nMAIL FROM:<a b@c>\r\n", ["250", "501 5.5.4", "501 5.5.4"]),
        (b"EHLO x\r\nMAIL FROM:<a@b..c>\r\nMAIL FROM:<\xff@b.c>\r\n", ["250", "501 5.1.3", "501 5.1.3"]),
        (b"EHLO x\r\nMAIL FROM:<> BODY=BINARYMIME\r\nMAIL FROM:<> FOO=1\r\n", ["250", "501 5.5.4", "555 5.5.4"]),
        (b"EHLO x\r\nMAIL FROM:<> SIZE=999999\r\nMAIL FROM:<> SIZE=1 SIZE=1\r\n", ["250", "552 5.3.4", "501 5.5.4"]),
        (b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<>\r\nRCPT TO:<\xc3\xa4@b.c>\r\n",
         ["250", "250 2.1.0", "501 5.1.3", "553 5.6.7"]),
        (b"EHLO x\r\nmail from: <>\r\nrcpt to:<a@b.c>\r\nrset\r\ndata\r\n",
         ["250", "250 2.1.0", "250 2.1.5", "250 2.0.0", "503 5.5.1"]),
        (b"NOOP\nVRFY a\r\nFOO\r\nNOOP\rX\r\n\r\n", ["500 5.5.2", "252 2.1.5", "500 5.5.1", "500 5.5.2", "500 5.5.1"]),
        (b"BDAT x\r\n", ["501 5.5.4"]),
        (b"EHLO x\r\nMAIL FROM:<>\r\nBDAT 0 LAST\r\nNOOP\r\n", ["250", "250 2.1.0", "554 5.5.1", "250 2.0.0"]),
    ],
)  # fmt: skip
def test_answers_what_is_wrong(commands: bytes, expected: list[str], step: int) -> None:
    """Commands out of order, malformed or unknown get the reply of RFC 5321 and harm nothing."""
    bench = Bench()
    assert codes(bench.feed(commands, step=step)) == expected
    assert not bench.taken


def test_counts_refusals_by_code() -> None:
    """Every 4yz and 5yz is counted by its code and enhanced code."""
    bench = Bench()
    bench.feed(b"FOO\r\nBAR\r\nEHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<tempfail@x.test>\r\n")
    assert bench.figures.refused == {"500 5.5.1": 2, "450 4.2.1": 1}


@each_step
def test_keeps_parameters_as_given(step: int) -> None:
    """DSN, SIZE, BODY and SMTPUTF8 parameters reach the test with their case, per recipient."""
    bench = Bench()
    bench.feed(
        "EHLO x\r\nMAIL FROM:<ä@b.test> size=10 BODY=8BITMIME smtputf8 RET=HDRS ENVID=Ab+2Bc\r\n"
        "RCPT TO:<ö@c.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;B@C.test\r\nRCPT TO:<Postmaster>\r\n"
        'RCPT TO:<"a > b"@c.test>\r\nDATA\r\n.\r\n'.encode(),
        step=step,
    )
    [message] = bench.taken
    assert message.sender == "ä@b.test"
    assert message.params == {"SIZE": "10", "BODY": "8BITMIME", "SMTPUTF8": "", "RET": "HDRS", "ENVID": "Ab+2Bc"}
    assert message.recipients == ("ö@c.test", "Postmaster", '"a > b"@c.test')
    assert message.recipient_params == ({"NOTIFY": "SUCCESS,FAILURE", "ORCPT": "rfc822;B@C.test"}, {}, {})


@each_step
def test_bounds_what_it_takes(step: int) -> None:
    """Too large a message, too many recipients and too long a line are refused, and the session goes on or ends."""
    bench = Bench(max_size=1000)
    five = b"RCPT TO:<b@example.com>\r\n" * 3
    big = b"x" * 998 + b"\r\n"
    said = bench.feed(b"EHLO x\r\n" + MAIL + five + b"DATA\r\n" + big * 20 + b".\r\n", step=step)
    assert codes(said)[-3:] == ["452 4.5.3", "354", "552 5.3.4"]
    said = bench.feed(MAIL + b"DATA\r\n" + big + b".\r\n" + MAIL + b"BDAT 2000 LAST\r\n" + big * 2, step=step)
    assert codes(said)[-4:] == ["250 2.0.0", "250 2.1.0", "250 2.1.5", "552 5.3.4"]
    assert codes(bench.feed(b"x" * (MAX_LINE + 2), step=step)) == ["500 5.5.2"]
    assert bench.session.after is Ending.CLOSE
    assert len(bench.taken) == 1


def test_offers_what_is_left() -> None:
    """EHLO lists all extensions; one switched off is neither offered nor taken, and its parameters are unknown."""
    everything = Bench().feed(b"EHLO x\r\n").decode().split("\r\n")
    assert everything[0] == "250-sink.test"
    assert {line[4:] for line in everything[1:-1]} == {
        "PIPELINING", "8BITMIME", "SMTPUTF8", "CHUNKING", "SIZE 100000", "DSN", "ENHANCEDSTATUSCODES", "STARTTLS",
    }  # fmt: skip
    bare = Bench(without="8bitmime,smtputf8,chunking,size,dsn,enhancedstatuscodes", tls=False)
    assert bare.feed(b"EHLO x\r\n") == b"250-sink.test\r\n250 PIPELINING\r\n"
    assert bare.feed(b"MAIL FROM:<> SIZE=1\r\n").startswith(b"555 parameter")
    assert bare.feed(b"STARTTLS\r\n").startswith(b"502 STARTTLS")
    assert bare.feed(b"BDAT 3\r\n").startswith(b"502 CHUNKING")
    assert bare.session.after is Ending.CLOSE


def test_refuses_pipelining_it_did_not_offer() -> None:
    """Without PIPELINING a second command before the reply to the first ends the session."""
    bench = Bench(without="pipelining")
    assert codes(bench.feed(b"EHLO x\r\n")) == ["250"]
    assert codes(bench.feed(MAIL)) == ["250 2.1.0", "554 5.5.0"]
    assert bench.session.after is Ending.CLOSE


def test_forgets_everything_at_starttls() -> None:
    """After the handshake the client must say EHLO again, and STARTTLS is no longer offered."""
    bench = Bench()
    assert codes(bench.feed(b"EHLO x\r\nMAIL FROM:<>\r\nSTARTTLS\r\n")) == ["250", "250 2.1.0", "220 2.0.0"]
    assert bench.session.after is Ending.TLS
    bench.session.secured("TLSv1.3")
    assert codes(bench.feed(b"MAIL FROM:<>\r\nSTARTTLS\r\n")) == ["503 5.5.1", "502 5.5.1"]
    assert b"STARTTLS" not in bench.feed(b"EHLO x\r\n")
    bench.feed(MAIL + b"DATA\r\n.\r\n")
    assert bench.taken[0].tls == "TLSv1.3"


def test_takes_nothing_behind_starttls() -> None:
    """Commands sent in the clear behind STARTTLS end the session instead of being read as if they were secured."""
    bench = Bench()
    assert codes(bench.feed(b"EHLO x\r\nSTARTTLS\r\nMAIL FROM:<>\r\n")) == ["250", "554 5.5.0"]
    assert bench.session.after is Ending.CLOSE


STAGES: dict[str, Callable[[Bench], bytes]] = {
    "connect": lambda bench: bench.said,
    "ehlo": lambda bench: bench.feed(b"EHLO x\r\n"),
    "starttls": lambda bench: bench.feed(b"EHLO x\r\nSTARTTLS\r\n"),
    "mail": lambda bench: bench.feed(b"EHLO x\r\nMAIL FROM:<>\r\n"),
    "rcpt": lambda bench: bench.feed(b"EHLO x\r\n" + MAIL),
    "data": lambda bench: bench.feed(b"EHLO x\r\n" + MAIL + b"DATA\r\n"),
    "dot": lambda bench: bench.feed(b"EHLO x\r\n" + MAIL + b"DATA\r\n.\r\n"),
    "quit": lambda bench: bench.feed(b"QUIT\r\n"),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("code", ["451 4.3.0", "554 5.7.1", "421 4.3.2"])
def test_refuses_at_each_stage(stage: str, code: str) -> None:
    """A rule's reply stands instead of the usual one, at the stage it is for; 421 ends the session."""
    bench = Bench(f'[[rule]]\n{stage} = {{reply = "{code} because"}}')
    assert codes(STAGES[stage](bench))[-1] == code
    assert (bench.session.after is Ending.CLOSE) == code.startswith("421")
    assert not bench.taken


@pytest.mark.parametrize("stage", [*STAGES, "tls", "body"])
@pytest.mark.parametrize("action", ["hang", "close", "reset", "endless"])
def test_acts_at_each_stage(stage: str, action: str) -> None:
    """A rule's action ends the session in its manner, without the reply of that stage."""
    bench = Bench(f'[[rule]]\n{stage} = {{action = "{action}"}}')
    play = STAGES[{"tls": "starttls", "body": "dot"}.get(stage, stage)]
    play(bench)
    assert bench.session.after is Ending(action)
    assert not bench.taken
    assert bench.session.receive(b"NOOP\r\n") == b""


def test_answers_garbage() -> None:
    """`garbage` is no SMTP reply, and the connection is closed behind it."""
    bench = Bench('[[rule]]\nmail = {action = "garbage"}')
    assert b"\x00\xff" in STAGES["mail"](bench)
    assert bench.session.after is Ending.CLOSE


def test_takes_what_it_denies() -> None:
    """With `keep` the message is taken though the client never hears of it (RFC 1047)."""
    bench = Bench('[[rule]]\ndot = {action = "close", keep = true}')
    STAGES["dot"](bench)
    assert len(bench.taken) == 1
    assert bench.session.after is Ending.CLOSE


def test_refuses_a_chunk_by_rule() -> None:
    """A refusal at `data` or `dot` answers BDAT after its octets are read."""
    bench = Bench(
        '[[rule]]\ndomain = "one.test"\ndata = {reply = "451 4.3.0 no"}\n[[rule]]\ndot = {reply = "554 5.7.1 no"}'
    )
    start = b"MAIL FROM:<>\r\nRCPT TO:<a@%s.test>\r\nBDAT 5 LAST\r\nNOOP\n"
    assert codes(bench.feed(b"EHLO x\r\n" + start % b"one" + start % b"two"))[3::3] == ["451 4.3.0", "554 5.7.1"]


@each_step
def test_waits_before_it_answers(step: int) -> None:
    """A delay holds back the reply and all that follows; the message is taken only when the reply goes out."""
    bench = Bench('[[rule]]\ndot = {delay = "90s"}\nmail = {delay = ["1s", "3s"]}')
    begin = bench.clock.monotonic()
    bench.feed(b"EHLO x\r\n" + MAIL + b"DATA\r\n", step=step)
    assert 1 <= bench.clock.monotonic() - begin <= 3
    session = bench.session
    assert session.receive(b".\r\nNOOP\r\n") == b""
    assert session.after == Pause(90.0)
    assert not bench.taken
    assert session.receive(b"NOOP\r\n") == b""
    assert codes(session.resume()) == ["250 2.0.0"] * 3
    assert len(bench.taken) == 1


def test_counts_what_was_lost() -> None:
    """A client that goes between MAIL and the reply to the dot is counted as lost."""
    bench = Bench('[[rule]]\ndot = {delay = "90s"}')
    bench.feed(b"EHLO x\r\n" + MAIL)
    bench.session.closed()
    bench.session = bench.connect()
    bench.session.greet()
    bench.session.receive(b"EHLO x\r\n" + MAIL + b"DATA\r\n.\r\n")
    bench.session.closed()
    assert bench.figures.lost == 2
    assert not bench.taken


def test_limits_messages_on_a_connection() -> None:
    """After `max_messages` the next RCPT to that domain gets 421; for a rule for everyone MAIL does."""
    one = MAIL + b"DATA\r\n.\r\n"
    bench = Bench('[[rule]]\ndomain = "example.com"\nmax_messages = 2')
    assert codes(bench.feed(b"EHLO x\r\n" + one * 3))[-2:] == ["250 2.1.0", "421 4.7.0"]
    bench = Bench("[[rule]]\nmax_messages = 2")
    assert codes(bench.feed(b"EHLO x\r\n" + one * 3))[-2:] == ["250 2.0.0", "421 4.7.0"]
    assert len(bench.taken) == 2


def test_limits_connections() -> None:
    """One connection too many gets 421, and there is room again when one has gone."""
    bench = Bench("[[rule]]\nmax_connections = 1")
    second = bench.connect()
    assert codes(second.greet()) == ["421 4.7.0"]
    second.closed()
    bench.session.closed()
    assert codes(bench.connect().greet()) == ["220"]
    bench = Bench('[[rule]]\ndomain = "example.com"\nmax_connections = 1')
    bench.feed(b"EHLO x\r\n" + MAIL)
    bench.session = bench.connect()
    bench.session.greet()
    assert codes(bench.feed(b"EHLO x\r\n" + MAIL))[-1] == "421 4.7.0"


def test_greylists() -> None:
    """The first attempt and those within the time get 451 4.7.1; a later one from the same three goes through."""
    bench = Bench()
    rcpt = b"RSET\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<greylist1@c.test>\r\n"
    bench.feed(b"EHLO x\r\n")
    assert codes(bench.feed(rcpt))[-1] == "451 4.7.1"
    bench.clock.advance(4.9)
    assert codes(bench.feed(rcpt))[-1] == "451 4.7.1"
    bench.clock.advance(0.2)
    assert codes(bench.feed(rcpt))[-1] == "250 2.1.5"
    assert codes(bench.feed(b"RCPT TO:<greylist2@c.test>\r\n")) == ["451 4.7.1"]


def test_has_the_same_luck_again() -> None:
    """The n-th connection of a sink with the same seed meets the same refusals."""
    rules = '[[rule]]\nrcpt = [{probability = 0.5, reply = ["450 4.2.1 a", "550 5.1.1 b"]}]'
    many = b"EHLO x\r\n" + b"MAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\nRSET\r\n" * 40

    def play(ordinal: int) -> bytes:
        bench = Bench(rules)
        bench.session = bench.connect(ordinal)
        bench.session.greet()
        return bench.feed(many)

    assert play(1) == play(1) != play(2)
    assert {"450 4.2.1", "550 5.1.1", "250 2.1.5"} <= set(codes(play(1)))


@pytest.mark.parametrize(
    ("localpart", "expected"),
    [
        ("tempfail", "450 4.2.1"),
        ("PermFail7", "550 5.1.1"),
        ("mailboxfull", "452 4.2.2"),
        ("greylist", "451 4.7.1"),
        ("dotdefer", "451 4.3.0"),
        ("dotreject", "554 5.7.1"),
        ("slowreply", "250 2.0.0"),
        ("somebody", "250 2.0.0"),
    ],
)
def test_knows_local_parts(localpart: str, expected: str) -> None:
    """Local parts with a meaning have it without any file."""
    bench = Bench()
    said = bench.feed(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<%s@x.test>\r\n" % localpart.encode())
    if codes(said)[-1] == "250 2.1.5":
        said = bench.feed(b"DATA\r\n.\r\n")
    assert codes(said)[-1] == expected
