"""Rules of what spam filters think of a sample."""

from __future__ import annotations

from collections.abc import Iterator

from postduif.campaign.checks.facts import Facts
from postduif.campaign.checks.finding import Level, Remark
from postduif.campaign.checks.rule import Phase, rule
from postduif.campaign.checks.spam import SpamScore


@rule(Level.WARNING, Phase.END)
def spam_unknown(facts: Facts) -> Iterator[Remark]:
    """Every spam filter that is configured has scored a sample."""
    for one in facts.spam:
        if one.fault:
            yield Remark(f"{one.checker} gave no score: {one.fault}", "look whether it runs, and try again")


@rule(Level.ERROR, Phase.END)
def spam_found(facts: Facts) -> Iterator[Remark]:
    """No spam filter calls a sample spam."""
    yield from (_remark(one, "and calls it spam") for one in facts.spam if _is_spam(one))


@rule(Level.WARNING, Phase.END)
def spam_near(facts: Facts) -> Iterator[Remark]:
    """No spam filter comes near to calling a sample spam."""
    for one in facts.spam:
        if not one.fault and not _is_spam(one) and one.share >= facts.limits.spam_warning:
            yield _remark(one, "which is much")


@rule(Level.INFO, Phase.END)
def spam_score(facts: Facts) -> Iterator[Remark]:
    """What spam filters say of a sample that they let pass."""
    for one in facts.spam:
        if not one.fault and not _is_spam(one) and 0 < one.share < facts.limits.spam_warning:
            yield _remark(one, "which is little")


RULES = (spam_unknown, spam_found, spam_near, spam_score)


def _is_spam(one: SpamScore) -> bool:
    return not one.fault and (one.spam or one.share >= 1)


def _remark(one: SpamScore, what: str) -> Remark:
    noticed = ", ".join(
        f"{symbol.name} {symbol.score:g}" if symbol.score else symbol.name for symbol in one.symbols[:8]
    )
    return Remark(
        f"{one.checker} gives a sample {one.score:g} of {one.limit:g} points, {what}",
        f"change what it noticed: {noticed}" if noticed else "change the wording, and try again",
        {"checker": one.checker, "score": one.score, "limit": one.limit, "symbols": [s.name for s in one.symbols]},
    )
