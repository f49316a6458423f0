"""The client half of SMTP, without sockets: replies in, bytes out (RFC 5321, 2920, 3030, 3207).

At most two transactions are under way: one whose content is being judged, and behind it the commands of the next, so
that a busy connection costs one round trip a message. With CHUNKING the first one needs a single write as well.
The content of a transaction is only sent once the one before it has its final reply; so at most one is in doubt
when a connection breaks. Behind a large content nothing is said before all of it has left us, so that a driver can tell
whether its end may have reached the peer.
"""

from __future__ import annotations

import enum
from collections import deque
from typing import NamedTuple

from postduif.errors import LocalProtocolError, RemoteProtocolError
from postduif.mta.mail_content import has_dot_line
from postduif.mta.reply_reader import ReplyReader
from postduif.mta.transaction import Features, Transaction
from postduif.reply import Reply

EAGER_CHUNK = 256 * 1024
"""Octets of content that are sent before the peer has accepted a recipient, to save a round trip (CHUNKING)."""
LARGE_CONTENT = 16 * 1024
"""Octets of content above which its end is a piece of its own, and the next transaction waits until it has left."""
_DATA = b"DATA\r\n"
_DOT = b".\r\n"


class Step(enum.Enum):
    """What a reply is awaited to. The value names the setting of `[delivery]` that bounds the wait."""

    GREETING = "greeting"
    EHLO = "ehlo"
    HELO = "helo"
    STARTTLS = "starttls"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    FINAL = "final"
    RSET = "rset"
    QUIT = "quit"


class _Awaited(NamedTuple):
    step: Step
    transaction: Transaction | None = None


class Garbled(RemoteProtocolError):  # noqa: N818  the name says what happened
    """The peer said what no SMTP server may say. `done`: the transactions that had their verdict before that."""

    def __init__(self, problem: str, done: list[Transaction]) -> None:
        super().__init__(problem)
        self.done = done


_NOT_READY = (Step.GREETING, Step.EHLO, Step.HELO, Step.STARTTLS, Step.QUIT)


def stuffed(content: bytes) -> bytes:
    """Content as it stands between DATA and the lone dot: dots at the start of lines doubled (RFC 5321 4.5.2)."""
    if not content.startswith(b".") and not has_dot_line(content.decode("latin-1")):
        return content
    if content.startswith(b"."):
        content = b"." + content
    return content.replace(b"\r\n.", b"\r\n..")


