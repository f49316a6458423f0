"""The server half of SMTP without sockets: bytes in, bytes out, and what to do next.

`receive` takes whatever arrived, however cut, any number of pipelined commands and transactions, and gives what is to
be sent. Then `after` says what the carrier does before it reads more: nothing (None), wait and `resume`, an Ending.
The end of data is CRLF.CRLF and nothing else; dot-stuffing is undone exactly; command lines end in CRLF.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import ClassVar

from postduif.sink.conversation import Conversation, Ending
from postduif.sink.extensions import PATH, SHORT, mailbox, parameters
from postduif.sink.referee import ORDINARY
from postduif.sink.transaction import Transaction

MAX_LINE = 4096  # octets of a command line; RFC 5321 4.5.3.1.4 asks for 512 and more with extensions
_BDAT = re.compile(rb"BDAT (\d{1,12})( LAST)?", re.IGNORECASE)
_NO_RECIPIENTS = b"554 5.5.1 no valid recipients\r\n"


class Session(Conversation):
    """One connection's conversation."""

    _buffer: bytearray
    _transaction: Transaction | None = None
    _ehlo = ""
    _searched = 0
    _stuffed = False
    _overflow = False
    _chunk_left = 0
    _chunk_last = False
    _chunk_refusal = b""
    _read: Callable[[], bool]

    def receive(self, octets: bytes) -> bytes:
        """Take what arrived; give what is to be sent now."""
        if isinstance(self.after, Ending):
            return b""
        if self._buffer or self.after or self._read != self._read_command or not _one_line(octets):
            self._buffer += octets
            return self._run()
        self._command(octets)  # the ordinary case needs no buffer
        return self._flush()

    def resume(self) -> bytes:
        """Go on after a Pause: say what was held back, and answer what has arrived since."""
        late, self._late, self.after = self._late, None, None
        if late:
            self._conclude(late)
        return self._run()

    def secured(self, tls: str) -> None:
        """The handshake is done: all that was said before is forgotten (RFC 3207 4.2)."""
        self.tls, self.after, self._ehlo, self._transaction = tls, None, "", None
        self._figures.tls += 1

    def closed(self) -> None:
        """The connection is gone."""
        super().closed()
        if self._transaction:
            self._figures.lost += 1

    def greet(self) -> bytes:
        """What is said before the client speaks."""
        self._buffer = bytearray()
        self._read = self._read_command
        return super().greet()

    # What arrived

    def _run(self) -> bytes:
        while self.after is None and self._buffer and self._read():
            pass
        return self._flush()

    def _read_command(self) -> bool:
        if self._out and "PIPELINING" not in self._extensions:
            self._say(b"554 5.5.0 PIPELINING was not offered\r\n")
            self.after = Ending.CLOSE
            return False
        end = self._buffer.find(b"\n")
        if end < 0 and len(self._buffer) <= MAX_LINE:
            return False
        if not 0 <= end <= MAX_LINE:
            self._say(b"500 5.5.2 line too long\r\n")
            self.after = Ending.CLOSE
            return False
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        self._command(line)
        return True

    def _command(self, line: bytes) -> None:
        if not line.endswith(b"\r\n") or line.count(b"\r") > 1:
            self._figures.bare_newlines += 1
            self._say(b"500 5.5.2 a command line ends in CRLF and has no other CR\r\n")
            return
        line = line[:-2]
        answer = self._COMMANDS.get(line.split(b" ", 1)[0].upper())
        if answer:
            answer(self, line)
        else:
            self._say(b"500 5.5.1 command not known\r\n")

    def _read_data(self) -> bool:
        buffer = self._buffer
        if not self._body_begins():
            return False
        if not self._overflow and buffer.startswith(b".\r\n"):
            content, end = b"", 3
        else:
            stop = self._find_end()
            if stop < 0:
                return False
            content, end = bytes(buffer[: stop + 2]), stop + 5
        del buffer[:end]
        if self._stuffed:
            content = content.replace(b"\r\n.", b"\r\n")
        if content.startswith(b"."):
            content = content[1:]
        self._read, self._searched, self._stuffed = self._read_command, 0, False
        self._end_of_data(content)
        return True

    def _find_end(self) -> int:
        """Where CRLF.CRLF begins, or -1. One search finds both the end and whether there is dot-stuffing to undo."""
        buffer, stop = self._buffer, -1
        if not self._stuffed:
            stop = buffer.find(b"\r\n.", self._searched)
            if stop >= 0 and not b"\r\n".startswith(buffer[stop + 3 : stop + 5]):
                self._stuffed, self._searched = True, stop
        if self._stuffed:
            stop = buffer.find(b"\r\n.\r\n", self._searched)
        if 0 <= stop <= len(buffer) - 5:
            return stop
        if len(buffer) > self._terms.max_size + MAX_LINE:
            self._overflow = True
            del buffer[:-4]
        self._searched = max(0, len(buffer) - 4)
        return -1

    def _read_chunk(self) -> bool:
        if not self._chunk_refusal and not self._body_begins():
            return False
        piece = bytes(self._buffer[: self._chunk_left])
        del self._buffer[: self._chunk_left]
        self._chunk_left -= len(piece)
        if self._transaction and not self._chunk_refusal:
            self._transaction.chunks.append(piece)
        if self._chunk_left:
            return False
        self._read = self._read_command
        self._end_of_chunk()
        return True

    def _body_begins(self) -> bool:
        transaction = self._transaction
        if transaction and not transaction.started:
            transaction.started = True
            verdict = self._judge_all(transaction.rules, "body")
            if verdict is not ORDINARY:
                self._answer(verdict, b"")
        return self.after is None

    def _end_of_data(self, content: bytes) -> None:
        transaction, self._transaction = self._transaction, None
        assert transaction
        if self._overflow or len(content) > self._terms.max_size:
            self._say(b"552 5.3.4 message too large\r\n")
            return
        verdict = self._judge_all(transaction.rules, "dot")
        id_header = self._terms.id_header
        message = transaction.received(content, id_header, ehlo=self._ehlo, client=self._client, tls=self.tls)
        if verdict.keep or not verdict.stops:
            self._brought(transaction.rules)
        self._answer(verdict, b"250 2.0.0 taken\r\n", message)

    # Commands

    def _hello(self, line: bytes) -> None:
        name = line[5:].strip().decode("utf-8", "replace")
        if not name:
            self._say(b"501 5.5.4 say who you are\r\n")
            return
        extended = line[:1] in b"eE"
        usual = self._terms.ehlo(secured=bool(self.tls)) if extended else f"250 {self._terms.hostname}\r\n".encode()
        verdict = self._judge(self._rule, "ehlo")
        self._transaction = None
        if not verdict.stops:
            self._ehlo = name
        self._answer(verdict, usual)

    def _path(self, line: bytes, *, mail: bool, utf8: bool) -> tuple[str, dict[str, str]] | None:
        """Address and parameters of MAIL or RCPT; said why not when they are wrong."""
        match = PATH.fullmatch(line)
        if not match:
            self._say(b"501 5.5.4 write %s:<address>\r\n" % (b"MAIL FROM" if mail else b"RCPT TO"))
            return None
        ordinary, path, words = match.groups()
        params = parameters(words.decode("utf-8", "replace"), self._extensions, mail=mail) if words else {}
        if isinstance(params, bytes):
            self._say(params)
            return None
        if ordinary and len(ordinary) <= SHORT:
            return ordinary.decode("ascii"), params
        address = mailbox(ordinary or path, utf8=utf8 or "SMTPUTF8" in params, postmaster=not mail)
        if isinstance(address, bytes):
            self._say(address)
            return None
        return address, params

    def _mail(self, line: bytes) -> None:
        if not self._ehlo or self._transaction:
            self._say(b"503 5.5.1 nested MAIL\r\n" if self._ehlo else b"503 5.5.1 EHLO first\r\n")
        elif self._may_bring_more(self._rule) and (path := self._path(line, mail=True, utf8=False)):
            sender, params = path
            if int(params.get("SIZE", 0)) > self._terms.max_size:
                self._say(b"552 5.3.4 message too large\r\n")
                return
            verdict = self._judge(self._rule, "mail")
            if not verdict.stops:
                self._transaction = Transaction(sender, params)
            self._answer(verdict, b"250 2.1.0 ok\r\n")

    def _rcpt(self, line: bytes) -> None:
        transaction = self._transaction
        if not transaction or transaction.chunked:
            self._say(b"503 5.5.1 MAIL first\r\n")
        elif len(transaction.recipients) >= self._terms.max_recipients:
            self._say(b"452 4.5.3 too many recipients\r\n")
        elif path := self._path(line, mail=False, utf8="SMTPUTF8" in transaction.params):
            address, params = path
            if not address:
                self._say(b"501 5.1.3 not a mailbox\r\n")
                return
            rule = self._referee.rule(address)
            if not self._enter(rule) or not self._may_bring_more(rule):
                return
            if refusal := self._referee.greylist(rule, self._client, transaction.sender, address):
                self._say(refusal)
                return
            verdict = self._judge(rule, "rcpt")
            if not verdict.stops:
                transaction.accept(address, params, rule)
            self._answer(verdict, b"250 2.1.5 ok\r\n")

    def _data(self, line: bytes) -> None:
        transaction = self._transaction
        if len(line) > 4:
            self._say(b"501 5.5.4 DATA takes nothing\r\n")
        elif not transaction or transaction.chunked:
            self._say(b"503 5.5.1 RCPT first\r\n")
        elif not transaction.recipients:
            self._say(_NO_RECIPIENTS)
        else:
            verdict = self._judge_all(transaction.rules, "data")
            if verdict.stops:
                self._transaction = None
            else:
                self._read, self._overflow = self._read_data, False
            self._answer(verdict, b"354 end with CRLF.CRLF\r\n")

    def _bdat(self, line: bytes) -> None:
        match, transaction = _BDAT.fullmatch(line), self._transaction
        if not match or "CHUNKING" not in self._extensions:
            # Nobody knows how many octets follow, so nothing more can be read (RFC 3030 section 2).
            self._say(
                b"501 5.5.4 write BDAT octets [LAST]\r\n" if not match else b"502 5.5.1 CHUNKING was not offered\r\n"
            )
            self.after = Ending.CLOSE
            return
        self._chunk_left, self._chunk_last, self._chunk_refusal = int(match[1]), bool(match[2]), b""
        if not transaction:
            self._chunk_refusal = b"503 5.5.1 RCPT first\r\n"
        elif not transaction.recipients:
            self._chunk_refusal = _NO_RECIPIENTS
        elif (size := transaction.size + self._chunk_left) > self._terms.max_size:
            self._chunk_refusal = b"552 5.3.4 message too large\r\n"
        else:
            first, transaction.chunked, transaction.size = not transaction.chunked, True, size
            verdict = self._judge_all(transaction.rules, "data") if first else ORDINARY
            if verdict.reply:
                self._chunk_refusal = verdict.reply
            elif verdict is not ORDINARY:
                self._answer(verdict, b"")
        if self._chunk_left:
            self._read = self._read_chunk
        else:
            self._end_of_chunk()

    def _end_of_chunk(self) -> None:
        if self._chunk_refusal:
            self._transaction = None
            self._say(self._chunk_refusal)
        elif self._chunk_last and self._transaction:
            self._overflow = False
            self._end_of_data(b"".join(self._transaction.chunks))
        else:
            self._say(b"250 2.0.0 ok\r\n")

    def _starttls(self, line: bytes) -> None:
        if len(line) > 8:
            self._say(b"501 5.5.4 STARTTLS takes nothing\r\n")
        elif "STARTTLS" not in self._extensions or self.tls:
            self._say(b"502 5.5.1 STARTTLS was not offered\r\n")
        elif self._buffer:
            # What was sent in the clear behind it must never be read as if it came by TLS.
            self._say(b"554 5.5.0 nothing may follow STARTTLS\r\n")
            self.after = Ending.CLOSE
        else:
            self._starting_tls()

    def _starting_tls(self) -> None:
        ready, verdict = b"220 2.0.0 go ahead\r\n", self._judge(self._rule, "starttls")
        broken = self._judge(self._rule, "tls")
        if verdict.stops or not broken.stops:
            self._answer(verdict, ready, then=Ending.TLS)
        else:
            self._say(ready)
            self._answer(broken, b"")

    def _reset(self, line: bytes) -> None:
        self._transaction = None
        self._say(b"250 2.0.0 ok\r\n")

    def _quit(self, line: bytes) -> None:
        self._transaction = None
        self._answer(self._judge(self._rule, "quit"), b"221 2.0.0 bye\r\n", then=Ending.CLOSE)

    def _noop(self, line: bytes) -> None:
        self._say(b"250 2.0.0 ok\r\n")

    def _verify(self, line: bytes) -> None:
        self._say(b"252 2.1.5 send mail and see\r\n")

    _COMMANDS: ClassVar[dict[bytes, Callable[[Session, bytes], None]]] = {
        b"EHLO": _hello,
        b"HELO": _hello,
        b"MAIL": _mail,
        b"RCPT": _rcpt,
        b"DATA": _data,
        b"BDAT": _bdat,
        b"STARTTLS": _starttls,
        b"RSET": _reset,
        b"QUIT": _quit,
        b"NOOP": _noop,
        b"VRFY": _verify,
    }


def _one_line(octets: bytes) -> bool:
    return 0 < len(octets) <= MAX_LINE and octets.find(b"\n") == len(octets) - 1
