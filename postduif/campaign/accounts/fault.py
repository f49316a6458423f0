"""What goes wrong with people and what they may. Each text is one line and names the remedy."""

from __future__ import annotations

from postduif.errors import PostduifError


class AccountFault(PostduifError):  # noqa: N818  the name says what is the case
    """A person, a token or an approval that is not there or cannot be so."""


class NotAllowed(AccountFault):
    """Who asks may not do this; the text says who may."""


class NoSuchAccount(AccountFault):
    """Nobody of that name, or no such token or approval."""


class Guessing(AccountFault):
    """Too many wrong passwords; the text says how long to wait."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"Too many wrong passwords. Try again in {wait:.0f} seconds.")
        self.wait = wait
        """Seconds."""
