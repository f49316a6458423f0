"""What goes wrong with the record of a mailing. Each text is one line and names the remedy."""

from __future__ import annotations

from postduif.errors import PostduifError


class MailingFault(PostduifError):  # noqa: N818  the name says what is the case
    """A mailing that is not there or cannot be so."""


class NoSuchMailing(MailingFault):
    """There is none of that number."""


class ScheduleFault(MailingFault):
    """A schedule that cannot be meant."""


class NotNow(MailingFault):
    """What is asked cannot be done in this state; the text says what can."""


class Overtaken(MailingFault):
    """Somebody else changed the mailing after it was read. Read it again and decide anew."""
