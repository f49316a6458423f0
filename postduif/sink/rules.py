"""What the sink does to whom, read from TOML: typed, frozen, unknown keys are errors.

A rule is for recipients (`domain`, `localpart` patterns) and says what happens at each stage of the session. Rules that
name a local part go before those that do not; among equals the first in the file wins. Deciding is left to `referee`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from postduif.config.kinds import IpEndpoint, Time
from postduif.config.lines import KeyPath, find_lines, line_of, written
from postduif.config.section import Section
from postduif.config.units import parse_time
from postduif.config.words import nearest
from postduif.errors import ConfigError

Action = Literal["hang", "close", "reset", "garbage", "endless"]
Stage = Literal["connect", "ehlo", "starttls", "tls", "mail", "rcpt", "data", "body", "dot", "quit"]
STAGES: tuple[Stage, ...] = get_args(Stage)
_REPLY = re.compile(r"[45]\d\d(?: [45]\.\d{1,3}\.\d{1,3})?(?: [^\x00-\x1f\x7f]*)?")


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


def _reply(value: object) -> str:
    if isinstance(value, str) and _REPLY.fullmatch(value):
        return value
    raise ValueError(f"{value!r} is not a refusal; write it as 450 4.2.1 mailbox busy")


def _delay(value: object) -> tuple[float, float]:
    if isinstance(value, list | tuple) and len(value) == 2:
        low, high = (parse_time(part) for part in value)
        if low <= high:
            return low, high
        raise ValueError(f"{value!r} runs backwards; write the shorter time first")
    time = parse_time(value)
    return time, time


class Step(Section):
    """One thing that may happen at a stage."""

    probability: float = Field(default=1.0, ge=0, le=1, description="How often it happens: 0 never, 1 always.")
    delay: Annotated[tuple[float, float], BeforeValidator(_delay)] = Field(
        default=(0.0, 0.0), description='The reply waits so long: "2s", or between two times: ["1s", "5s"].'
    )
    reply: Annotated[tuple[Annotated[str, BeforeValidator(_reply)], ...], BeforeValidator(_listed)] = Field(
        default=(), description='A refusal, "450 4.2.1 mailbox busy", or several, of which one is picked. 421 closes.'
    )
    action: Action | None = Field(
        default=None,
        description="`hang`: never answers. `close`, `reset`: ends the connection with FIN or RST. "
        "`garbage`: answers what is not SMTP. `endless`: answers one reply without end.",
    )
    keep: bool = Field(default=False, description="At `dot`: the message is taken all the same.")

    @model_validator(mode="after")
    def _one_end(self) -> Step:
        if self.reply and self.action:
            raise ValueError("has both reply and action; keep one")
        return self


Steps = Annotated[tuple[Step, ...], BeforeValidator(_listed)]


class Rule(Section):
    """What happens to some recipients, and to the connections that bring their mail."""

    domain: str = Field(default="*", description="Recipient domains: `example.com`, `*.example.com`, `*`.")
    localpart: str = Field(default="*", description="Local parts: `tempfail*`.")
    listen: IpEndpoint | None = Field(
        default=None,
        description="An address of its own, as an MX host of that domain has; the rule then acts from `connect` on. "
        "Without one, only a rule for everyone (`*`) acts before RCPT.",
    )
    max_connections: int = Field(default=0, ge=0, description="Open connections; more get 421 4.7.0. 0: no limit.")
    max_messages: int = Field(
        default=0, ge=0, description="Messages on one connection; then 421 4.7.0 and the end. 0: no limit."
    )
    greylist: Time = Field(
        default=0.0,
        description="The first attempt of a (client, sender, recipient), and those within this time, get 451 4.7.1.",
    )
    connect: Steps = Field(default=(), description="Instead of the greeting.")
    ehlo: Steps = Field(default=(), description="Instead of the reply to EHLO and HELO.")
    starttls: Steps = Field(default=(), description="Instead of the 220 to STARTTLS.")
    tls: Steps = Field(default=(), description="After the 220, instead of the TLS handshake. Takes no reply.")
    mail: Steps = Field(default=(), description="Instead of the reply to MAIL.")
    rcpt: Steps = Field(default=(), description="Instead of the reply to RCPT.")
    data: Steps = Field(default=(), description="Instead of the reply to DATA, or to the first BDAT.")
    body: Steps = Field(default=(), description="When the first octets of the data are here. Takes no reply.")
    dot: Steps = Field(default=(), description="Instead of the reply after the final dot or the last BDAT.")
    quit: Steps = Field(default=(), description="Instead of the reply to QUIT.")

    @model_validator(mode="after")
    def _no_reply_in_midstream(self) -> Rule:
        for stage in ("tls", "body"):
            if any(step.reply for step in getattr(self, stage)):
                raise ValueError(f"{stage} takes no reply: nothing is answered there; use an action")
        return self

    @property
    def everyone(self) -> bool:
        """It is for all recipients."""
        return self.domain == self.localpart == "*"


class Rules(Section):
    """The whole file."""

    builtin: bool = Field(default=True, description="The local parts with a meaning (`tempfail*` and so on) have it.")
    rule: tuple[Rule, ...] = ()

    @classmethod
    def parse(cls, text: str, origin: str = "rules") -> Rules:
        """Read TOML. Raises ConfigError: `origin:line: setting: problem; remedy`."""
        try:
            return cls.model_validate(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{origin}: {error}") from None
        except ValidationError as error:
            lines = find_lines(text)
            raise ConfigError("\n".join(_complaint(origin, lines, problem) for problem in error.errors())) from None

    @classmethod
    def load(cls, path: Path) -> Rules:
        """Read a file. Raises ConfigError."""
        try:
            return cls.parse(path.read_text("utf-8"), str(path))
        except OSError as error:
            raise ConfigError(f"{path}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigError(f"{path}: not UTF-8; TOML is") from None

    @property
    def ordered(self) -> tuple[Rule, ...]:
        """In the order in which they are asked; the last is for everyone."""
        named = tuple(rule for rule in self.rule if rule.localpart != "*")
        rest = tuple(rule for rule in self.rule if rule.localpart == "*")
        return named + (BUILTIN if self.builtin else ()) + rest + (Rule(),)


def _complaint(origin: str, lines: Mapping[KeyPath, int], problem: ErrorDetails) -> str:
    path, text = _as_written(problem["loc"], lines), problem["msg"].removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        text = "no such setting" + _remedy(path)
    line = line_of(lines, path)
    return f"{origin}:{line}: {written(path)}: {text}" if line else f"{origin}: {written(path)}: {text}"


def _as_written(path: KeyPath, lines: Mapping[KeyPath, int]) -> KeyPath:
    """Without the numbers of elements that stand alone in the file, outside any list."""
    found: KeyPath = ()
    for step in path:
        if isinstance(step, str) or (*found, step) in lines:
            found = (*found, step)
    return found


def _remedy(path: KeyPath) -> str:
    names = [part for part in path if isinstance(part, str)]
    model: type[Section] = Rules if len(names) == 1 else Rule if len(names) == 2 else Step
    near = nearest(names[-1], model.model_fields)
    return f'; did you mean "{near}"?' if near else f"; there are {', '.join(model.model_fields)}"


def _builtin(localpart: str, **settings: Any) -> Rule:
    return Rule.model_validate({"localpart": localpart, **settings})


_FLAKY: list[Mapping[str, Any]] = [
    {"probability": 0.2, "reply": "450 4.2.1 mailbox busy, try again"},
    {"probability": 0.1, "reply": "550 5.1.1 no such user here"},
]

BUILTIN: tuple[Rule, ...] = (
    _builtin("tempfail*", rcpt={"reply": "450 4.2.1 mailbox busy, try again"}),
    _builtin("permfail*", rcpt={"reply": "550 5.1.1 no such user here"}),
    _builtin("greylist*", greylist="5s"),
    _builtin("mailboxfull*", rcpt={"reply": "452 4.2.2 mailbox full"}),
    _builtin("dotdefer*", dot={"reply": "451 4.3.0 try again later"}),
    _builtin("dotreject*", dot={"reply": "554 5.7.1 message refused as spam"}),
    _builtin("flaky*", rcpt=_FLAKY),
    _builtin("slowreply*", dot={"delay": "2s"}),
    _builtin("neveranswer*", dot={"action": "hang"}),
    _builtin("hangup*", dot={"action": "close"}),
)
"""What the local parts with a meaning do, so that a demonstration needs no file."""
