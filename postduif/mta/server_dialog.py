"""What each SMTP command means: the order table, the open transaction, and the reply (RFC 5321 4.1, 3030, 3461, 4954).

A command that is followed by other octets (DATA, BDAT, AUTH) leaves here who reads them: `reader` or `exchange`. One
that takes time leaves in `want` what is to be done: queue a mail, check a password, begin TLS. No sockets, no buffers,
no limits on how often: that is the session's.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal

from postduif import log
from postduif.address import NULL_SENDER
from postduif.envelope import Envelope, Recipient
from postduif.errors import Refused, RemoteProtocolError
from postduif.mta import command, mail_content, sasl, server_reply
from postduif.mta.login import Login
from postduif.mta.mail_content import ChunkReader, DataReader, Lines
from postduif.mta.relaying import may_relay
from postduif.mta.server_terms import Terms
from postduif.mta.submission import Client
from postduif.reply import Reply

State = Literal["START", "READY", "MAIL", "RCPT", "DATA", "CHUNK"]

_ANEW: dict[bytes, State] = {b"EHLO": "READY", b"HELO": "READY", b"RSET": "READY"}
ORDER: Final[dict[State, dict[bytes, State]]] = {
    "START": {b"EHLO": "READY", b"HELO": "READY", b"RSET": "START"},
    "READY": {b"MAIL": "MAIL", b"AUTH": "READY", b"STARTTLS": "READY", **_ANEW},
    "MAIL": {b"RCPT": "RCPT", **_ANEW},
    "RCPT": {b"RCPT": "RCPT", b"DATA": "DATA", b"BDAT": "CHUNK", **_ANEW},
    "DATA": {},
    "CHUNK": {b"BDAT": "CHUNK", **_ANEW},
}
"""The order of commands (RFC 5321 4.1.4): in a state, which may come, and the state after a reply that is not negative.
NOOP, VRFY, HELP and QUIT may come at any time and change nothing. Everything else is 503."""

_ANY_TIME = frozenset({b"NOOP", b"VRFY", b"HELP", b"QUIT"})
_LAST_OF_GROUP = frozenset({b"EHLO", b"HELO", b"DATA", b"AUTH", b"STARTTLS"})  # RFC 2920 3.1, 3207 4
_NOT_IMPLEMENTED = frozenset({b"EXPN", b"ETRN", b"TURN", b"SEND", b"SOML", b"SAML"})
_HTTP = frozenset({b"GET", b"POST", b"PUT", b"HEAD", b"CONNECT", b"OPTIONS", b"DELETE", b"TRACE", b"PATCH", b"HOST:"})
_DATA_FAULT = {"size": server_reply.TOO_LARGE, "line": server_reply.LONG_LINE, "memory": server_reply.NO_MEMORY}
_FAULT_REASON = {
    "size": "message_size",
    "line": "line_length",
    "memory": "memory",
    "newline": "bare_newline",
    "nul": "nul",
}
_CHUNK_REASON = {server_reply.TOO_LARGE: "message_size", server_reply.NO_MEMORY: "memory"}
_MAX_ENVELOPE = 524_288  # octets of RCPT arguments in one transaction


class Abuse(RemoteProtocolError):  # noqa: N818  the name says what happened
    """The connection ends with `words`; `reason` is the fixed word of the metric."""

    def __init__(self, reason: str, words: bytes) -> None:
        super().__init__(reason)
        self.reason = reason
        self.words = words


@dataclass(frozen=True, slots=True)
class Commit:
    """Wanted: queue this mail; then call `committed`."""

    client: Client
    envelope: Envelope
    content: Lines


class BeginTls:
    """Wanted: a TLS handshake; then forget this session and begin another (RFC 3207 4.2)."""


class Dialog:
    """One client's commands and their meaning."""

    def __init__(self, terms: Terms, client: Client, count: Callable[[str], None]) -> None:
        self.state: State = "START"
        self.client = client
        self.want: Commit | sasl.Claim | BeginTls | None = None
        self.reader: DataReader | ChunkReader | None = None
        """Takes what comes next, until it is complete; then call `read`."""
        self.exchange: sasl.Exchange | None = None
        """Takes the next line; call `answer` with it."""
        self.closing = False
        self._terms = terms
        self._count = count
        self._sender = client  # as of this transaction
        self._envelope = Envelope(NULL_SENDER)
        self._mail_at = 0.0
        self._envelope_size = 0
        self._chunks = bytearray()
        self._chunk_end = server_reply.ORDER
        self._chunk_last = False

    @property
    def idle(self) -> bool:
        """No transaction is open."""
        return self.want is None and self.reader is None and self.state in ("START", "READY")

    @property
    def chunked(self) -> int:
        """Octets of the chunks so far."""
        return len(self._chunks)

    @property
    def relays(self) -> bool:
        """The client of this transaction may send to anywhere."""
        return may_relay(self._sender)

    def command(self, line: bytes, *, more: bool) -> bytes:
        """The reply to one command line, without its CRLF; b"" when it comes later. `more`: input waits behind it.

        Raises Abuse.
        """
        verb, _, argument = line.partition(b" ")
        verb = verb.upper()
        row = ORDER[self.state]
        if verb not in row and verb not in _ANY_TIME:
            return self._out_of_order(verb, argument)
        if command.has_control(line) or not (line.isascii() or verb in (b"MAIL", b"RCPT", b"VRFY")):
            return server_reply.CHARACTERS
        if more and verb in _LAST_OF_GROUP:
            raise Abuse("pipelining", server_reply.SYNCHRONIZATION)
        try:
            answer = self._HANDLERS[verb](self, argument)
        except Refused as refused:
            return refused.reply.encode()
        except Abuse:
            raise
        except Exception as error:  # a bug of ours costs one command, not the connection
            log.error("failure", where=verb.decode("ascii"), client=self.client.address, error=repr(error))
            return server_reply.FAILED
        if answer < b"4" and verb in row:
            self.state = row[verb]
        return answer

    def read(self) -> bytes:
        """The reader has all it wanted. Raises Abuse."""
        reader, self.reader = self.reader, None
        if isinstance(reader, ChunkReader):
            return self._chunk_read()
        assert reader is not None
        if reader.fault:
            return self._refuse_mail(_FAULT_REASON[reader.fault], _DATA_FAULT[reader.fault])
        return self._complete(reader.content())

    def no_memory(self) -> None:
        """What is being read is too much for all sessions together: keep nothing of it, and say so at its end."""
        assert self.reader is not None
        self.reader.drop()
        if isinstance(self.reader, ChunkReader):
            self._chunks = bytearray()
            self._chunk_end = server_reply.NO_MEMORY

    def hopeless(self, reader: DataReader) -> Abuse:
        """So much came past the limit that the connection ends."""
        return Abuse(_FAULT_REASON[reader.fault], _DATA_FAULT[reader.fault])

    def committed(self, reply: Reply) -> bytes:
        """The mail is queued or refused, as `reply` says."""
        self.want = None
        self._forget_mail()
        return reply.encode()

    def answer(self, line: bytes, *, more: bool) -> bytes:
        """The reply to a line of an AUTH exchange. Raises Abuse."""
        if more:
            raise Abuse("pipelining", server_reply.SYNCHRONIZATION)
        exchange = self.exchange
        assert exchange is not None
        try:
            claim = exchange.answer(line)
        except Refused as refused:
            self.exchange = None
            return refused.reply.encode()
        if claim is None:
            return _challenge(exchange)
        self.exchange = None
        self.want = claim
        return b""

    def verified(self, claim: sasl.Claim, login: Login) -> bytes:
        """What became of the claim."""
        self.want = None
        if login.outcome == "later":
            self._count("auth_backoff")
            return server_reply.AUTH_LATER
        log.info("auth", user=claim.user, client=self.client.address, outcome=login.outcome)
        if login.outcome != "ok":
            return server_reply.AUTH_BROKEN if login.outcome == "error" else server_reply.AUTH_FAILED
        self.client = replace(self.client, user=claim.user, senders=login.senders)
        return server_reply.AUTHENTICATED

    # --- commands

    def _out_of_order(self, verb: bytes, argument: bytes) -> bytes:
        if verb in _HTTP:
            raise Abuse("http", b"")
        if verb == b"BDAT":  # its octets follow all the same (RFC 3030 section 2)
            return self._begin_chunk(argument, server_reply.ORDER)
        if verb in self._HANDLERS:
            return server_reply.HELLO_FIRST if self.state == "START" else server_reply.ORDER
        return server_reply.NOT_IMPLEMENTED if verb in _NOT_IMPLEMENTED else server_reply.UNKNOWN

    def _ehlo(self, argument: bytes) -> bytes:
        self._hello(argument, esmtp=True)
        terms = self._terms
        listener = terms.listener
        return server_reply.extensions(
            terms.hostname,
            size=listener.max_message_size,
            starttls=terms.starttls and not self.client.tls,
            auth=listener.auth != "none" and self._auth_is_safe(),
        )

    def _helo(self, argument: bytes) -> bytes:
        self._hello(argument, esmtp=False)
        return server_reply.hello(self._terms.hostname)

    def _hello(self, argument: bytes, *, esmtp: bool) -> None:
        name = command.client_name(argument)
        self.client = replace(self.client, ehlo=name, esmtp=esmtp)
        self._forget_mail()

    def _rset(self, argument: bytes) -> bytes:
        if argument:
            return server_reply.NO_ARGUMENT
        if self.state != "START":
            self._forget_mail()
        return server_reply.OK

    def _mail(self, argument: bytes) -> bytes:
        terms, client = self._terms, self.client
        said = command.mail_from(argument, esmtp=client.esmtp, auth=terms.listener.auth != "none")
        if said.size > terms.listener.max_message_size:
            self._count("message_size")
            return server_reply.TOO_LARGE
        self._sender = replace(client, utf8=True) if said.utf8 else client
        refusal = terms.submission.may_send(self._sender, said.sender)
        if refusal is not None:
            return refusal.encode()
        self._envelope = Envelope(said.sender, ret=said.ret, envid=said.envid, smtputf8=said.utf8)
        self._mail_at = terms.clock.monotonic()
        self._envelope_size = 0
        return server_reply.SENDER_OK

    def _rcpt(self, argument: bytes) -> bytes:
        sender = self._sender
        said = command.rcpt_to(argument, esmtp=sender.esmtp, utf8=sender.utf8)
        recipients = self._envelope.recipients
        self._envelope_size += len(argument)
        if len(recipients) >= self._terms.listener.max_recipients or self._envelope_size > _MAX_ENVELOPE:
            self._count("recipients")
            return server_reply.TOO_MANY_RECIPIENTS
        refusal = self._terms.submission.may_receive(sender, said.recipient)
        if refusal is not None:
            return refusal.encode()
        recipients.append(Recipient(said.recipient, said.orcpt, said.notify))
        return server_reply.RECIPIENT_OK

    def _data(self, argument: bytes) -> bytes:
        if argument:
            return server_reply.NO_ARGUMENT
        if not self._room():
            return server_reply.NO_MEMORY
        listener = self._terms.listener
        self.reader = DataReader(listener.max_message_size, listener.max_line_length)
        return server_reply.START_DATA

    def _bdat(self, argument: bytes) -> bytes:
        return self._begin_chunk(argument, b"")

    def _vrfy(self, argument: bytes) -> bytes:
        return server_reply.VERIFY if argument else server_reply.NEEDS_ARGUMENT

    def _noop(self, _argument: bytes) -> bytes:
        return server_reply.OK

    def _help(self, _argument: bytes) -> bytes:
        return server_reply.HELP

    def _quit(self, argument: bytes) -> bytes:
        if argument:
            return server_reply.NO_ARGUMENT
        self.closing = True
        return server_reply.BYE

    def _starttls(self, argument: bytes) -> bytes:
        if argument:
            return server_reply.NO_ARGUMENT
        if not self._terms.starttls:
            return server_reply.NOT_IMPLEMENTED
        if self.client.tls or not self.client.esmtp:
            return server_reply.ORDER
        self.want = BeginTls()
        return server_reply.START_TLS

    def _auth(self, argument: bytes) -> bytes:
        if self._terms.listener.auth == "none" or not self.client.esmtp:
            return server_reply.NO_AUTH
        if self.client.user:
            return server_reply.AUTH_TWICE
        if not self._auth_is_safe():
            return server_reply.AUTH_NEEDS_TLS
        mechanism, _, initial = argument.partition(b" ")
        kind = sasl.MECHANISMS.get(mechanism.upper())
        if kind is None:
            return server_reply.MECHANISM
        self.exchange = kind()
        return self.answer(initial.lstrip(b" "), more=False) if initial else _challenge(self.exchange)

    def _auth_is_safe(self) -> bool:
        return bool(self.client.tls) or self._terms.listener.auth_without_tls

    # --- the content

    def _begin_chunk(self, argument: bytes, refusal: bytes) -> bytes:
        try:
            chunk = command.chunk(argument)
        except Refused as refused:
            raise Abuse("chunk", refused.reply.encode()) from None
        limit = self._terms.listener.max_message_size
        if not refusal and len(self._chunks) + chunk.size > limit:
            refusal = server_reply.TOO_LARGE
        if not refusal and not self._room():
            refusal = server_reply.NO_MEMORY
        if chunk.size > 2 * limit:
            raise Abuse("message_size", server_reply.TOO_LARGE)
        self._chunk_end, self._chunk_last = refusal, chunk.last
        self.reader = ChunkReader(chunk.size, None if refusal else self._chunks)
        return b"" if chunk.size else self.read()

    def _chunk_read(self) -> bytes:
        if self._chunk_end in _CHUNK_REASON:
            return self._refuse_mail(_CHUNK_REASON[self._chunk_end], self._chunk_end)
        if self._chunk_end:
            return self._chunk_end
        if not self._chunk_last:
            return server_reply.CHUNK_OK
        content = bytes(self._chunks)
        return self._complete(content if content.endswith(b"\r\n") else content + b"\r\n")

    def _complete(self, content: bytes) -> bytes:
        listener = self._terms.listener
        if listener.normalize:
            content = mail_content.normalize(content)
        fault = mail_content.fault_of(content, listener.max_line_length)
        if fault == "line":
            return self._refuse_mail("line_length", server_reply.LONG_LINE)
        if fault:
            raise Abuse(_FAULT_REASON[fault], server_reply.BARE_NEWLINE)
        envelope = self._envelope
        envelope.received_at = self._terms.clock.time()
        envelope.before_queue = self._terms.clock.monotonic() - self._mail_at
        envelope.size = len(content)
        self.want = Commit(self._sender, envelope, Lines(content))
        return b""

    def _room(self) -> bool:
        if self._terms.memory.room(relays=self.relays):
            return True
        self._count("memory")
        return False

    def _refuse_mail(self, reason: str, words: bytes) -> bytes:
        self._count(reason)
        self._forget_mail()
        return words

    def _forget_mail(self) -> None:
        self.state = "READY"
        self._sender = self.client
        self._chunks = bytearray()

    _HANDLERS: ClassVar[dict[bytes, Callable[[Dialog, bytes], bytes]]] = {
        b"EHLO": _ehlo,
        b"HELO": _helo,
        b"MAIL": _mail,
        b"RCPT": _rcpt,
        b"DATA": _data,
        b"BDAT": _bdat,
        b"RSET": _rset,
        b"NOOP": _noop,
        b"VRFY": _vrfy,
        b"HELP": _help,
        b"QUIT": _quit,
        b"AUTH": _auth,
        b"STARTTLS": _starttls,
    }


def _challenge(exchange: sasl.Exchange) -> bytes:
    return b"334 " + base64.b64encode(exchange.challenge()) + b"\r\n"
