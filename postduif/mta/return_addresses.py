"""Our return addresses at the bounce domain: made for mail that leaves, read when mail comes back (`bounce.verp`)."""

from __future__ import annotations

from typing import NamedTuple

from postduif import log
from postduif.address import Address
from postduif.bounce.verp import Found, Mailed, Problem, Purpose, Queued, Verp
from postduif.config.schema import Config
from postduif.mta import metrics
from postduif.queue import mailing
from postduif.reply import Reply

FEEDBACK = "feedback"
"""Local part of the address to register with feedback loops; the report itself must name one that we signed."""

_UNKNOWN = Reply(550, "5.7.1", "no such address here")


class ReturnAddresses(NamedTuple):
    """Those of one bounce domain."""

    domain: str
    verp: Verp
    for_submitted: bool
    """Submitted mail goes out from them too."""

    @classmethod
    def of(cls, config: Config) -> ReturnAddresses | None:
        """As configured; None without a bounce domain. Reads the keys. Raises ConfigError."""
        if config.bounce.domain is None:
            return None
        verp = Verp.load(config.bounce, config.server.data_dir)
        return cls(config.bounce.domain, verp, config.bounce.sign_submitted)

    def sender(self, recipient_id: int, accepted_at: float) -> Address:
        """The envelope sender of the mail to that recipient."""
        return Address(self.verp.make(Purpose.BOUNCE, _whom(recipient_id), accepted_at), self.domain)

    def unsubscribe(self, recipient_id: int, accepted_at: float) -> str:
        """The value of the mail's List-Unsubscribe field (RFC 2369 3.2)."""
        return f"<mailto:{self.verp.make(Purpose.UNSUBSCRIBE, _whom(recipient_id), accepted_at)}@{self.domain}>"

    def read(self, address: Address, now: float, used_for: Purpose | None = None) -> Found | Problem:
        """What an address says; see `Verp.read`. `now` in seconds since the epoch."""
        return self.verp.read(address.localpart, now, used_for) if address.domain == self.domain else Problem.NOT_OURS

    def refusal(self, address: Address, now: float) -> Reply | None:
        """The verdict on RCPT to an address at the bounce domain; None: mail is taken."""
        if address.localpart.lower() == FEEDBACK:
            return None
        found = self.read(address, now)
        if isinstance(found, Found):
            return None
        metrics.RETURN_ADDRESSES_REFUSED.labels(found.value).inc()
        if found is not Problem.NOT_OURS:  # one of ours, or made to look so; with the keys gone, all of them
            log.info("return_address_refused", recipient=address, problem=found.value)
        return _UNKNOWN


def _whom(recipient_id: int) -> Queued | Mailed:
    of_mailing = mailing.of_recipient(recipient_id)
    return Mailed(*of_mailing) if of_mailing else Queued(recipient_id)
