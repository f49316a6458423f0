"""Every control rule there is: grouped by what it looks at, and by name in the order in which they look."""

from __future__ import annotations

from typing import NamedTuple

from postduif.campaign.checks.rule import Rule
from postduif.campaign.checks.rules import (
    authentication,
    blocklists,
    content,
    deco,
    links,
    pages,
    sender,
    sending,
    spam_filters,
    target,
)


class Group(NamedTuple):
    """Rules that look at the same thing."""

    id: str
    title: str
    rules: tuple[Rule, ...]


GROUPS = (
    Group("content", "What readers see", content.RULES),
    Group("sender", "Who it comes from", sender.RULES),
    Group("links", "Links, and the way to unsubscribe", (*links.RULES, *pages.RULES)),
    Group("time", "Time", sending.RULES),
    Group("dns", "The sender in DNS", (*authentication.RULES, *blocklists.RULES)),
    Group("target", "Who it goes to, holes and sizes", target.RULES),
    Group("spam", "Spam filters", spam_filters.RULES),
    Group("deco", "Deco-mail: the decorated mail of Japanese phones", deco.RULES),
)
"""As docs/checks.md has them."""

RULES: dict[str, Rule] = {
    one.id: one
    for one in sorted((one for group in GROUPS for one in group.rules), key=lambda one: (one.phase, one.order))
}
