"""The audit trail of people, tokens, approvals and the audience. The history of a mailing stands with the mailing."""

from __future__ import annotations

from fastapi import APIRouter, Request

from postduif.campaign.accounts import audit
from postduif.campaign.web.api.caller import Administering
from postduif.campaign.web.api.shape import Before, Filter, Limit, Moment, Page, Shape, paged

router = APIRouter(prefix="/audit", tags=["audit"])


class EntryOut(Shape):
    """Something that was done."""

    id: int
    at: Moment
    who: str
    what: str
    about: str
    words: str


@router.get("")
def entries(
    request: Request, who: Administering, by: Filter = "", about: Filter = "", before: Before = 0, limit: Limit = 100
) -> Page[EntryOut]:
    """What was done, the latest first. `by`: only of this person; `about`: only about this, as `person anna`."""
    with who.desk.accounts() as connection:
        found = audit.listed(connection, who=by, about=about, before=before, limit=limit + 1)
    return paged(request, found, limit, lambda row: row.id, "before", EntryOut.model_validate)
