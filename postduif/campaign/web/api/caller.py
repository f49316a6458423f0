"""Who calls: found by the token before the call is looked at, and what it may. Each route names its scope."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from postduif.campaign.accounts import audit
from postduif.campaign.accounts.roles import GRANTS, Permission
from postduif.campaign.accounts.tokens import Bearer
from postduif.campaign.mailings.changing import By
from postduif.campaign.web.api.problem import Problem
from postduif.campaign.web.desk import Desk

STATE = "postduif.caller"
"""Where the entrance leaves it in the request's scope."""


class Caller(NamedTuple):
    """A program, at this desk, by one token of a person."""

    desk: Desk
    bearer: Bearer

    @property
    def name(self) -> str:
        """As it is written down."""
        return f"{self.bearer.person.name} (token {self.bearer.token.id})"

    def may(self, permission: Permission) -> bool:
        """Whether the token has the scope, and the role of its person grants it."""
        return permission in self.bearer.token.scopes and self.bearer.person.may(permission)

    def by(self, words: str = "") -> By:
        """What calls of the campaign are told: who, when, and why."""
        return By(self.name, self.desk.clock.time(), words)

    def note(self, what: str, about: str, words: str = "") -> None:
        """In the audit trail. Never values: it is not erased with a person."""
        with self.desk.accounts() as connection:
            audit.note(connection, self.by(), what, about, words)


class Needs:
    """A dependency: the caller, if token and person have the scope. Raises Problem."""

    def __init__(self, scope: Permission) -> None:
        self.scope = scope

    def __call__(self, request: Request) -> Caller:
        """Who calls."""
        caller = request.scope.get(STATE)
        if not isinstance(caller, Caller):
            raise Problem("unauthorized", "There is no token.")
        if self.scope not in caller.bearer.token.scopes:
            raise Problem("scope_missing", f"This needs a token with the scope {self.scope}.", scope=self.scope.value)
        role = caller.bearer.person.role
        if self.scope not in GRANTS[role]:
            raise Problem("not_allowed", f"The token is of a person whose role is {role}, which may not {self.scope}.")
        return caller


Looking = Annotated[Caller, Depends(Needs(Permission.LOOK))]
Editing = Annotated[Caller, Depends(Needs(Permission.EDIT))]
Sending = Annotated[Caller, Depends(Needs(Permission.SEND))]
Administering = Annotated[Caller, Depends(Needs(Permission.ADMINISTER))]
