"""What a preparation found, for people to look at: counts, causes, findings. A small JSON file, replaced as a whole."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from postduif.campaign.checks.finding import Finding
from postduif.errors import StoreError
from postduif.queue import directory


@dataclass(frozen=True, slots=True)
class Said:
    """A finding, as it is kept."""

    rule: str
    level: str
    """error, warning or info."""
    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class FromSource:
    """What one source of the target gave."""

    name: str
    people: int
    more: int
    """Of them not in a source before it."""


@dataclass(frozen=True, slots=True)
class Report:
    """One preparation. Targeted = excluded + to deliver; seeds are beside that."""

    number: int
    preparation: int
    at: float
    """Seconds since the epoch, when it began."""
    seconds: float = 0.0
    sources: tuple[FromSource, ...] = ()
    notes: tuple[str, ...] = ()
    targeted: int = 0
    excluded: Mapping[str, int] = field(default_factory=dict)
    """By cause."""
    to_deliver: int = 0
    seeds: int = 0
    waves: tuple[int, ...] = ()
    """Recipients of each; empty: all at once."""
    rendered: int = 0
    """Messages that were made to look at them."""
    largest: int = 0
    """Octets of the largest of them."""
    empty: Mapping[str, int] = field(default_factory=dict)
    """For each variable that leaves a hole, for how many recipients."""
    findings: tuple[Said, ...] = ()

    @property
    def errors(self) -> int:
        """Findings that forbid sending."""
        return sum(one.level == "error" for one in self.findings)

    @property
    def warnings(self) -> int:
        """Findings that somebody should look at."""
        return sum(one.level == "warning" for one in self.findings)


def said(finding: Finding) -> Said:
    """As it is kept."""
    return Said(finding.rule, finding.level.word, finding.text, finding.remedy)


_ADAPTER = TypeAdapter(Report)


def write(path: Path, report: Report) -> None:
    """Put it on disk in the place of the one before. Raises StoreError."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    directory.prepare(path.parent)
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            file.write(_ADAPTER.dump_json(report))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        directory.sync(path.parent)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None


def read(path: Path) -> Report | None:
    """None: it was never prepared. Raises StoreError."""
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None
    except ValidationError:
        raise StoreError(f"{path} is damaged; prepare the mailing again") from None
