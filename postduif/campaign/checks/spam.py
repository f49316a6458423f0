"""What a spam filter thinks of a sample message, whichever filter it is."""

from __future__ import annotations

from typing import NamedTuple

MAX_SAMPLE = 1_000_000
"""Octets of a message that are scored; filters look at no more. A larger one is not sent to them."""
MAX_REPLY = 1_000_000
"""Octets of an answer."""
MAX_SYMBOLS = 100


class Symbol(NamedTuple):
    """One thing that the filter noticed, and what it adds to the score (0: not said)."""

    name: str
    score: float = 0.0


class SpamScore(NamedTuple):
    """An answer, or why there is none."""

    checker: str
    """rspamd or SpamAssassin."""
    score: float = 0.0
    limit: float = 0.0
    """From here on a message is called spam (SpamAssassin) or rejected (rspamd)."""
    spam: bool = False
    """The filter itself calls it spam."""
    symbols: tuple[Symbol, ...] = ()
    fault: str = ""
    """Why there is no score; "" when there is one."""

    @property
    def share(self) -> float:
        """The score as a share of the limit; below 0 is good."""
        return self.score / self.limit if self.limit > 0 else 0.0
