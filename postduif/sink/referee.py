"""Decides by the rules: which rule is whose, and what happens at a stage. Knows neither SMTP nor sockets nor the clock.

One referee is shared by all sessions of a sink; luck is each session's own, drawn from the seed and the number of the
connection, so that the n-th connection always has the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from postduif.sink.rules import Action, Rule, Rules, Stage
from postduif.sink.seen import Greylist


class Verdict(NamedTuple):
    """What happens instead of the ordinary."""

    delay: float = 0.0
    """Seconds before anything is said."""
    reply: bytes = b""
    """A refusal, CRLF included; b"" when it goes on as usual."""
    action: Action | None = None
    keep: bool = False
    """The message is taken, whatever is said."""

    @property
    def stops(self) -> bool:
        """The command does not do what it is for."""
        return bool(self.reply or self.action)


ORDINARY = Verdict()
TOO_MANY_CONNECTIONS = b"421 4.7.0 too many connections, try again later\r\n"
TOO_MANY_MESSAGES = b"421 4.7.0 too many messages on this connection\r\n"
GREYLISTED = "451 4.7.1 greylisted, try again in {} seconds\r\n"


class Referee:
    """The rules, ready to be asked; and what must be remembered across connections."""

    def __init__(self, rules: Rules, seed: int, now: Callable[[], float]) -> None:
        self._rules = rules.ordered
        self._pattern = re.compile(
            "|".join(f"({_glob(r.localpart)}@{_glob(r.domain)})" for r in self._rules), re.DOTALL
        )
        self._seed = seed
        self._now = now
        self._greylist = Greylist()
        self._open: Counter[int] = Counter()
        self.everyone = next(rule for rule in self._rules if rule.everyone)
        """The rule of connections to an address that belongs to no rule."""

    def rule(self, address: str) -> Rule:
        """The first rule that fits the recipient."""
        match = self._pattern.fullmatch(address.lower())
        return self._rules[match.lastindex - 1] if match and match.lastindex else self._rules[-1]

    def luck(self, ordinal: int) -> Random:
        """The dice of the connection of that number."""
        return Random(f"{self._seed}:{ordinal}")  # noqa: S311  a test's dice, not a secret

    def judge(self, rule: Rule, stage: Stage, luck: Callable[[], Random]) -> Verdict:
        """What happens at a stage: the steps are tried in order, delays add up, the first refusal or action ends it."""
        delay = 0.0
        for step in getattr(rule, stage):
            if step.probability < 1 and luck().random() >= step.probability:
                continue
            low, high = step.delay
            delay += luck().uniform(low, high) if high > low else low
            if step.reply or step.action:
                text = luck().choice(step.reply) if len(step.reply) > 1 else "".join(step.reply)
                return Verdict(delay, f"{text}\r\n".encode() if text else b"", step.action, step.keep)
        return Verdict(delay) if delay else ORDINARY

    def greylist(self, rule: Rule, client: str, sender: str, recipient: str) -> bytes:
        """The refusal that greylisting asks for, or b""."""
        if not rule.greylist or self._greylist.passes((client, sender, recipient), rule.greylist, self._now()):
            return b""
        return GREYLISTED.format(max(1, round(rule.greylist))).encode()

    def enter(self, rule: Rule) -> bool:
        """One more connection brings mail for the rule; False when that is one too many (it then did not enter)."""
        if rule.max_connections and self._open[id(rule)] >= rule.max_connections:
            return False
        self._open[id(rule)] += 1
        return True

    def leave(self, rule: Rule) -> None:
        """A connection that entered has ended."""
        self._open[id(rule)] -= 1


def _glob(pattern: str) -> str:
    return re.escape(pattern.lower()).replace(r"\*", ".*").replace(r"\?", ".")
