"""The mails of the corpus before they are sent: how each one looks, what is done to it, what must come back.

Read from `fates.toml`. Each fate is one mail; its envelope sender is named after it, so that what comes back is known
by the address that it comes to, not by what it says.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

SENDER_DOMAIN = "sender.example"
RELAY = "relay.example"
"""The host that makes the reports, and the domain of its local users."""
PHASES = ("at once", "expired", "delayed")
HARD = {"hard": True, "soft": False}


class Truth(NamedTuple):
    """What must be read about a recipient."""

    status: str
    """Whole where a host said it, otherwise its class; "" where that may be 4 or 5: it was put off, then given up."""
    categories: tuple[str, ...]
    hard: bool
    action: str


@dataclass(frozen=True, slots=True)
class Target:
    """One recipient."""

    address: str
    """As it stands in the envelope."""
    fails: str
    """The address that the report is about: another one when the relay forwards."""
    at: str
    """Where its mail goes; "" is the ordinary sink."""
    meets: Mapping[str, Any]
    """What that sink does, by stage."""
    truth: Truth | None
    """None: delivered, and nobody hears of it."""

    @property
    def domain(self) -> str:
        """The domain whose MX gets the mail."""
        return self.fails.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Fate:
    """One mail."""

    name: str
    phase: str
    targets: tuple[Target, ...]
    body: int
    """Octets, about."""
    hops: int
    """Received fields that it already has."""
    notify: str
    """NOTIFY of RFC 3461 for all recipients, or ""."""
    utf8: bool

    @property
    def sender(self) -> str:
        """The envelope sender."""
        return f"{self.name}@{SENDER_DOMAIN}"

    @property
    def message_id(self) -> str:
        """Its Message-ID."""
        return f"<{self.name}.2027@{SENDER_DOMAIN}>"

    @property
    def told(self) -> tuple[Target, ...]:
        """The recipients about whom the sender must hear."""
        return tuple(target for target in self.targets if target.truth)

    def content(self) -> bytes:
        """The mail. With several recipients it names none, so that a report names only those it is about."""
        to = self.targets[0].address if len(self.targets) == 1 else "undisclosed-recipients:;"
        trace = "".join(
            f"Received: by hop{hop}.example; Fri, 15 Jan 2027 08:00:00 +0000\r\n" for hop in range(self.hops, 0, -1)
        )
        header = (
            f"From: Weekly letter <letter@{SENDER_DOMAIN}>\r\nTo: {to}\r\nSubject: Letter of the week\r\n"
            f"Date: Fri, 15 Jan 2027 08:00:00 +0000\r\nMessage-ID: {self.message_id}\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
        )
        line = "Dear reader, this week the pigeons came home in time. Until the next letter.\r\n"
        return f"{trace}{header}\r\n{line * max(1, self.body // len(line))}".encode()


def load() -> tuple[Fate, ...]:
    """All fates, in the order of the file."""
    text = (Path(__file__).parent / "fates.toml").read_text(encoding="utf-8")
    return tuple(_fate(table) for table in tomllib.loads(text)["fate"])


def _fate(table: Mapping[str, Any]) -> Fate:
    phase = table.get("when", PHASES[0])
    assert phase in PHASES, table
    targets = tuple(_target(one) for one in table["to"])
    return Fate(
        table["name"],
        phase,
        targets,
        table.get("body", 80),
        table.get("hops", 0),
        table.get("notify", ""),
        table.get("utf8", False),
    )


def _target(table: Mapping[str, Any]) -> Target:
    truth = _truth(table["is"]) if "is" in table else None
    address = table["address"]
    meets = {
        stage: {"reply": what} if isinstance(what, str) else what for stage, what in table.get("meets", {}).items()
    }
    return Target(address, table.get("fails", address), table.get("at", ""), meets, truth)


def _truth(text: str) -> Truth:
    status, categories, weight, *action = text.split()
    return Truth(status.strip("-"), tuple(categories.split("|")), HARD[weight], action[0] if action else "failed")


def adapted(fate: Fate, other: Mapping[str, str]) -> Fate:
    """The fate with another truth for its recipients, when `other` has one under its name."""
    if fate.name not in other:
        return fate
    truth = _truth(other[fate.name])
    return replace(fate, targets=tuple(replace(target, truth=target.truth and truth) for target in fate.targets))
