"""The client half of SMTP, told as dialogs: what the peer says, and every byte that we say to it."""

from __future__ import annotations

import pytest

from postduif.errors import LocalProtocolError, RemoteProtocolError
from postduif.mta.client_session import ClientSession, Step, stuffed
from postduif.mta.transaction import Transaction
from postduif.reply import Reply

FULL = "250-mx.example\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-8BITMIME\r\n250-DSN\r\n250 SIZE 1000\r\n"
PIPELINING = "250-mx.example\r\n250 PIPELINING\r\n"
PLAIN = "250 mx.example\r\n"
LOST = Reply(421, "4.4.2", "connection lost")


def mail(number: int = 1, recipients: int = 1, content: bytes = b"Subject: x\r\n\r\n.hi\r\n") -> Transaction:
    """A transaction with its number in every address."""
    names = [b"RCPT TO:<r%d%c@b>\r\n" % (number, 97 + index) for index in range(recipients)]
    return Transaction(b"MAIL FROM:<s%d@a>\r\n" % number, names, content)


class Dialog:
    """A session and the peer's words, given whole or one byte at a time."""

    def __init__(self, ehlo: str, *, cut: bool) -> None:
        self.session = ClientSession("me.example", "mx[192.0.2.1]:25")
        self.done: list[Transaction] = []
        self._cut = cut
        assert self.says("220 mx\r\n") == "EHLO me.example\r\n"
        self.says(ehlo)

    def says(self, text: str) -> str:
        """The peer says `text`; what we answer to it."""
        octets = text.encode()
        for piece in [octets[i : i + 1] for i in range(len(octets))] if self._cut else [octets]:
            self.done += self.session.receive(piece)
        return self.heard()

    def heard(self) -> str:
        """What we have said since."""
        return b"".join(self.session.take_output()).decode()

    def offer(self, transaction: Transaction) -> str:
        """Offer one; what is said at once."""
        self.session.offer(transaction)
        return self.heard()


@pytest.fixture(params=[False, True], ids=["whole", "bytewise"])
def cut(request: pytest.FixtureRequest) -> bool:
    """Every dialog runs twice."""
    return bool(request.param)


def test_chunking_costs_one_write(cut: bool) -> None:
    """With CHUNKING the whole transaction is one write, and its replies end it."""
    dialog, one = Dialog(FULL, cut=cut), mail()
    assert dialog.offer(one) == ("MAIL FROM:<s1@a>\r\nRCPT TO:<r1a@b>\r\nBDAT 19 LAST\r\nSubject: x\r\n\r\n.hi\r\n")
    assert dialog.says("250 ok\r\n250 ok\r\n250 2.0.0 taken\r\n") == ""
    assert dialog.done == [one]
    assert [str(reply) for reply in one.verdicts(LOST)] == ["250 2.0.0 taken"]


def test_next_rides_behind_the_content(cut: bool) -> None:
    """The next transaction's commands follow the content of the one before, so each costs one round trip."""
    dialog, one, two = Dialog(PIPELINING, cut=cut), mail(1), mail(2)
    assert dialog.offer(one) == "MAIL FROM:<s1@a>\r\nRCPT TO:<r1a@b>\r\nDATA\r\n"
    assert dialog.offer(two) == ""
    assert not dialog.session.room
    assert dialog.says("250 ok\r\n250 ok\r\n354 go\r\n") == (
        "Subject: x\r\n\r\n..hi\r\n.\r\nMAIL FROM:<s2@a>\r\nRCPT TO:<r2a@b>\r\nDATA\r\n"
    )
    assert dialog.says("250 first\r\n") == ""
    assert dialog.done == [one]
    assert dialog.session.room
    assert dialog.says("250 ok\r\n250 ok\r\n354 go\r\n") == "Subject: x\r\n\r\n..hi\r\n.\r\n"
    assert dialog.says("554 5.6.0 no\r\n") == ""
    assert dialog.done == [one, two]
    assert two.verdicts(LOST)[0].permanent


def test_next_chunk_waits_for_the_verdict_before(cut: bool) -> None:
    """With CHUNKING the next one's content is sent only when the one before has its final reply."""
    dialog, one, two = Dialog(FULL, cut=cut), mail(1), mail(2)
    dialog.offer(one)
    assert dialog.offer(two) == ""
    assert dialog.says("250 ok\r\n250 ok\r\n") == "MAIL FROM:<s2@a>\r\nRCPT TO:<r2a@b>\r\n"
    assert dialog.says("250 first\r\n") == ""
    assert dialog.says("250 ok\r\n") == ""
    assert dialog.says("250 ok\r\n") == "BDAT 19 LAST\r\nSubject: x\r\n\r\n.hi\r\n"
    assert dialog.says("250 second\r\n") == ""
    assert dialog.done == [one, two]


