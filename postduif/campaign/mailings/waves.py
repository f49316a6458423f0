"""How a mailing is spread over time: waves, of which the first may be a canary."""

from __future__ import annotations

from typing import NamedTuple

from postduif.campaign.mailings.fault import MailingFault

MAX_WAVES = 100
MAX_PERIOD = 30 * 86400.0


class Canary(NamedTuple):
    """A first wave that the others wait for. Shares are of the recipients of this wave that were tried: 0 to 1."""

    size: int
    """Recipients."""
    wait: float
    """Seconds from its start until it is judged."""
    bounce: float = 0.05
    """A larger share that bounced holds the mailing."""
    block: float = 0.02
    """A larger share that was refused for policy or reputation holds it."""
    defer: float = 0.3
    """A larger share that is still deferred holds it."""


class Waves(NamedTuple):
    """Everything at once, unless it says otherwise. What the sizes leave over goes in one wave after them."""

    shares: tuple[float, ...] = ()
    """Of the recipients (after the canary), each above 0, together at most 1."""
    counts: tuple[int, ...] = ()
    """Recipients of each wave; in the place of shares."""
    period: float = 0.0
    """Seconds from the start of one wave to that of the next."""
    canary: Canary | None = None


def judge(waves: Waves) -> None:
    """Raises MailingFault for waves that cannot be meant."""
    if waves.shares and waves.counts:
        raise MailingFault("waves have shares or counts, not both; leave one of them out")
    if len(waves.shares) + len(waves.counts) > MAX_WAVES:
        raise MailingFault(f"there are at most {MAX_WAVES} waves; make them larger")
    if any(not share > 0 for share in waves.shares) or sum(waves.shares) > 1 + 1e-9:
        raise MailingFault("the shares of waves are above 0 and together at most 1 (100%); change them")
    if any(count < 1 for count in waves.counts):
        raise MailingFault("a wave has at least 1 recipient; change its count")
    spread = bool(waves.shares or waves.counts)
    if spread != (waves.period > 0) or not 0 <= waves.period <= MAX_PERIOD:
        raise MailingFault(f"waves are up to {MAX_PERIOD / 86400:.0f} days apart, and what goes at once has no period")
    if waves.canary:
        _judge_canary(waves.canary)


def _judge_canary(canary: Canary) -> None:
    if canary.size < 1 or not 0 < canary.wait <= MAX_PERIOD:
        raise MailingFault(
            f"a canary has at least 1 recipient and is waited for up to {MAX_PERIOD / 86400:.0f} days; change it"
        )
    if not all(0 <= share <= 1 for share in (canary.bounce, canary.block, canary.defer)):
        raise MailingFault("the thresholds of a canary are shares from 0 to 1 (5% is 0.05); change them")
