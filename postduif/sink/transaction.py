"""One mail transaction as far as it has come: what MAIL, RCPT and BDAT said (RFC 5321 3.3)."""

from __future__ import annotations

from postduif.sink.received import Received, identify
from postduif.sink.rules import Rule


class Transaction:
    """From MAIL to the end of the data."""

    __slots__ = ("chunked", "chunks", "params", "recipient_params", "recipients", "rules", "sender", "size", "started")

    def __init__(self, sender: str, params: dict[str, str]) -> None:
        self.sender = sender
        self.params = params
        self.recipients: list[str] = []
        self.recipient_params: list[dict[str, str]] = []
        self.rules: list[Rule] = []
        self.chunks: list[bytes] = []
        self.chunked = False
        self.size = 0
        self.started = False

    def accept(self, address: str, params: dict[str, str], rule: Rule) -> None:
        """One recipient more."""
        self.recipients.append(address)
        self.recipient_params.append(params)
        if all(known is not rule for known in self.rules):
            self.rules.append(rule)

    def received(self, content: bytes, id_header: bytes, *, ehlo: str, client: str, tls: str) -> Received:
        """What is taken, now that the content is whole."""
        return Received(
            self.sender,
            tuple(self.recipients),
            content,
            self.params,
            tuple(self.recipient_params),
            ehlo,
            client,
            tls,
            self.chunked,
            message_id=identify(content, id_header),
        )
