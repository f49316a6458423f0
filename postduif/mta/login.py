"""What became of an AUTH command."""

from __future__ import annotations

from typing import Literal, NamedTuple

Outcome = Literal["ok", "failed", "later", "error"]


class Login(NamedTuple):
    """The verdict. "later": too many wrong passwords came before it, so it was not looked at; "error": ours."""

    outcome: Outcome
    senders: tuple[str, ...] = ()
    """Addresses that the user may send from (`sender_pattern`); none: any."""
