"""One SMTP session without sockets: octets go in, replies come out, in order, however the octets are cut.

What a command means is the `Dialog`'s. Here are the bounds: length of a line, number of errors and of idle commands,
failed AUTHs, deadlines, data rate (RFC 5321 4.5.3). Nothing grows with what a client sends, but the mail it may send.
While something is wanted that takes time, the session stands still; what comes meanwhile waits.
"""

from __future__ import annotations

from postduif import log
from postduif.mta import metrics, sasl, server_reply
from postduif.mta.login import Login
from postduif.mta.mail_content import DataReader
from postduif.mta.server_dialog import Abuse, BeginTls, Commit, Dialog
from postduif.mta.server_terms import Terms
from postduif.mta.submission import Client
from postduif.reply import Reply

MAX_OUTPUT = 16384  # octets of replies before the client must read some

_TLS = b"\x16\x03"  # a client that begins with TLS where none is spoken
_MOVES_MAIL = frozenset({b"MAIL", b"RCPT", b"DATA", b"BDAT", b"QUIT"})


class ServerSession:
    """One session. What `greet`, `receive`, `committed`, `verified`, `overdue` and `cut` return is to be sent."""

    def __init__(self, terms: Terms, client: Client, *, greeted: bool = False) -> None:
        self.closing = False
        """The connection ends once what was returned is sent."""
        self.stalled = False
        """There are more replies to come without more input."""
        self._terms = terms
        self._dialog = Dialog(terms, client, self._count)
        self._greeted = greeted
        self._input = b""
        self._at = 0
        self._out: list[bytes] = []
        self._out_size = 0
        self._now = self._since = self._block_since = terms.clock.monotonic()
        self._block_at = 0  # octets of the mail at that time
        self._dropped = 0  # octets of an overlong line that are gone already
        self._errors = 0
        self._idle_commands = 0
        self._put_off = 0  # replies 4yz since the last mail
        self._held = 0  # octets of mail that `MessageMemory` knows of
        self._relays = False  # for whom it knows of them
        self._auth_failures = 0
        self._stopping = False

    @property
    def want(self) -> Commit | sasl.Claim | BeginTls | None:
        """What the session waits for."""
        return self._dialog.want

    @property
    def waiting(self) -> int:
        """Octets that came and are not looked at yet."""
        return len(self._input) - self._at

    @property
    def idle(self) -> bool:
        """No transaction is open."""
        return self._dialog.idle

    def greet(self) -> bytes:
        """The greeting; b"" when the client talked before it."""
        if self._greeted or self.closing:
            return b""
        self._greeted = True
        return server_reply.greeting(self._terms.hostname)

    def receive(self, received: bytes, now: float) -> bytes:
        """Take what came; b"" to go on with what is here. `now` is monotonic.

        At most some MAX_OUTPUT octets are returned; when that cut it short, it is `stalled`: call again.
        """
        self._now = now
        self.stalled = False
        if self._at < len(self._input):
            received = self._input[self._at :] + received
        self._input, self._at = received, 0
        try:
            if received and not self._greeted:
                raise Abuse("early_talk", server_reply.SYNCHRONIZATION)
            dialog = self._dialog
            while self._at < len(self._input) and not self.closing and dialog.want is None:
                if self._out_size > MAX_OUTPUT:
                    self.stalled = True
                    break
                if dialog.reader is not None:
                    self._feed_reader()
                elif not self._read_line():
                    break
            if self._stopping and dialog.idle and not self.closing:
                raise Abuse("", server_reply.STOPPING)
        except Abuse as abuse:
            self._end(abuse.reason, abuse.words)
        return self._flush()

    def committed(self, reply: Reply) -> bytes:
        """The mail was queued or refused, as `reply` says."""
        if reply.positive:
            self._idle_commands = self._put_off = 0
        self._since = self._terms.clock.monotonic()
        self._hold(0)
        self._say(self._dialog.committed(reply))
        return self._flush()

    def verified(self, claim: sasl.Claim, login: Login) -> bytes:
        """What became of the claim."""
        self._since = self._terms.clock.monotonic()
        self._say(self._dialog.verified(claim, login))
        if login.outcome in ("failed", "later"):
            self._auth_failures += 1
            if self._auth_failures >= self._terms.listener.max_auth_failures and not self.closing:
                self._end("auth_failures", server_reply.TOO_MANY_FAILURES)
        return self._flush()

    def overdue(self, now: float, *, crowded: bool = False) -> bytes:
        """The last words to a client that was too slow; b"" when it is not. `crowded`: strangers must be quick now."""
        listener = self._terms.listener
        if self.want is not None or self.closing:
            return b""
        reader, chunked = self._dialog.reader, self._dialog.chunked
        patience = listener.idle_timeout
        if crowded and not self._dialog.relays:
            patience = min(patience, listener.crowded_timeout)
        if now - self._since > patience:
            self._end("timeout", server_reply.TIMEOUT)
        elif (reader is not None or chunked) and now - self._block_since > listener.idle_timeout:
            octets = max(chunked, reader.octets if reader else 0)
            if octets - self._block_at < listener.min_data_rate * (now - self._block_since):
                self._end("data_rate", server_reply.TOO_SLOW)
            self._block_since, self._block_at = now, octets
        return self._flush()

    def release(self) -> None:
        """The connection is gone, and with it the mail that was coming; one that is being queued is not."""
        if not isinstance(self.want, Commit):
            self._hold(0)

    def stop(self) -> None:
        """Say 421 as soon as no transaction is open; it is said by the next `receive`."""
        self._stopping = True

    def cut(self) -> bytes:
        """End it now: the daemon stops."""
        self._end("", server_reply.STOPPING)
        return self._flush()

    # --- input

    def _feed_reader(self) -> None:
        reader = self._dialog.reader
        assert reader is not None
        rest = reader.feed(self._input[self._at :] if self._at else self._input)
        self._since = self._now
        self._input, self._at = rest or b"", 0
        if rest is not None:
            self._say(self._dialog.read())
            want = self._dialog.want
            self._hold(want.envelope.size if isinstance(want, Commit) else self._dialog.chunked)
            return
        if not self._hold(reader.held):
            self._dialog.no_memory()
            self._hold(reader.held)
        if isinstance(reader, DataReader) and reader.hopeless:
            raise self._dialog.hopeless(reader)

    def _read_line(self) -> bool:
        end = self._input.find(b"\n", self._at)
        line = self._input[self._at : end + 1 if end >= 0 else len(self._input)]
        limit = self._terms.listener.max_command_length
        if len(line) + self._dropped > limit:
            if self._dialog.exchange is not None or line[:5].upper() == b"AUTH ":
                limit = sasl.MAX_LINE
            if len(line) + self._dropped > limit:
                return self._drop_line(line, limit, whole=end >= 0)
        if end < 0:
            if line.startswith(_TLS):
                raise Abuse("tls_in_clear", b"")
            return False
        self._at = end + 1
        self._since = self._now
        if line[-2:] != b"\r\n":
            self._say(server_reply.LINE_END)
        elif self._dialog.exchange is not None:
            self._say(self._dialog.answer(line[:-2], more=self.waiting > 0))
        else:
            self._command(line[:-2].rstrip(b" "))
        return True

    def _command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb not in _MOVES_MAIL or (verb == b"BDAT" and not line[4:].strip(b" 0")):
            self._idle_commands += 1
            if self._idle_commands > self._terms.listener.max_commands_without_mail:
                raise Abuse("commands", server_reply.TOO_MANY_COMMANDS)
        self._say(self._dialog.command(line, more=self.waiting > 0))
        chunked = self._dialog.chunked
        if self._held != chunked:
            self._hold(chunked)
        if self._dialog.reader is not None and not chunked:
            self._block_since, self._block_at = self._now, 0
        if self._dialog.closing:
            self.closing = True

    def _drop_line(self, line: bytes, limit: int, *, whole: bool) -> bool:
        self._at += len(line)
        self._dropped += len(line)
        if self._dropped > 2 * limit:
            raise Abuse("command_length", server_reply.LINE_LENGTH)
        if whole:
            self._dropped = 0
            self._dialog.exchange = None
            self._since = self._now
            self._say(server_reply.LINE_LENGTH)
        return whole

    # --- output

    def _say(self, answer: bytes) -> None:
        if not answer:
            return
        self._out.append(answer)
        self._out_size += len(answer)
        if answer >= b"5":
            self._errors += 1
            if self._errors >= self._terms.listener.max_errors:
                self._end("errors", server_reply.TOO_MANY_ERRORS)
        elif answer >= b"4":
            self._put_off += 1
            listener = self._terms.listener
            if self._put_off > listener.max_recipients + listener.max_commands_without_mail:
                self._end("commands", server_reply.TOO_MANY_COMMANDS)

    def _hold(self, octets: int) -> bool:
        """So much of the mail is in memory now. False: too much, with that of all others."""
        if not self._held:
            self._relays = self._dialog.relays
        change, self._held = octets - self._held, octets
        return self._terms.memory.change(change, relays=self._relays)

    def _flush(self) -> bytes:
        out = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        self._out_size = 0
        return out

    def _end(self, reason: str, words: bytes) -> None:
        self.closing = True
        if words:
            self._out.append(words)
        if reason:
            self._count(reason)
            client = self._dialog.client
            log.info("refused", client=client.address, user=client.user, reason=reason)

    def _count(self, reason: str) -> None:
        metrics.REFUSED.labels(str(self._terms.listener.address), reason).inc()
