"""One mail transaction as a client sees it (RFC 5321 3.3): a MAIL, some RCPTs, a content; one Reply per recipient."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from postduif.address import Address
from postduif.bounce.effect import Scope
from postduif.envelope import UNSAID, Envelope, Notify, Recipient, ascii_orcpt
from postduif.reply import Reply

_NUMBER = re.compile(r"[0-9]{1,20}")  # RFC 1870 section 4


@dataclass(frozen=True, slots=True)
class Features:
    """What the peer's EHLO reply offers."""

    pipelining: bool = False
    chunking: bool = False
    eight_bit_mime: bool = False
    smtputf8: bool = False
    dsn: bool = False
    starttls: bool = False
    size: int | None = None
    """The largest message, octets; 0: it names no limit; None: the peer does not know SIZE (RFC 1870)."""

    @classmethod
    def of(cls, reply: Reply) -> Features:
        """Read an EHLO reply (RFC 5321 4.1.1.1); keywords in any case."""
        words = {parts[0].upper(): parts[1:] for line in reply.text.split("\n")[1:] if (parts := line.split())}
        size = words.get("SIZE")
        known = size is not None and len(size) > 0 and _NUMBER.fullmatch(size[0])
        return cls(
            pipelining="PIPELINING" in words,
            chunking="CHUNKING" in words,
            eight_bit_mime="8BITMIME" in words,
            smtputf8="SMTPUTF8" in words,
            dsn="DSN" in words,
            starttls="STARTTLS" in words,
            size=None if size is None else int(size[0]) if known else 0,
        )


@dataclass(slots=True, eq=False)
class Transaction:
    """Commands and content ready for the wire, and what the peer said to each."""

    mail: bytes
    recipients: list[bytes]
    content: bytes
    dotless: bool = False
    """No line of the content begins with a dot, as is known; False: look."""
    mail_reply: Reply | None = None
    rcpt_replies: list[Reply] = field(default_factory=list)
    data_reply: Reply | None = None
    final_reply: Reply | None = None
    content_sent: bool = False
    """Every octet, the end of data included, was said, and as far as we know it has left us."""
    done: bool = False

    @property
    def accepted(self) -> bool:
        """Some recipient was taken so far."""
        return any(reply.positive for reply in self.rcpt_replies)

    @property
    def in_doubt(self) -> bool:
        """If the connection breaks now, the peer may have taken it: all was sent and nothing said refuses it."""
        if not self.content_sent or self.final_reply is not None:
            return False
        if self.mail_reply is not None and not self.mail_reply.positive:
            return False
        if any(reply.code == 421 for reply in self.rcpt_replies):  # said before the content was looked at
            return False
        return self.accepted or len(self.rcpt_replies) < len(self.recipients)

    def verdicts(self, otherwise: Reply) -> list[Reply]:
        """One reply per recipient, in order; `otherwise` stands for what the peer never said."""
        if self.mail_reply is not None and not self.mail_reply.positive:
            return [self.mail_reply] * len(self.recipients)
        end = self.final_reply or otherwise
        if self.data_reply is not None and not (self.data_reply.positive or self.data_reply.intermediate):
            end = self.data_reply
        replies = [*self.rcpt_replies, *[otherwise] * (len(self.recipients) - len(self.rcpt_replies))]
        return [end if reply.positive else reply for reply in replies]

    def answered(self, index: int, verdict: Reply) -> str:
        """What one of the `verdicts` answers: MAIL, RCPT, DATA, or content; "" when the peer did not say it."""
        own = self.rcpt_replies[index] if index < len(self.rcpt_replies) else None
        steps = ((self.mail_reply, "MAIL"), (own, "RCPT"), (self.data_reply, "DATA"), (self.final_reply, "content"))
        return next((step for reply, step in steps if reply is verdict), "")

    def scope(self, answered: str) -> Scope:
        """Whom a verdict is about that answers this, by `answered`."""
        if answered == "RCPT":
            return Scope.ONE
        if answered not in ("DATA", "content"):
            return Scope.ALL
        return Scope.LONE if sum(reply.positive for reply in self.rcpt_replies) == 1 else Scope.MANY


def compose(
    envelope: Envelope,
    sender: Address,
    recipients: Sequence[Recipient],
    content: bytes,
    features: Features,
    *,
    dotless: bool = False,
) -> Transaction:
    """Write the commands for a peer with these features. `sender`: the return address, in the place of the envelope's.

    The content is final (signed, fit for the peer); `dotless`: no line of it begins with a dot, as is known.
    """
    utf8 = features.smtputf8 and (envelope.smtputf8 or not addresses_ascii(sender, recipients))
    mail = f"MAIL FROM:<{sender}>"
    if features.size is not None:
        mail += f" SIZE={len(content)}"
    if features.eight_bit_mime and (envelope.eight_bit or utf8):
        mail += " BODY=8BITMIME"
    if utf8:
        mail += " SMTPUTF8"
    if features.dsn:
        mail += (f" RET={envelope.ret}" if envelope.ret else "") + (
            f" ENVID={envelope.envid}" if envelope.envid else ""
        )
    wishes = [_dsn_wishes(one, utf8=utf8) if features.dsn else "" for one in recipients]
    rcpts = [f"RCPT TO:<{one.address}>{wish}\r\n".encode() for one, wish in zip(recipients, wishes, strict=True)]
    return Transaction(f"{mail}\r\n".encode(), rcpts, content, dotless)


def addresses_ascii(sender: Address, recipients: Sequence[Recipient]) -> bool:
    """Sender and recipients can be said without SMTPUTF8 (RFC 6531)."""
    return sender.ascii and all(one.address.ascii for one in recipients)


def _dsn_wishes(recipient: Recipient, *, utf8: bool) -> str:
    wishes = ""
    # That we tell nobody about merged mail is for us alone: its return address wants what other hosts find out later.
    if recipient.notify is not UNSAID and recipient.notify and not recipient.merge:
        wishes += " NOTIFY=" + ",".join(flag.name or "" for flag in Notify if flag in recipient.notify)
    if recipient.orcpt:
        wishes += f" ORCPT={recipient.orcpt if utf8 else ascii_orcpt(recipient.orcpt)}"
    return wishes