class ClientSession:
    """One connection's state. `receive` what came, then write what `take_output` gives."""

    def __init__(self, ehlo: str, remote_mta: str) -> None:
        self.features = Features()
        self.greeting: Reply | None = None
        self.tls_reply: Reply | None = None
        """What was said to STARTTLS."""
        self.starting_tls = False
        """STARTTLS was said, and TLS does not speak yet."""
        self.tls = False
        self.replies = 0
        """How many have come."""
        self.closing: Reply | None = None
        """The reply that ends the connection: 421 anywhere, a refused greeting, EHLO or RSET, a verdict on half a mail,
        the answer to QUIT."""
        self.content_here = False
        """A large content was said, and the driver has not said yet that it left (`content_left`)."""
        self._ehlo = f"{ehlo}\r\n".encode()
        self._reader = ReplyReader(remote_mta)
        self._awaited: deque[_Awaited] = deque([_Awaited(Step.GREETING)])
        self._out: list[bytes] = []
        self._unsaid = 0
        """How many of those awaited answer what is still in `_out`."""
        self._current: Transaction | None = None
        self._next: Transaction | None = None
        self._next_begun = False

    # --- what the driver asks and says

    @property
    def waiting_for(self) -> Step | None:
        """The step whose reply comes next; None when nothing is awaited."""
        return self._awaited[0].step if self._awaited else None

    @property
    def ready(self) -> bool:
        """Greeted, and able to take transactions."""
        return self.closing is None and (not self._awaited or self._awaited[0].step not in _NOT_READY)

    @property
    def room(self) -> bool:
        """`offer` may be called."""
        return self._next is None and self.ready

    @property
    def unfinished(self) -> list[Transaction]:
        """Those offered and not done, in order."""
        return [one for one in (self._current, self._next) if one is not None]

    @property
    def plaintext_left(self) -> bool:
        """Bytes came behind the reply to STARTTLS: somebody injects (RFC 3207 section 4)."""
        return self._reader.pending or bool(self._awaited)

    def take_output(self) -> list[bytes]:
        """What is to be written now, in order."""
        out, self._out, self._unsaid = self._out, [], 0
        return out

    @property
    def judged(self) -> Transaction | None:
        """The one whose content is out and has no verdict yet."""
        return self._current if self._current is not None and self._current.content_sent else None

    @property
    def behind(self) -> int:
        """Octets said behind the content of `judged`."""
        if self._next is None or not self._next_begun:
            return 0
        return len(self._next.mail) + sum(map(len, self._next.recipients)) + len(_DATA) * (not self.features.chunking)

    def content_left(self) -> None:
        """A large content has left us: the next transaction may begin behind it."""
        self.content_here = False
        self._begin_next()

    def offer(self, transaction: Transaction) -> None:
        """Send it as soon as the protocol allows. Raises LocalProtocolError when there is no `room`."""
        if not self.room:
            raise LocalProtocolError("offered a transaction without room")
        if self._current is None:
            self._current = transaction
            if self.waiting_for is not Step.RSET or self.features.pipelining:
                self._begin(transaction, alone=True)
        else:
            self._next = transaction
            self._begin_next()

    def start_tls(self) -> None:
        """Ask for TLS. When `tls_reply` is positive and nothing is `plaintext_left`, the driver shakes hands."""
        self.starting_tls = True
        self._say(b"STARTTLS\r\n", Step.STARTTLS)

    def secured(self) -> None:
        """The handshake is done: forget what was learned in the clear and say EHLO again (RFC 3207 4.2)."""
        self.tls, self.starting_tls = True, False
        self.features = Features()
        self._say(b"EHLO " + self._ehlo, Step.EHLO)

    def quit(self) -> None:
        """Say QUIT."""
        self._say(b"QUIT\r\n", Step.QUIT)

    def receive(self, received: bytes) -> list[Transaction]:
        """Take what the peer sent; the transactions that are done now. Raises Garbled; then it is over."""
        done: list[Transaction] = []
        try:
            for reply in self._reader.feed(received):
                self._take(reply, done)
        except RemoteProtocolError as error:
            raise Garbled(str(error), done) from error
        return done

    def _take(self, reply: Reply, done: list[Transaction]) -> None:
        self.replies += 1
        if reply.code == 421:
            self.closing = reply
        if len(self._awaited) <= self._unsaid:  # what is not said yet, nobody can answer
            if self.closing is None:
                raise RemoteProtocolError("a reply to nothing")
            return
        step, transaction = self._awaited.popleft()
        if 300 <= reply.code < 400 and step is not Step.DATA:
            raise RemoteProtocolError(f"{reply.code} in answer to {step.value}")
        if transaction is None:
            self._about_connection(step, reply)
        else:
            self._about_transaction(step, transaction, reply, done)

    def _say(self, command: bytes, step: Step, transaction: Transaction | None = None) -> None:
        if self.closing is None:
            self._out.append(command)
            self._unsaid += 1
            self._awaited.append(_Awaited(step, transaction))

    # --- replies about the connection

    def _about_connection(self, step: Step, reply: Reply) -> None:
        if step is Step.GREETING:
            self.greeting = reply
            if reply.positive:
                self._say(b"EHLO " + self._ehlo, Step.EHLO)
            else:
                self.closing = reply
        elif step is Step.EHLO and reply.positive:
            self.features = Features.of(reply)
        elif step is Step.EHLO and reply.permanent and not self.tls:
            self._say(b"HELO " + self._ehlo, Step.HELO)
        elif step in (Step.EHLO, Step.HELO) and not reply.positive:
            self.closing = reply
        elif step is Step.STARTTLS:
            self.tls_reply = reply
        elif step is Step.QUIT:
            self.closing = reply
        elif step is Step.RSET and not reply.positive:
            self.closing = reply  # what the next MAIL would find is not known
        elif step is Step.RSET and self._current is not None and not self.features.pipelining:
            self._begin(self._current, alone=True)

    # --- replies about a transaction

    def _about_transaction(self, step: Step, one: Transaction, reply: Reply, done: list[Transaction]) -> None:
        if step is Step.MAIL:
            one.mail_reply = reply
            if not self.features.pipelining:
                self._next_step(one, done)
        elif step is Step.RCPT:
            one.rcpt_replies.append(reply)
            if len(one.rcpt_replies) == len(one.recipients) or not self.features.pipelining:
                self._next_step(one, done)
        elif step is Step.DATA:
            one.data_reply = reply
            if reply.positive:
                raise RemoteProtocolError(f"{reply.code} in answer to DATA")
            self._next_step(one, done)
        else:
            self._answer_to_content(one, reply, done)

    def _begin(self, one: Transaction, *, alone: bool) -> None:
        """Say as much of it as may be said before any reply. `alone`: nothing before it awaits its verdict."""
        if not self.features.pipelining:
            self._say(one.mail, Step.MAIL, one)
            return
        self._say(one.mail, Step.MAIL, one)
        for command in one.recipients:
            self._say(command, Step.RCPT, one)
        if not self.features.chunking:
            self._say(_DATA, Step.DATA, one)
        elif alone and len(one.content) <= EAGER_CHUNK:
            self._send_chunk(one)

    def _next_step(self, one: Transaction, done: list[Transaction]) -> None:
        """Go on after a reply to MAIL, to RCPT (the last, when they were pipelined) or to DATA.

        Not after 421: that is about the connection, and what it means for the mail is for the driver to say.
        """
        if self.closing is not None:
            return
        refused = one.mail_reply is None or not one.mail_reply.positive
        if one.data_reply is not None:
            self._answer_to_data(one, done)
        elif not refused and len(one.rcpt_replies) < len(one.recipients):
            self._say(one.recipients[len(one.rcpt_replies)], Step.RCPT, one)
        elif one.content_sent:
            self._begin_next()
        elif self.features.chunking and one.accepted and not refused:
            self._send_chunk(one)
            self._begin_next()
        elif self.features.chunking or not self.features.pipelining:
            if one.accepted and not refused:
                self._say(_DATA, Step.DATA, one)
            else:
                self._finish(one, done)

    def _answer_to_data(self, one: Transaction, done: list[Transaction]) -> None:
        if one.data_reply is None or not one.data_reply.intermediate:
            self._finish(one, done)
        elif one.accepted:
            self._say_content(one, b"", one.content if one.dotless else stuffed(one.content), _DOT)
            self._begin_next()
        else:
            # No recipient, and yet 354: a lone dot ends it without mail (RFC 2920 3.1).
            self._say(_DOT, Step.FINAL, one)

    def _send_chunk(self, one: Transaction) -> None:
        end = len(_DOT)  # as long as that of DATA: whatever it is, it can be told whether it left
        self._say_content(one, b"BDAT %d LAST\r\n" % len(one.content), one.content[:-end], one.content[-end:])

    def _say_content(self, one: Transaction, before: bytes, content: bytes, end: bytes) -> None:
        if self.closing is not None:
            return
        one.content_sent = True
        if len(content) <= LARGE_CONTENT:
            self._say(before + content + end, Step.FINAL, one)
        else:
            self.content_here = True
            self._out += (before, content) if before else (content,)
            self._say(end, Step.FINAL, one)

    def _answer_to_content(self, one: Transaction, reply: Reply, done: list[Transaction]) -> None:
        """Its verdict. One that comes before the end of the content can only be a no, and leaves us out of step."""
        if self.content_here:
            if reply.positive:
                raise RemoteProtocolError(f"{reply.code} before the end of the content")
            self.closing = reply
        one.final_reply = reply
        self._finish(one, done)

    def _begin_next(self) -> None:
        """Say the next one's commands behind the current one's content.

        Only when the current one ends with its final reply, whatever that is, so that the next finds no
        transaction open (RFC 5321 3.3).
        """
        current, one = self._current, self._next
        if one is None or current is None or self._next_begun or self.content_here or not self.features.pipelining:
            return
        if current.content_sent and current.accepted:
            self._next_begun = True
            self._begin(one, alone=False)

    def _finish(self, one: Transaction, done: list[Transaction]) -> None:
        """It has its verdicts; the next takes its place."""
        one.done = True
        done.append(one)
        self._current, self._next = self._next, None
        begun, self._next_begun = self._next_begun, False
        if _left_open(one):
            self._say(b"RSET\r\n", Step.RSET)
            if not self.features.pipelining:
                return
        if self._current is not None and not begun:
            self._begin(self._current, alone=True)


def _left_open(one: Transaction) -> bool:
    """The peer may still have the transaction open: MAIL was taken, and no content followed that could end it."""
    if one.final_reply is not None:
        return one.data_reply is None and not one.accepted
    return one.mail_reply is not None and one.mail_reply.positive
