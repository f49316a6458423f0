"""What a mail that came back says: values only. `reading` makes them; suppression list and journal take them."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from postduif.bounce.mail_parts import Fields
from postduif.reply import Reply


class Kind(StrEnum):
    """What the mail is."""

    BOUNCE = "bounce"
    """Mail to at least one recipient has failed."""
    DELAY = "delay"
    """Nothing failed yet; it is still being tried."""
    DELIVERED = "delivered"
    """All of it is about mail that arrived, was relayed, or was expanded."""
    COMPLAINT = "complaint"
    """A feedback report (RFC 5965), or a request to be left alone that a mail program wrote."""
    AUTO_REPLY = "auto_reply"
    """An absence note or another automatic answer (RFC 3834). Says nothing about the address."""
    CHALLENGE = "challenge"
    """A question to prove that the sender is a person. The mail waits there."""
    NOTHING = "nothing"
    """None of these, or not understood."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is said about one recipient."""

    recipient: str
    """The address as the report has it; "" when it hides it. It may be where a forwarder sent the mail to."""
    reply: Reply
    """The diagnostic: in the words of the host that refused it, as far as the report gives them."""
    action: str = "failed"
    """"failed", "delayed", "delivered", "relayed" or "expanded" (RFC 3464 2.3.3)."""
    original: str = ""
    """The address that we sent to, if the report names it apart (Original-Recipient)."""
    reader: str = ""
    """The format that read it."""
    at_rcpt: bool = False
    """The report shows that this was the answer to RCPT: when it was said, only the address was known."""

    @property
    def status(self) -> str:
        """The RFC 3463 status."""
        return self.reply.status


@dataclass(frozen=True, slots=True)
class Original:
    """How the mail that it is about can be known again. "" is unsaid."""

    message_id: str = ""
    return_path: str = ""
    """The envelope sender that the report names: our VERP address, if we used one."""
    envelope_id: str = ""
    """Our ENVID (RFC 3461), as it came back."""
    fields: Fields = field(default_factory=Fields)
    """Header fields of the returned mail that identify it, as far as it was returned."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One mail, read."""

    kind: Kind = Kind.NOTHING
    findings: tuple[Finding, ...] = ()
    original: Original = field(default_factory=Original)
    feedback: str = ""
    """Of a complaint, its lower-case Feedback-Type: abuse, fraud, not-spam, opt-out, auth-failure, ..."""
