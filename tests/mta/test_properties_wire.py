"""Our client and our server on one wire: what goes in at one end comes out at the other, however it is cut."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from postduif.address import parse
from postduif.envelope import Envelope, Recipient
from postduif.mta import mail_content
from postduif.mta.client_session import ClientSession, stuffed
from postduif.mta.mail_content import DataReader
from postduif.mta.transaction import Transaction, compose
from postduif.reply import Reply
from tests.dialogs.transcript import Peer, at_random

LINES = st.one_of(
    st.sampled_from(
        [b"", b".", b"..", b".x", b"...", b"a", b"QUIT", b"DATA", b"BDAT 3 LAST", b"x" * 996, b"\xe9", b" "]
    ),
    st.binary(max_size=12).map(lambda line: line.translate(None, b"\r\n\0")),
)
CONTENTS = st.lists(LINES, min_size=1, max_size=12).map(lambda lines: b"\r\n".join(lines) + b"\r\n")
CUTS = st.integers(0, 1000)
OFFERS = (b"PIPELINING", b"CHUNKING", b"SIZE", b"8BITMIME", b"SMTPUTF8", b"DSN")


@given(CONTENTS, CUTS)
def test_dots_come_off_as_they_went_on(content: bytes, seed: int) -> None:
    """Content that is fit for the wire has one end on it, at its end, and is read back to the octet."""
    assert mail_content.fault_of(content, 1000) == ""
    wire = stuffed(content) + b".\r\n"
    assert (b"\r\n" + wire).find(mail_content.END) == len(wire) - 3
    reader = DataReader(len(content), 1000)
    pieces = at_random(seed)(wire + b"QUIT\r\n")
    rest = next(rest for piece in pieces if (rest := reader.feed(piece)) is not None)
    assert reader.fault == ""
    assert reader.content() == content
    assert rest + b"".join(pieces) == b"QUIT\r\n"


class Wire:
    """A client session and a server session; what one says the other hears in pieces."""

    def __init__(self, seed: int, hidden: set[bytes]) -> None:
        self.client = ClientSession("client.example", "mx.example")
        self.server = Peer({"max_message_size": 100_000, "max_line_length": 1000})
        self.done: list[Transaction] = []
        self._cut = at_random(seed)
        self._hidden = hidden
        self._hear(self.server.greeting)

    def carry(self, transactions: list[Transaction]) -> None:
        """Offer each as soon as there is room, until all have their verdict."""
        for one in transactions:
            assert self.client.room
            self.client.offer(one)
            self._go_on()
        assert self.done == transactions

    def _hear(self, said: bytes) -> None:
        if said.startswith(b"250-mx."):
            said = self._fewer(said)
        for piece in self._cut(said):
            self.done += self.client.receive(piece)
        self._go_on()

    def _go_on(self) -> None:
        while out := self.client.take_output():
            self._hear(self.server.say(b"".join(out), self._cut))

    def _fewer(self, said: bytes) -> bytes:
        """The reply to EHLO without what is hidden."""
        lines = [line[4:] for line in said.split(b"\r\n")[:-1]]
        lines = [line for line in lines if line.split(b" ")[0] not in self._hidden]
        return b"".join(b"250%b%b\r\n" % (b" " if line is lines[-1] else b"-", line) for line in lines)


MAILS = st.lists(
    st.tuples(CONTENTS, st.lists(st.sampled_from(["a", "b c", "nobody", "later"]), min_size=1, max_size=3)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60)
@given(MAILS, st.sets(st.sampled_from(OFFERS)), CUTS, st.sampled_from(["one", "refused"]))
def test_mails_arrive_as_they_were_sent(
    mails: list[tuple[bytes, list[str]]], hidden: set[bytes], seed: int, sender: str
) -> None:
    """With whatever extensions and cuts, each mail arrives once, whole, for those who were taken, and all hear so."""
    wire = Wire(seed, hidden)
    assert wire.client.ready
    transactions = []
    for content, names in mails:
        recipients = [Recipient(parse(f'"{name}"@example.net')) for name in names]
        envelope = Envelope(parse(f"{sender}@example.com"))
        transactions.append(compose(envelope, envelope.sender, recipients, content, wire.client.features))
    wire.carry(transactions)
    lost = Reply(451, "4.4.2", "nothing was said")
    codes = {"nobody": 550, "later": 450}
    for one, (_, names) in zip(transactions, mails, strict=True):
        expected = [550 if sender == "refused" else codes.get(name, 250) for name in names]
        assert [reply.code for reply in one.verdicts(lost)] == expected
    taken = [
        (content, [name for name in names if name not in codes])
        for content, names in mails
        if sender != "refused" and not set(names) <= codes.keys()
    ]
    arrived = [
        (content, [one.address.localpart for one in envelope.recipients])
        for _, envelope, content in wire.server.door.mails
    ]
    assert arrived == taken


@given(CONTENTS, st.integers(-1, 1), CUTS)
def test_the_size_limit_is_exact(content: bytes, over: int, seed: int) -> None:
    """A mail of exactly the greatest size is taken, one octet more is not, wherever it is cut."""
    reader = DataReader(len(content) - over, 1000)
    for piece in at_random(seed)(stuffed(content) + b".\r\n"):
        reader.feed(piece)
    assert reader.fault == ("size" if over > 0 else "")


def test_the_size_limit_is_exact_when_cut_in_the_end() -> None:
    """The octets of the end of data count for nothing, also when they come one by one."""
    reader = DataReader(4, 1000)
    assert [reader.feed(piece) for piece in (b"ab\r\n", b".", b"\r", b"\n")] == [None, None, None, b""]
    assert (reader.fault, reader.content()) == ("", b"ab\r\n")