def test_lock_step_without_pipelining(cut: bool) -> None:
    """Without PIPELINING every command waits for its reply (RFC 5321 4.1.1)."""
    dialog, one = Dialog(PLAIN, cut=cut), mail(1, recipients=2)
    assert dialog.offer(one) == "MAIL FROM:<s1@a>\r\n"
    assert dialog.says("250 ok\r\n") == "RCPT TO:<r1a@b>\r\n"
    assert dialog.says("250 ok\r\n") == "RCPT TO:<r1b@b>\r\n"
    assert dialog.says("550 5.1.1 no\r\n") == "DATA\r\n"
    assert dialog.says("354 go\r\n") == "Subject: x\r\n\r\n..hi\r\n.\r\n"
    assert dialog.says("250 taken\r\n") == ""
    assert [reply.code for reply in one.verdicts(LOST)] == [250, 550]


def test_refused_mail_ends_in_lock_step(cut: bool) -> None:
    """Without PIPELINING a refused MAIL ends the transaction, and the next begins at once."""
    dialog, one, two = Dialog(PLAIN, cut=cut), mail(1), mail(2)
    dialog.offer(one)
    dialog.offer(two)
    assert dialog.says("450 later\r\n") == "MAIL FROM:<s2@a>\r\n"
    assert [reply.code for reply in one.verdicts(LOST)] == [450]


def test_refused_mail_when_pipelined(cut: bool) -> None:
    """A refused MAIL is the verdict for every recipient, whatever the replies behind it say."""
    dialog, one = Dialog(PIPELINING, cut=cut), mail(1, recipients=2)
    dialog.offer(one)
    assert dialog.says("550 5.7.1 no\r\n503 mail?\r\n503 mail?\r\n503 rcpt?\r\n") == ""
    assert [reply.enhanced for reply in one.verdicts(LOST)] == ["5.7.1", "5.7.1"]
    assert dialog.done == [one]


def test_all_recipients_refused_needs_rset(cut: bool) -> None:
    """A transaction that MAIL opened and no content ended is cleared before the next (RFC 5321 3.3)."""
    dialog, one, two = Dialog(PIPELINING, cut=cut), mail(1), mail(2)
    dialog.offer(one)
    dialog.offer(two)
    assert dialog.says("250 ok\r\n550 no\r\n503 rcpt?\r\n") == (
        "RSET\r\nMAIL FROM:<s2@a>\r\nRCPT TO:<r2a@b>\r\nDATA\r\n"
    )
    assert dialog.says("250 reset\r\n250 ok\r\n250 ok\r\n354 go\r\n").endswith("\r\n.\r\n")
    dialog.says("250 taken\r\n")
    assert dialog.done == [one, two]
    assert [two.verdicts(LOST)[0].code, one.verdicts(LOST)[0].code] == [250, 550]


def test_all_recipients_refused_in_lock_step(cut: bool) -> None:
    """Without PIPELINING the next waits for the reply to RSET."""
    dialog, one, two = Dialog(PLAIN, cut=cut), mail(1), mail(2)
    dialog.offer(one)
    dialog.offer(two)
    dialog.says("250 ok\r\n")
    assert dialog.says("550 no\r\n") == "RSET\r\n"
    assert dialog.done == [one]
    assert dialog.says("250 reset\r\n") == "MAIL FROM:<s2@a>\r\n"


def test_offer_during_rset_in_lock_step(cut: bool) -> None:
    """What is offered while RSET is awaited begins after it."""
    dialog, one, two = Dialog(PLAIN, cut=cut), mail(1), mail(2)
    dialog.offer(one)
    dialog.says("250 ok\r\n")
    assert dialog.says("550 no\r\n") == "RSET\r\n"
    assert dialog.offer(two) == ""
    assert dialog.says("250 reset\r\n") == "MAIL FROM:<s2@a>\r\n"


def test_eager_chunk_without_recipients(cut: bool) -> None:
    """Content that was sent for nobody is refused by the peer, and the recipients keep their own verdicts."""
    dialog, one, two = Dialog(FULL, cut=cut), mail(1, recipients=2), mail(2)
    dialog.offer(one)
    dialog.offer(two)
    assert dialog.says("250 ok\r\n550 5.1.1 no\r\n451 4.7.1 wait\r\n") == ""
    assert dialog.says("503 5.5.1 nobody\r\n").startswith("RSET\r\nMAIL FROM:<s2@a>\r\n")
    assert [reply.enhanced for reply in one.verdicts(LOST)] == ["5.1.1", "4.7.1"]


