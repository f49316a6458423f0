"""The table of receiver faults as values: every cell, what happens in it, and the page of the manual that says so."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

TABLE = Path(__file__).with_name("matrix.toml")
DNS_TABLE = Path(__file__).with_name("dns.toml")
FAULTS = ("hang", "RST", "FIN", "421", "4xx", "5xx", "garbage", "endless reply", "never reads")
_EVERY = ("PIPELINING", "lock-step", "CHUNKING")
STAGES = {
    "banner": ("",),
    "EHLO": ("",),
    "STARTTLS": ("",),
    "TLS handshake": ("",),
    "STARTTLS, required": ("",),
    "TLS handshake, required": ("",),
    "MAIL": _EVERY,
    "RCPT": _EVERY,
    "DATA": _EVERY[:2],
    "in data": _EVERY,
    "after the dot": _EVERY,
    "after 250": _EVERY,
    "QUIT": _EVERY,
}
"""In the order of the conversation, with the modes that make a difference."""


@dataclass(frozen=True, slots=True)
class Row:
    """What happens, for some faults at one stage. The words are explained in the table."""

    stage: str
    faults: tuple[str, ...]
    happens: str
    code: int
    status: str
    says: str
    connection: str
    after: float = 0.0
    next_mail: str = ""
    modes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """One fault at one stage in one mode."""

    fault: str
    mode: str
    row: Row

    @property
    def name(self) -> str:
        """For the test's id."""
        return "-".join(
            part.replace(" ", "_").replace(",", "") for part in (self.row.stage, self.fault, self.mode) if part
        )

    @property
    def waits(self) -> bool:
        """Only time ends it."""
        return self.row.after > 0


def rows() -> Iterator[Row]:
    """The table, from the top."""
    for row in tomllib.loads(TABLE.read_text(encoding="utf-8"))["row"]:
        whole = Row(**row)
        yield replace(whole, faults=tuple(whole.faults), modes=tuple(whole.modes) or STAGES[whole.stage])


def cells() -> list[Cell]:
    """Every cell, by stage, fault and mode."""
    return [Cell(fault, mode, row) for row in rows() for fault in row.faults for mode in row.modes]


@dataclass(frozen=True, slots=True)
class Case:
    """What DNS says of a domain, and what happens to its mail. The words are explained in the table."""

    says: str
    zone: tuple[str, ...]
    happens: str
    code: int = 250
    status: str = "2.0.0"

    def zone_of(self, domain: str) -> str:
        """The lines for the DNS server. "* 100" makes a hundred lines of one, numbered from 0."""
        lines: list[str] = []
        for line in self.zone:
            pattern, _, count = line.replace("@", domain).rpartition(" ")
            if "FAULT" in line or "*" not in line:
                lines.append(line.replace("@", domain))
            else:
                lines += [pattern.replace("*", str(number)) for number in range(int(count))]
        return "\n".join(lines)


def dns_cases() -> list[Case]:
    """The table of DNS faults, from the top."""
    cases = tomllib.loads(DNS_TABLE.read_text(encoding="utf-8"))["case"]
    return [replace(Case(**case), zone=tuple(case["zone"])) for case in cases]
