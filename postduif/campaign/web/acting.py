"""What the pages and the API need before they do something: who may, a second person's yes, the means.

Both ask the same functions, so a token never does what its person cannot do on the pages.
"""

from __future__ import annotations

from collections.abc import Iterable
from sqlite3 import Connection
from typing import Protocol

from postduif.campaign.accounts import approval
from postduif.campaign.accounts.fault import NotAllowed
from postduif.campaign.accounts.roles import Permission, who_may
from postduif.campaign.audience.standing import SAID_THEMSELVES
from postduif.campaign.forms.responding import forms_of
from postduif.campaign.mailings.changing import DATED
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.mailings.schedule import Schedule
from postduif.campaign.mailings.states import TABLE, Action
from postduif.campaign.preparing.places import Places
from postduif.campaign.sending.acting import Means
from postduif.campaign.web.desk import Desk


class Who(Protocol):
    """Somebody at a desk: a person on the pages, or a program by its token."""

    @property
    def desk(self) -> Desk:
        """Where."""

    def may(self, permission: Permission) -> bool:
        """Whether the role, and a token's scopes, grant it."""


def see_approved(desk: Desk, mailing: Mailing, when: Schedule | None = None) -> None:
    """Raises NotAllowed where a second person has to agree first that it is sent now, or goes then."""
    if desk.config.web.approval:
        with desk.accounts() as connection:
            approval.see_approved(connection, approval.subject_of(mailing, when))


def why_not_changed(who: Who, mailing: Mailing, action: Action) -> str:
    """Why this person cannot edit or prepare what goes by itself at its date; "": they can, or an edit drops the date.

    Nobody looks at it again before it goes. So it takes who may send; and where two have to agree, it comes off its
    date first, and is asked for anew. To stop its preparation, which takes it off its date, needs who may send alone.
    """
    if mailing.template and not who.may(Permission.SEND) and (names := forms_of(who.desk.data_dir, mailing.number)):
        return f"Who fills in the form {names[0]} gets it. To {action} it is for {who_may(Permission.SEND)}."
    step = TABLE.get((mailing.state, action))
    stops = action is Action.STOP_PREPARING
    if mailing.schedule is None or step is None or not (stops or step.to in DATED):
        return ""
    if not who.may(Permission.SEND):
        return f"It goes by itself at its date. To {action} it then is for {who_may(Permission.SEND)}."
    if who.desk.config.web.approval and not stops:
        return f"A second person agreed to it as it is. Unschedule it, {action} it, and ask again."
    return ""


def see_changeable(who: Who, mailing: Mailing, action: Action) -> None:
    """Raises NotAllowed with the words of `why_not_changed`."""
    if why := why_not_changed(who, mailing, action):
        raise NotAllowed(why)


def see_may_respond(who: Who, template: int) -> None:
    """Raises NotAllowed for who may not have that template, 0 for none, sent to all who fill in a form."""
    if not template:
        return
    if not who.may(Permission.SEND):
        raise NotAllowed(f"It sends a mailing by itself. That is for {who_may(Permission.SEND)}.")
    if who.desk.config.web.approval:
        raise NotAllowed("A second person has to agree to what is sent (web.approval), so no form sends by itself.")


def see_released(who: Who, causes: Iterable[str]) -> None:
    """Raises NotAllowed for who may not let go of an entry of such a cause: it is what somebody said themselves."""
    if not SAID_THEMSELVES.isdisjoint(causes) and not who.may(Permission.ADMINISTER):
        raise NotAllowed(f"They said so themselves. To write to them again is for {who_may(Permission.ADMINISTER)}.")


def means_of(desk: Desk, connection: Connection) -> Means:
    """What it takes to act. `connection` is that of the mailings."""
    return Means(connection, Places(desk.data_dir), desk.ask, desk.clock.time())
