"""Rules of who it goes to, of variables that stay empty, and of sizes: what is known when messages were counted."""

from __future__ import annotations

from collections.abc import Iterator

from postduif.campaign.checks.facts import Facts
from postduif.campaign.checks.finding import Level, Remark
from postduif.campaign.checks.rule import Phase, rule
from postduif.campaign.checks.wording import counted
from postduif.config.units import format_size


@rule(Level.ERROR, Phase.TARGET, order=10)
def target_empty(facts: Facts) -> Iterator[Remark]:
    """Somebody gets it."""
    counts = facts.counts
    if counts is None or counts.to_deliver:
        return
    if not counts.targeted:
        yield Remark("the target has nobody in it", "choose a selection, a project or persons")
        return
    cause, number = max(counts.excluded.items(), key=lambda item: item[1], default=("", 0))
    most = f", {number:,} of them by {cause}" if cause else ""
    yield Remark(
        f"all {counts.targeted:,} in the target are excluded{most}",
        "look at the causes, and choose others",
        {"excluded": dict(counts.excluded)},
    )


@rule(Level.ERROR, Phase.TARGET, order=11)
def target_limit(facts: Facts) -> Iterator[Remark]:
    """The target is not larger than it may be."""
    if facts.to_deliver > (most := facts.limits.recipients):
        yield Remark(
            f"{facts.to_deliver:,} recipients are more than the {most:,} that a mailing may have",
            "make several mailings of it",
        )


@rule(Level.ERROR, Phase.TARGET)
def proof_limit(facts: Facts) -> Iterator[Remark]:
    """A proof goes to a few only."""
    if facts.proof and facts.to_deliver > (most := facts.limits.proof):
        yield Remark(
            f"a proof to {facts.to_deliver:,} recipients is no proof any more; {most} is the most",
            "choose fewer, or send it as a mailing",
        )


@rule(Level.WARNING, Phase.TARGET)
def target_everybody(facts: Facts) -> Iterator[Remark]:
    """It is not meant for everybody there is."""
    counts = facts.counts
    if counts and counts.everybody > 1 and counts.targeted >= counts.everybody:
        yield Remark(
            f"the target is everybody there is, {counts.everybody:,} people",
            "choose a selection, unless everybody is meant",
        )


@rule(Level.WARNING, Phase.TARGET)
def target_growth(facts: Facts) -> Iterator[Remark]:
    """The target is not much larger than those before."""
    most = max(facts.before, default=0)
    if most and facts.to_deliver > facts.limits.growth * most:
        yield Remark(
            f"{facts.to_deliver:,} recipients are more than {facts.limits.growth:g} times the largest of the last "
            f"{counted(len(facts.before), 'mailing', 'mailings')}, {most:,}",
            "look at the target again; send it in waves, as receivers mistrust a sender who suddenly sends much more",
        )


@rule(Level.WARNING, Phase.END)
def variable_empty(facts: Facts) -> Iterator[Remark]:
    """No variable leaves a hole in somebody's message."""
    for name, number in sorted(facts.rendered.empty.items(), key=lambda item: (-item[1], item[0])):
        if number:
            yield Remark(
                f"{name} is empty for {counted(number, 'recipient', 'recipients')}",
                f'write {{{{ {name} | default("...") }}}}, or leave these people out',
                {"variable": name, "recipients": number},
            )


@rule(Level.ERROR, Phase.END, order=10)
def message_failed(facts: Facts) -> Iterator[Remark]:
    """Everybody's values make a message."""
    if facts.rendered.failed:
        yield Remark(
            f"no message can be made for {counted(facts.rendered.failed, 'recipient', 'recipients')}: "
            f"{facts.rendered.failure}",
            "correct the values or the content, or leave these people out",
            {"recipients": facts.rendered.failed},
        )


@rule(Level.INFO, Phase.END)
def size_advised(facts: Facts) -> Iterator[Remark]:
    """The page is quickly there on a phone."""
    yield from _html_above(facts, facts.limits.html_advised, facts.limits.html_large, "more than is advised")


@rule(Level.WARNING, Phase.END)
def size_large(facts: Facts) -> Iterator[Remark]:
    """The page is not large."""
    yield from _html_above(
        facts, facts.limits.html_large, facts.limits.html_clipped, "so large that filters mistrust it"
    )


@rule(Level.WARNING, Phase.END)
def size_clipped(facts: Facts) -> Iterator[Remark]:
    """Gmail shows the whole page."""
    yield from _html_above(facts, facts.limits.html_clipped, None, "so large that Gmail cuts it off")


@rule(Level.ERROR, Phase.END)
def size_limit(facts: Facts) -> Iterator[Remark]:
    """No message is larger than we send."""
    largest, most = facts.rendered.largest, facts.limits.message
    if largest > most:
        yield Remark(
            f"the largest message has {largest:,} octets, and {format_size(most)} is the most",
            "link to what is large in the place of attaching it",
            {"octets": largest},
        )


RULES = (
    target_empty,
    target_limit,
    proof_limit,
    target_everybody,
    target_growth,
    variable_empty,
    message_failed,
    size_advised,
    size_large,
    size_clipped,
    size_limit,
)


def _html_above(facts: Facts, most: int, next_: int | None, what: str) -> Iterator[Remark]:
    size = facts.rendered.html
    if size > most and (next_ is None or size <= next_):
        yield Remark(
            f"the HTML has up to {size:,} octets, {what} ({most:,})",
            "leave out what comes last, comments, and styles that are not used",
            {"octets": size},
        )
