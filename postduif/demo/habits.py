"""What readers of the demonstration do with a mail: which habits there are, and what each does when. Pure."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

_GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
_BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.2.0",
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
        " Mobile/15E148 Safari/604.1"
    ),
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0",
)
_PRIVACY, _FILTER = "Mozilla/5.0", "Mozilla/5.0 (compatible; Barracuda Sentinel (EE))"
AT_ONCE = 0.2  # seconds after which programs come by
PERSON = 6.5  # seconds before which nobody has read it: who comes within five is taken for a machine
_PROMPT = 1.5  # seconds over which prompt readers come
SLOW = 150.0  # seconds that others take, on average
_NEXT = 1.0  # seconds between opening and what follows


class Act(enum.Enum):
    """One thing that is done with a mail."""

    OPEN = "open"
    CLICK = "click"
    ALL_LINKS = "all links"
    WEB = "web version"
    LEAVE = "one-click"
    COMPLAIN = "complaint"
    BOUNCE = "late bounce"
    ANSWER = "absence note"


class Habit(enum.Enum):
    """A kind of reader."""

    OPENS = "opens"
    CLICKS = "clicks"
    LEAVES = "unsubscribes"
    WEB = "reads the web version"
    COMPLAINS = "complains"
    BOUNCES = "came back"
    ANSWERS = "is absent"
    PROXIED = "a proxy opens it"
    FILTERED = "a filter follows all links"
    NOTHING = "does nothing"


_SHARES = {
    Habit.OPENS: 150,
    Habit.CLICKS: 110,
    Habit.LEAVES: 18,
    Habit.WEB: 15,
    Habit.COMPLAINS: 3,
    Habit.BOUNCES: 6,
    Habit.ANSWERS: 10,
    Habit.PROXIED: 130,
    Habit.FILTERED: 60,
    Habit.NOTHING: 498,
}
"""Of a thousand."""


class Deed(NamedTuple):
    """An act, when, and by which program."""

    after: float
    """Seconds since the mail came."""
    act: Act
    agent: str


def prompt_ones(addresses: Sequence[str], most: int) -> dict[str, Habit]:
    """Who reads at once, of these and at most so many: of each habit one, and then as it comes."""
    every = list(Habit)
    return {
        address: every[place] if place < len(every) else habit_of(Random(address))  # noqa: S311
        for place, address in enumerate(addresses[:most])
    }


def habit_of(random: Random) -> Habit:
    """As often as there are such."""
    (one,) = random.choices(list(_SHARES), list(_SHARES.values()))
    return one


def deeds(habit: Habit, random: Random, *, prompt: bool) -> list[Deed]:
    """What they do, in order. A program of a host is always quick; `prompt` people come within some seconds."""
    agent = random.choice(_BROWSERS)
    person = PERSON + (random.random() * _PROMPT if prompt else random.expovariate(1 / SLOW))
    opened = Deed(person, Act.OPEN, random.choice((_GMAIL, agent)))
    then = person + _NEXT
    found = {
        Habit.OPENS: [opened],
        Habit.CLICKS: [opened, Deed(then, Act.CLICK, agent)],
        Habit.LEAVES: [opened, Deed(then, Act.LEAVE, agent)],
        Habit.WEB: [Deed(person, Act.WEB, agent)],
        Habit.COMPLAINS: [opened, Deed(then, Act.COMPLAIN, "")],
        Habit.BOUNCES: [Deed(person, Act.BOUNCE, "")],
        Habit.ANSWERS: [Deed(AT_ONCE if prompt else person, Act.ANSWER, "")],
        Habit.PROXIED: [Deed(AT_ONCE, Act.OPEN, _PRIVACY)],
        Habit.FILTERED: [Deed(AT_ONCE, Act.ALL_LINKS, _FILTER)],
        Habit.NOTHING: list[Deed](),
    }
    return found[habit]