def test_nobody_accepted_behind_another(cut: bool) -> None:
    """A transaction behind another, all of whose recipients are refused, sends no content."""
    dialog, one, two = Dialog(FULL, cut=cut), mail(1), mail(2)
    dialog.offer(one)
    dialog.offer(two)
    assert dialog.says("250 ok\r\n250 ok\r\n") == "MAIL FROM:<s2@a>\r\nRCPT TO:<r2a@b>\r\n"
    assert dialog.says("250 taken\r\n250 ok\r\n550 no\r\n") == "RSET\r\n"
    assert dialog.done == [one, two]


def test_lone_dot_when_354_comes_for_nobody(cut: bool) -> None:
    """354 without any recipient is answered by a lone dot, not by the mail (RFC 2920 3.1)."""
    dialog, one = Dialog(PIPELINING, cut=cut), mail()
    dialog.offer(one)
    assert dialog.says("250 ok\r\n550 no\r\n354 go\r\n") == ".\r\n"
    assert dialog.says("554 nobody\r\n") == ""
    assert [reply.code for reply in one.verdicts(LOST)] == [550]


def test_data_refused_is_the_verdict_of_the_accepted(cut: bool) -> None:
    """A refused DATA is the verdict for those whom RCPT accepted."""
    dialog, one = Dialog(PIPELINING, cut=cut), mail(1, recipients=2)
    dialog.offer(one)
    assert dialog.says("250 ok\r\n250 ok\r\n550 no\r\n451 4.3.0 not now\r\n") == "RSET\r\n"
    assert [reply.code for reply in one.verdicts(LOST)] == [451, 550]


def test_421_closes_and_says_why(cut: bool) -> None:
    """421 at any stage ends the connection and is the verdict of what has none yet (RFC 5321 3.8)."""
    dialog, one = Dialog(PIPELINING, cut=cut), mail()
    dialog.offer(one)
    assert dialog.says("250 ok\r\n421 4.3.2 closing\r\n") == ""
    assert dialog.session.closing is not None
    assert not dialog.session.room
    assert dialog.session.unfinished == [one]
    assert one.verdicts(dialog.session.closing)[0].code == 421


def test_helo_when_ehlo_is_unknown(cut: bool) -> None:
    """A peer that refuses EHLO is greeted with HELO and gets no extension (RFC 5321 3.2)."""
    session = Dialog("502 what\r\n", cut=cut)
    assert session.says("250 mx\r\n") == ""
    assert session.session.ready
    assert not session.session.features.pipelining


def test_refused_greeting_closes(cut: bool) -> None:
    """A greeting other than 220 ends the connection."""
    session = ClientSession("me.example", "mx")
    session.receive(b"554 5.3.2 no service\r\n")
    assert session.closing is not None
    assert session.take_output() == []


def test_plaintext_behind_starttls_is_seen(cut: bool) -> None:
    """Bytes behind the reply to STARTTLS are never taken for replies inside TLS (RFC 3207 section 4)."""
    dialog = Dialog(FULL, cut=False)
    dialog.session.start_tls()
    assert dialog.heard() == "STARTTLS\r\n"
    dialog.says("220 go\r\n250-injected")
    assert dialog.session.plaintext_left


def test_features_are_forgotten_after_starttls(cut: bool) -> None:
    """What the peer offered in the clear counts no more inside TLS (RFC 3207 4.2)."""
    dialog = Dialog(FULL, cut=cut)
    dialog.session.start_tls()
    dialog.heard()
    dialog.says("220 go\r\n")
    assert not dialog.session.plaintext_left
    dialog.session.secured()
    assert dialog.heard() == "EHLO me.example\r\n"
    assert not dialog.session.ready
    dialog.says(PLAIN)
    assert dialog.session.ready
    assert not dialog.session.features.chunking


@pytest.mark.parametrize(
    "words",
    [
        "999 what\r\n",
        "2x0 what\r\n",
        "hello\r\n",
        "250-a\r\n251 b\r\n",
        "250 ok\r\n250 ok\r\n250 early\r\n",
        "x" * 70_000,
    ],
)
def test_a_broken_peer_is_named(words: str) -> None:
    """What no SMTP server may say is an error of the remote."""
    dialog = Dialog(PIPELINING, cut=False)
    dialog.offer(mail())
    with pytest.raises(RemoteProtocolError):
        dialog.says(words)


def test_endless_reply_is_bounded() -> None:
    """A reply without end is cut off at 100 lines."""
    dialog = Dialog(PIPELINING, cut=False)
    dialog.offer(mail())
    dialog.says("250-more\r\n" * 100)
    with pytest.raises(RemoteProtocolError, match="100 lines"):
        dialog.says("250-more\r\n")


def test_offer_without_room_is_our_mistake() -> None:
    """Two transactions are all a session takes."""
    dialog = Dialog(PIPELINING, cut=False)
    dialog.offer(mail(1))
    dialog.offer(mail(2))
    with pytest.raises(LocalProtocolError):
        dialog.offer(mail(3))


