"""Pictures that mails show: listed, taken in, let go."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from postduif.campaign.mailings.connection import mailings
from postduif.campaign.media import store
from postduif.campaign.media.connection import media
from postduif.campaign.media.picture import MAX_ALT, Picture
from postduif.campaign.web.api.caller import Caller, Editing, Looking
from postduif.campaign.web.api.entrance import BODY
from postduif.campaign.web.api.shape import Before, Filter, Limit, Moment, Number, Page, Shape, paged

router = APIRouter(prefix="/media", tags=["media"])
FileName = Annotated[str, Query(min_length=1, max_length=200)]
Alt = Annotated[str, Query(max_length=MAX_ALT, description="What it shows, for who does not see it.")]


class PictureOut(Shape):
    """One that is on file."""

    id: int
    name: str = Field(description="With the ending of what it is, whatever the file was called.")
    alt: str
    kind: Literal["png", "jpg", "gif", "webp"]
    width: int
    height: int
    size: int = Field(description="Octets.")
    url: str | None = Field(description="For the content of a mailing; null: web.public_url is not set.")
    at: Moment
    by: str


@router.get("")
def list_pictures(
    request: Request, who: Looking, text: Filter = "", before: Before = 0, limit: Limit = 100
) -> Page[PictureOut]:
    """All pictures, the newest first; with `text`, those that have it in name or alt text."""
    with media(who.desk.data_dir) as connection:
        found = store.listed(connection, text=text, before=before, limit=limit + 1)
    return paged(request, found, limit, lambda one: one.id, "before", lambda one: _shown(who, one))


@router.post(
    "",
    status_code=201,
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}},
    responses={200: {"description": "It was there already", "model": PictureOut}},
)
def upload(request: Request, who: Editing, name: FileName, response: Response, alt: Alt = "") -> PictureOut:
    """Upload a PNG, JPEG, GIF or WebP: the body is the file. One that is there already is answered as it is (200)."""
    octets, most = request.scope[BODY].read(), who.desk.config.campaign.media_space
    with media(who.desk.data_dir) as connection:
        made, fresh = store.keep(connection, who.desk.data_dir, name, octets, who.by(), most, alt=alt)
    if fresh:
        who.note("picture.added", f"picture {made.file_name}", made.hash)
    else:
        response.status_code = 200
    return _shown(who, made)


@router.delete("/{number}", status_code=204)
def delete(who: Editing, number: Number) -> Response:
    """Away with it, if no template shows it, and no mailing that has not ended."""
    with media(who.desk.data_dir) as connection, mailings(who.desk.data_dir) as used:
        found = store.find(connection, number)
        store.delete(connection, used, who.desk.data_dir, found)
    who.note("picture.deleted", f"picture {found.file_name}", found.hash)
    return Response(status_code=204)


def _shown(who: Caller, one: Picture) -> PictureOut:
    public = who.desk.config.web.public_url
    return PictureOut(
        id=one.id,
        name=one.file_name,
        alt=one.alt,
        kind=one.look.kind.value,
        width=one.look.width,
        height=one.look.height,
        size=one.size,
        url=public + one.path if public else None,
        at=one.at,
        by=one.by,
    )
