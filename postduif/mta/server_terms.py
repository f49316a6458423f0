"""What the sessions of a listener have in common."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from postduif.clock import Clock
from postduif.config.schema import Listener
from postduif.mta.message_memory import MessageMemory
from postduif.mta.submission import Submission


@dataclass(frozen=True, slots=True)
class Terms:
    """What the sessions of a listener have in common."""

    listener: Listener
    hostname: str
    submission: Submission
    clock: Clock
    starttls: bool
    """A client may begin TLS."""
    memory: MessageMemory = field(default_factory=lambda: MessageMemory(sys.maxsize))
    """Shared by all listeners of the daemon."""
