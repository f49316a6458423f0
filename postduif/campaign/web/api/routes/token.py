"""The token itself: who calls, and what it may."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from postduif.campaign.web.api.caller import Looking
from postduif.campaign.web.api.shape import Moment, Shape

router = APIRouter(prefix="/token", tags=["token"])


class TokenOut(Shape):
    """The token that the call was made with."""

    id: str
    person: str = Field(description="Whose it is.")
    role: str = Field(description="Of that person; it limits the token, too.")
    title: str
    scopes: list[str]
    made: Moment


@router.get("")
def own(who: Looking) -> TokenOut:
    """Whose token this is, and what it may."""
    person, token = who.bearer
    scopes = sorted(scope.value for scope in token.scopes if who.bearer.may(scope))
    return TokenOut(
        id=token.id, person=person.name, role=person.role.value, title=token.title, scopes=scopes, made=token.made
    )
