"""The words that `--cause` and `--excluded` take; one that is no cause is refused, with those that are."""

from __future__ import annotations

from collections.abc import Callable, Collection

import click

from postduif.bounce.category import CATEGORIES
from postduif.campaign.audience.exclusion import Exclusion
from postduif.campaign.checks.filters import Held
from postduif.config.words import nearest

_Read = Callable[[click.Context, click.Parameter, str | None], str | None]


def _one_of(known: Collection[str]) -> _Read:
    def read(_: click.Context, __: click.Parameter, word: str | None) -> str | None:
        if not word or word in known:
            return word
        near = nearest(word, known)
        raise click.BadParameter(
            f"{word!r} is no cause; " + (f"did you mean {near}?" if near else f"there are {', '.join(known)}")
        )

    return read


exclusion_cause = _one_of([*Exclusion, *Held])
"""Why somebody was excluded; "" is any."""
reply_cause = _one_of([*CATEGORIES])
"""What a reply meant; "" is any."""