def test_quit_ends_with_its_reply(cut: bool) -> None:
    """After QUIT the answer closes the connection."""
    dialog = Dialog(FULL, cut=cut)
    dialog.session.quit()
    assert dialog.heard() == "QUIT\r\n"
    assert dialog.session.waiting_for is Step.QUIT
    dialog.says("221 bye\r\n")
    assert dialog.session.closing is not None


@pytest.mark.parametrize(
    ("content", "wire"),
    [
        (b"a\r\n", b"a\r\n"),
        (b".\r\n", b"..\r\n"),
        (b"..x\r\n.\r\n", b"...x\r\n..\r\n"),
        (b"", b""),
    ],
)
def test_dots_are_doubled(content: bytes, wire: bytes) -> None:
    """Lines that begin with a dot get another (RFC 5321 4.5.2)."""
    assert stuffed(content) == wire


LARGE = b"x" * 50_000 + b"\r\n"


def test_nothing_is_said_behind_a_large_content_before_it_left(cut: bool) -> None:
    """So what of it is still here can be told; then the next transaction rides behind it as ever."""
    dialog, one, two = Dialog(PIPELINING, cut=cut), mail(1, content=LARGE), mail(2)
    dialog.offer(one)
    assert dialog.offer(two) == ""
    assert dialog.says("250 ok\r\n250 ok\r\n354 go\r\n").endswith("x\r\n.\r\n")
    assert dialog.session.content_here
    assert (dialog.session.judged, dialog.session.behind) == (one, 0)
    dialog.session.content_left()
    said = dialog.heard()
    assert said == "MAIL FROM:<s2@a>\r\nRCPT TO:<r2a@b>\r\nDATA\r\n"
    assert dialog.session.behind == len(said)


def test_a_verdict_on_half_a_mail_ends_the_connection(cut: bool) -> None:
    """A no before the end of the content holds; but what the next reply would be about, nobody knows."""
    dialog, one = Dialog(FULL, cut=cut), mail(1, content=LARGE)
    dialog.offer(one)
    dialog.says("250 ok\r\n250 ok\r\n552 5.3.4 too much\r\n")
    assert [reply.code for reply in one.verdicts(LOST)] == [552]
    assert dialog.session.closing is not None


@pytest.mark.parametrize(
    "words",
    [
        "250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 taken\r\n",
        "250 ok\r\n354 go\r\n",
        "354 go\r\n",
        "250 ok\r\n250 ok\r\n250 go\r\n",
    ],
)
def test_nobody_can_have_taken_what_was_not_said(words: str) -> None:
    """A 250 before the content was written is no verdict, nor is 354 an answer to anything but DATA."""
    dialog, one = Dialog(PIPELINING, cut=False), mail()
    dialog.offer(one)
    with pytest.raises(RemoteProtocolError):
        dialog.says(words)
    assert dialog.done == []
    assert one.final_reply is None


def test_a_yes_to_half_a_mail_is_none() -> None:
    """250 while the content is still being written is an error of the remote."""
    dialog = Dialog(PIPELINING, cut=False)
    dialog.offer(mail(1, content=LARGE))
    dialog.says("250 ok\r\n250 ok\r\n354 go\r\n")
    with pytest.raises(RemoteProtocolError, match="before the end"):
        dialog.says("250 2.0.0 taken\r\n")


def test_refused_rset_closes(cut: bool) -> None:
    """A peer that does not forget the transaction before gets no other: its 503 would be the verdict of a good mail."""
    dialog, one, two = Dialog(PIPELINING, cut=cut), mail(1), mail(2)
    dialog.offer(one)
    dialog.offer(two)
    dialog.says("250 ok\r\n550 no\r\n503 rcpt?\r\n")
    dialog.says("502 what\r\n")
    assert dialog.session.closing is not None
    assert dialog.session.unfinished == [two]
    assert two.mail_reply is None


def test_421_to_a_recipient_leaves_no_doubt(cut: bool) -> None:
    """Whoever closes before the content was looked at has not taken it, though it was sent already."""
    dialog, one = Dialog(FULL, cut=cut), mail(1, recipients=2)
    dialog.offer(one)
    dialog.says("250 ok\r\n250 ok\r\n421 4.3.2 closing\r\n")
    assert one.content_sent
    assert not one.in_doubt


def test_what_rides_behind_a_421_was_not_sent(cut: bool) -> None:
    """The next transaction is not said to a peer that closes, so it is not in doubt either."""
    dialog, one, two = Dialog(FULL, cut=cut), mail(1), mail(2)
    dialog.offer(one)
    dialog.offer(two)
    assert dialog.says("250 ok\r\n550 no\r\n421 4.3.2 closing\r\n") == ""
    assert dialog.done == [one]
    assert not two.content_sent
