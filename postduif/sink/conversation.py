"""What a session says and when: answers bent by the rules, held back by delays, ended in every way a peer can end.

Pure: what is to be sent is returned as bytes, `after` tells the carrier what to do next. `session` has the commands.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from random import Random
from typing import NamedTuple

from postduif.sink.extensions import Terms
from postduif.sink.figures import Figures
from postduif.sink.received import Received
from postduif.sink.referee import ORDINARY, TOO_MANY_CONNECTIONS, TOO_MANY_MESSAGES, Referee, Verdict
from postduif.sink.rules import Action, Rule, Stage

_ENHANCED = re.compile(rb"^(\d\d\d[ -])[245]\.\d{1,3}\.\d{1,3} ", re.MULTILINE)
_THREE = ord("3")
_CODE = re.compile(rb"([45]\d\d)[ -]([45]\.\d{1,3}\.\d{1,3})?")


class Pause(NamedTuple):
    """Call `resume` after so many seconds; do not read until then."""

    seconds: float


class Ending(enum.Enum):
    """What happens to the connection once what was said is sent."""

    CLOSE = "close"
    RESET = "reset"
    """RST; what was said may be lost."""
    HANG = "hang"
    """Nothing more is said; the client may go."""
    ENDLESS = "endless"
    """Reply lines without end."""
    TLS = "tls"
    """The handshake follows; then `secured`."""


_ACTIONS: dict[Action, tuple[bytes, Ending]] = {
    "hang": (b"", Ending.HANG),
    "close": (b"", Ending.CLOSE),
    "reset": (b"", Ending.RESET),
    "garbage": (b"\x00\xff\x16 this is not SMTP \x1b[31m\r\n", Ending.CLOSE),
    "endless": (b"", Ending.ENDLESS),
}


class _Late(NamedTuple):
    """What is said after a delay."""

    reply: bytes
    ending: Ending | None
    message: Received | None


class Conversation:
    """One connection, as far as it speaks. `take` is called with each accepted message before its 250 is given out."""

    def __init__(
        self,
        terms: Terms,
        referee: Referee,
        figures: Figures,
        take: Callable[[Received], None],
        *,
        rule: Rule | None = None,
        client: str = "",
        ordinal: int = 0,
    ) -> None:
        self.after: Pause | Ending | None = None
        self.tls = ""
        self._terms = terms
        self._extensions = terms.extensions
        self._referee = referee
        self._figures = figures
        self._take = take
        self._rule = rule or referee.everyone
        self._client = client
        self._ordinal = ordinal
        self._dice: Random | None = None
        self._entered: dict[int, Rule] = {}
        self._taken: dict[int, int] = {}
        self._out: list[bytes] = []
        self._late: _Late | None = None

    def refuse(self, reply: bytes) -> None:
        """Greet with this 421 instead."""
        self._say(reply)

    def greet(self) -> bytes:
        """What is said before the client speaks."""
        if not self._out and self._enter(self._rule):
            greeting = f"220 {self._terms.hostname} ESMTP Postduif test sink\r\n".encode()
            self._answer(self._judge(self._rule, "connect"), greeting)
        return self._flush()

    def expire(self) -> bytes:
        """The client was silent too long."""
        if not isinstance(self.after, Ending):
            self._say(b"421 4.4.2 idle for too long\r\n")
        return self._flush()

    def closed(self) -> None:
        """The connection is gone."""
        for rule in self._entered.values():
            self._referee.leave(rule)
        self._entered.clear()
        if self._late and self._late.message:
            self._figures.lost += 1
        self.after = Ending.CLOSE

    # For the commands

    def _say(self, reply: bytes) -> None:
        if reply[0] > _THREE:
            match = _CODE.match(reply)
            self._figures.refused[b" ".join(part for part in match.groups() if part).decode() if match else "?"] += 1
            if reply.startswith(b"421"):
                self.after = Ending.CLOSE
        self._out.append(reply)

    def _answer(
        self, verdict: Verdict, usual: bytes, message: Received | None = None, then: Ending | None = None
    ) -> None:
        """Say the usual, or what the verdict has instead. The message is taken when the usual is said, or by `keep`."""
        if verdict is ORDINARY and not message and not then:
            self._say(usual)
            return
        if verdict.action:
            reply, ending = _ACTIONS[verdict.action]
            late = _Late(reply, ending, message if verdict.keep else None)
        elif verdict.reply:
            late = _Late(verdict.reply, None, message if verdict.keep else None)
        else:
            late = _Late(usual, then, message)
        if verdict.delay:
            self._late, self.after = late, Pause(verdict.delay)
        else:
            self._conclude(late)

    def _conclude(self, late: _Late) -> None:
        if late.message:
            self._take(late.message)
        if late.reply:
            self._say(late.reply)
        if late.ending:
            self.after = late.ending

    def _flush(self) -> bytes:
        out = self._out[0] if len(self._out) == 1 else b"".join(self._out)
        self._out.clear()
        return out if "ENHANCEDSTATUSCODES" in self._extensions else _ENHANCED.sub(rb"\1", out)

    def _judge(self, rule: Rule, stage: Stage) -> Verdict:
        return self._referee.judge(rule, stage, self._luck) if getattr(rule, stage) else ORDINARY

    def _judge_all(self, rules: list[Rule], stage: Stage) -> Verdict:
        """The first that stops; otherwise the longest delay."""
        slowest = ORDINARY
        for rule in rules:
            if getattr(rule, stage):
                verdict = self._referee.judge(rule, stage, self._luck)
                if verdict.stops:
                    return verdict
                slowest = verdict if verdict.delay > slowest.delay else slowest
        return slowest

    def _luck(self) -> Random:
        self._dice = self._dice or self._referee.luck(self._ordinal)
        return self._dice

    def _enter(self, rule: Rule) -> bool:
        """The rule has room for this connection; said 421 when it has not."""
        if not rule.max_connections or id(rule) in self._entered:
            return True
        if not self._referee.enter(rule):
            self._say(TOO_MANY_CONNECTIONS)
            return False
        self._entered[id(rule)] = rule
        return True

    def _may_bring_more(self, rule: Rule) -> bool:
        """The rule takes another message from this connection; said 421 when it does not."""
        if rule.max_messages and self._taken.get(id(rule), 0) >= rule.max_messages:
            self._say(TOO_MANY_MESSAGES)
            return False
        return True

    def _brought(self, rules: list[Rule]) -> None:
        """A message for these rules was taken."""
        for key in {id(rule) for rule in (*rules, self._rule) if rule.max_messages}:
            self._taken[key] = self._taken.get(key, 0) + 1
