"""What the bench asks of every mail transfer agent it measures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

SELECTOR = "bench"


@dataclass(frozen=True, slots=True)
class Job:
    """How a peer is to run: the port of 127.0.0.1 that everything goes to, whether it signs, and with which key."""

    next_hop: int
    signed: bool
    key: Path


class Peer(Protocol):
    """A mail transfer agent, tuned by hand, durable, on a port of 127.0.0.1."""

    name: str

    def version(self) -> str:
        """What it calls itself. Raises BenchError with the remedy when it is not installed."""

    def start(self, job: Job) -> int:
        """Starts with an empty queue; returns the port when it answers there."""

    def resume(self, job: Job) -> None:
        """Stops and starts again with the queue as it is, under another job."""

    def check(self) -> None:
        """Raises BenchError with its last words when it has ended."""

    def roots(self) -> list[int]:
        """Process ids of which it and all it started descend."""

    def stop(self) -> None:
        """Ends every process of it; its files stay. Never raises for what is gone already."""
