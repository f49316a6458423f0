"""Figures of mailings, as tables for docs/performance.md and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, TypeVar

from bench.pausing import Break
from bench.preparing import Prepared
from bench.programs import ENDED, EVENT_LOOP
from bench.sending import Sending
from bench.top_functions import Share
from bench.usual import Usual

T = TypeVar("T")
MUST, AIM = 0.3, 0.5
"""Of the signing rate."""
PROGRAMS = (EVENT_LOOP, "signing", "queue files", "campaign", ENDED)
BUSIEST, OURS = 12, 20
"""Functions of a profile that are shown: those that are at work themselves, and those of ours that call them."""
_MIB = 1 << 20


@dataclass(slots=True)
class Findings:
    """What was measured, run by run."""

    prepared: dict[int, list[Prepared]] = field(default_factory=dict)
    """By the number of people."""
    sent: list[Sending] = field(default_factory=list)
    usual: list[Usual] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)
    profile: dict[str, list[Share]] = field(default_factory=dict)
    """By what the process is there for."""


def middle(runs: Sequence[T], figure: Callable[[T], float]) -> float:
    """The median of a figure."""
    return median(figure(run) for run in runs)


def markdown(found: Findings) -> str:
    """A table for each part that was measured."""
    parts = (_prepared, _sent, _pauses, _profile)
    return "\n".join(text for part in parts if (text := "".join(f"{line}\n" for line in part(found))))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _heading(*cells: str) -> Iterator[str]:
    yield _row(*cells)
    yield _row("---", *["---:"] * (len(cells) - 1))


def _prepared(found: Findings) -> Iterator[str]:
    if found.prepared:
        yield from _heading("prepare", "people/s", "people/s of processor", "octets of disk a recipient", "MiB at most")
    for people, runs in found.prepared.items():
        yield _row(
            f"{people:,} people",
            f"{middle(runs, lambda one: one.took.rate):,.0f}",
            f"{middle(runs, lambda one: one.took.processor_rate):,.0f}",
            f"{middle(runs, lambda one: one.disk_each):,.0f}",
            f"{middle(runs, lambda one: one.took.memory) / _MIB:,.0f}",
        )


def _sent(found: Findings) -> Iterator[str]:
    if found.sent or found.usual:
        yield from _heading("send", "messages", "msg/s", "of the signing rate", "CPU us/msg", "MiB at most")
    if runs := found.sent:
        share = middle(runs, lambda one: one.share)
        verdict = "aim reached" if share >= AIM else "must reached" if share >= MUST else "missed"
        yield _row(
            "Postduif",
            f"{runs[0].messages:,}",
            f"{middle(runs, lambda one: one.rate):,.0f}",
            f"**{share:.2f}** of {middle(runs, lambda one: one.signatures):,.0f}/s ({verdict})",
            f"{middle(runs, Sending.cpu_each) * 1e6:,.0f}",
            f"{max(one.memory for one in runs) / _MIB:,.0f}",
        )
    if other := found.usual:
        yield _row(
            "email package, Postfix + opendkim",
            f"{other[0].messages:,}",
            f"{middle(other, lambda one: one.rate):,.0f}",
            f"{middle(other, lambda one: one.share):.2f} of {middle(other, lambda one: one.signatures):,.0f}/s",
            f"{middle(other, lambda one: (one.agent_cpu + one.programs_cpu) / one.messages) * 1e6:,.0f}",
            f"{max(one.memory for one in other) / _MIB:,.0f} without the programs",
        )
    yield from _more_of_sent(found)


def _more_of_sent(found: Findings) -> Iterator[str]:
    if runs := found.sent:
        each = (f"{name} {middle(runs, lambda one, of=name: one.cpu_each(of)) * 1e6:,.0f}" for name in PROGRAMS)  # type: ignore[misc]
        yield ""
        sink = middle(runs, lambda one: one.sink_cpu / one.messages) * 1e6
        share = middle(runs, lambda one: one.share_of_cpu)
        yield f"CPU us/msg by program: {', '.join(each)}; the sink {sink:,.0f} beside. Signing is {share:.2f} of it."
        yield (
            f"Written to disk: {middle(runs, lambda one: one.written / one.messages):,.0f} octets a message. "
            f"Memory before: {middle(runs, lambda one: one.memory_before) / _MIB:,.0f} MiB. "
            f"From the order to the first message: {middle(runs, lambda one: one.delay):.2f} s."
        )
    if runs and (other := found.usual):
        times = middle(runs, lambda one: one.share) / middle(other, lambda one: one.share)
        yield f"Postduif is {times:.1f} times as fast as the usual way, each by the signing rate around its own run."


def _pauses(found: Findings) -> Iterator[str]:
    if not found.breaks:
        return
    figures: tuple[tuple[str, Callable[[Break], float]], ...] = (
        ("pause: until the answer", lambda one: one.answered),
        ("pause: until the last message begins", lambda one: one.last_begun),
        ("resume: until the answer", lambda one: one.resumed),
        ("resume: until a message begins", lambda one: one.first_begun),
    )
    yield from _heading(f"{len(found.breaks)} pauses", "median", "worst")
    for name, figure in figures:
        worst = max(map(figure, found.breaks))
        yield _row(name, f"{middle(found.breaks, figure):.3f} s", f"{worst:.3f} s")


def _profile(found: Findings) -> Iterator[str]:
    for name, shares in found.profile.items():
        yield from _heading(f"{name}: function", "itself", "with what it calls")
        for one in notable(shares):
            yield _row(f"`{one.function}`", f"{one.itself:.1%}", f"{one.with_callees:.1%}")
        yield ""


def as_json(found: Findings, context: dict[str, Any]) -> dict[str, Any]:
    """Everything that was measured, each run by itself."""
    return {
        "context": context,
        "prepare": {people: [asdict(run) for run in runs] for people, runs in found.prepared.items()},
        "send": [{**asdict(run), "per_second": run.rate, "share": run.share} for run in found.sent],
        "usual": [{**asdict(run), "per_second": run.rate, "share": run.share} for run in found.usual],
        "pauses": [asdict(one) for one in found.breaks],
        "profile": {name: [one._asdict() for one in notable(shares)] for name, shares in found.profile.items()},
    }


def notable(found: Sequence[Share]) -> list[Share]:
    """The functions of a profile that are worth a look, those first that have most below them."""
    busiest = sorted(found, key=lambda one: -one.itself)[:BUSIEST]
    ours = [one for one in found if "(postduif/" in one.function][:OURS]
    return [one for one in found if one in busiest or one in ours]
