"""The rules of classification: every one can be reached, and none is said twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from postduif.bounce.rule import FOLDER, read
from postduif.bounce.rule_faults import rule_faults
from postduif.errors import ConfigError
from postduif.mta.soundness.finding import Finding


def bounce_rules(folder: Path = FOLDER) -> Iterator[Finding]:
    """They ship with the program, so that something is wrong only where somebody changed them."""
    try:
        rules = read(folder)
        faults = rule_faults(rules)
    except ConfigError as error:
        yield _wrong(folder, str(error))
        return
    for fault in faults:
        yield _wrong(folder, fault)
    if not faults:
        yield Finding(
            "ok", str(folder), "", f"{len(rules.rules)} rules say what replies mean, each reached by its sample"
        )


def _wrong(folder: Path, text: str) -> Finding:
    problem, _, remedy = text.rpartition("; ")
    return Finding("error", str(folder), "", problem, remedy)
