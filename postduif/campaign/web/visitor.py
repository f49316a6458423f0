"""Who is asking: found by the cookie before a page sees the request, and what a page may then ask of it.

A page writes who it is for in its signature: `who: Editing`. Who may not hears so, with the roles that may.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from postduif.campaign.accounts.fault import NotAllowed
from postduif.campaign.accounts.people import Person
from postduif.campaign.accounts.roles import Permission, who_may
from postduif.campaign.accounts.sessions import Session
from postduif.campaign.mailings.changing import By
from postduif.campaign.web.desk import Desk, Tone

STATE = "postduif.visitor"
"""Where the gate leaves it in the request's scope."""


class Visitor(NamedTuple):
    """A person who is signed in, at this desk, by one session."""

    desk: Desk
    person: Person
    session: Session

    @property
    def name(self) -> str:
        """As it is written down."""
        return self.person.name

    def may(self, permission: Permission | str) -> bool:
        """Whether the role grants it; for templates by name: `who.may("send")`."""
        return self.person.may(Permission(permission))

    def by(self, words: str = "") -> By:
        """What calls of the campaign are told: who, when, and why."""
        return By(self.person.name, self.desk.clock.time(), words)

    def tell(self, text: str, tone: Tone = "done") -> None:
        """Say it at the top of the next page."""
        self.desk.tell(self.session.hashed, text, tone)


def visitor_of(request: Request) -> Visitor | None:
    """Who is signed in; None: nobody."""
    found: Visitor | None = request.scope.get(STATE)
    return found


class Needs:
    """A dependency: the visitor, if it has the permission. Raises NotAllowed, which becomes a page with 403."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    def __call__(self, request: Request) -> Visitor:
        """Who asks."""
        visitor = visitor_of(request)
        if visitor is None:
            raise NotAllowed("Sign in first.")
        if not visitor.may(self.permission):
            raise NotAllowed(f"Your role is {visitor.person.role}. This is for {who_may(self.permission)}.")
        return visitor


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


OfDesk = Annotated[Desk, Depends(_desk)]
Looking = Annotated[Visitor, Depends(Needs(Permission.LOOK))]
Editing = Annotated[Visitor, Depends(Needs(Permission.EDIT))]
Sending = Annotated[Visitor, Depends(Needs(Permission.SEND))]
Approving = Annotated[Visitor, Depends(Needs(Permission.APPROVE))]
Administering = Annotated[Visitor, Depends(Needs(Permission.ADMINISTER))]

Finder = Callable[[str, bool], Visitor | None]
"""Who holds this cookie; True: a person is doing something, and not only a page that keeps itself up to date."""
