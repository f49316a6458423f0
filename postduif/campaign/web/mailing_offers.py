"""The buttons of a mailing: what can be done now, and of the rest, why it cannot be."""

from __future__ import annotations

from typing import NamedTuple

from postduif.campaign.accounts.roles import Permission, who_may
from postduif.campaign.mailings.record import Mailing, State
from postduif.campaign.mailings.states import Action, why_not, why_not_scheduled
from postduif.campaign.web.acting import why_not_changed
from postduif.campaign.web.visitor import Visitor


class Offer(NamedTuple):
    """One button."""

    title: str
    path: str
    """Below /mailings/NUMBER."""
    why_not: str
    """Why it cannot be done now, and what to do; "": it can."""
    tone: str = ""
    """primary, danger or nothing."""
    page: bool = False
    """A page that asks first, not something that is done at once."""


class _Row(NamedTuple):
    title: str
    path: str
    action: Action
    permission: Permission
    tone: str = ""
    page: bool = False


_ROWS = (
    _Row("Edit", "edit/setup", Action.EDIT, Permission.EDIT, page=True),
    _Row("Prepare", "prepare", Action.PREPARE, Permission.EDIT),
    _Row("Stop preparation", "stop-preparation", Action.STOP_PREPARING, Permission.EDIT),
    _Row("Send", "edit/confirm", Action.SEND, Permission.SEND, page=True),
    _Row("Schedule", "edit/confirm#schedule", Action.SCHEDULE, Permission.SEND, page=True),
    _Row("Unschedule", "unschedule", Action.UNSCHEDULE, Permission.SEND),
    _Row("Pause", "pause", Action.PAUSE, Permission.SEND),
    _Row("Resume", "resume", Action.RESUME, Permission.SEND),
    _Row("Stop", "stop", Action.STOP, Permission.SEND, "danger", page=True),
)
_FIRST = {
    State.DRAFT: Action.PREPARE,
    State.FAILED: Action.PREPARE,
    State.PREPARED: Action.SEND,
    State.PAUSED: Action.RESUME,
}
"""What is most likely done next."""
_BEFORE_PROOF = 3
PROOF = Offer("Proof", "proofs", "", page=True)


def offers(mailing: Mailing, who: Visitor) -> tuple[Offer, ...]:
    """All of them, in the order of a mailing's life."""
    made = [_offer(row, mailing, who) for row in (_ROWS[:1] if mailing.template else _ROWS)]
    proof = PROOF._replace(why_not=_not_allowed(Permission.EDIT, who))
    return (*made[:_BEFORE_PROOF], proof, *made[_BEFORE_PROOF:])


def _offer(row: _Row, mailing: Mailing, who: Visitor) -> Offer:
    asked = why_not_scheduled(mailing) if row.action is Action.SCHEDULE else why_not(mailing, row.action)
    tone = "primary" if _FIRST.get(mailing.state) is row.action else row.tone
    asked = asked or why_not_changed(who, mailing, row.action)
    return Offer(row.title, row.path, _not_allowed(row.permission, who) or asked, tone, row.page)


def _not_allowed(permission: Permission, who: Visitor) -> str:
    return "" if who.may(permission) else f"your role is {who.person.role}; this is for {who_may(permission)}"
