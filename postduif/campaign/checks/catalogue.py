"""Every control rule there is, by name, in the order in which they look."""

from __future__ import annotations

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

_PARTS = (content, sender, links, pages, sending, authentication, blocklists, target, spam_filters, deco)

RULES: dict[str, Rule] = {
    one.id: one
    for one in sorted((one for part in _PARTS for one in part.RULES), key=lambda one: (one.phase, one.order))
}
