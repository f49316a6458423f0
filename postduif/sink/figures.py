"""What the sink counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Figures:
    """Counts since the start. Sizes are octets, times seconds on a clock that never jumps."""

    connections: int = 0
    open: int = 0
    """Connections open now."""
    tls: int = 0
    """Connections secured by STARTTLS."""
    messages: int = 0
    recipients: int = 0
    octets: int = 0
    """Of accepted messages."""
    refused: Counter[str] = field(default_factory=Counter)
    """Replies of 4yz and 5yz by code and enhanced code: `450 4.2.1`."""
    lost: int = 0
    """Connections that ended between MAIL and the reply after the dot."""
    signatures_good: int = 0
    signatures_bad: int = 0
    signatures_none: int = 0
    """Messages without any signature."""
    duplicates: int = 0
    """Recipients who were given a Message-ID they already had."""
    bare_newlines: int = 0
    """CR without LF and LF without CR, in commands and accepted data."""
    nuls: int = 0
    """NUL octets in accepted data."""
    first: float = 0.0
    """When the first message was accepted."""
    last: float = 0.0
    """When the last one was."""

    @property
    def seconds(self) -> float:
        """From the first accepted message to the last."""
        return self.last - self.first

    @property
    def rate(self) -> float:
        """Messages a second between the first and the last."""
        return (self.messages - 1) / self.seconds if self.seconds > 0 else 0.0

    def as_dict(self) -> dict[str, Any]:
        """As `postduif sink --json` prints it."""
        return {
            "connections": self.connections,
            "tls_connections": self.tls,
            "messages": self.messages,
            "recipients": self.recipients,
            "bytes": self.octets,
            "seconds": round(self.seconds, 3),
            "messages_per_second": round(self.rate, 1),
            "refused": dict(sorted(self.refused.items())),
            "lost": self.lost,
            "signatures": {
                "good": self.signatures_good,
                "bad": self.signatures_bad,
                "none": self.signatures_none,
            },
            "duplicates": self.duplicates,
            "bare_newlines": self.bare_newlines,
            "nuls": self.nuls,
        }
