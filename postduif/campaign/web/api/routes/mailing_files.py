"""Images and attachments of a mailing."""

from __future__ import annotations

import mimetypes
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from postduif.campaign.mailings import editing, listing
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import MAX_NAME
from postduif.campaign.mailings.states import Action
from postduif.campaign.web.acting import see_changeable
from postduif.campaign.web.api.caller import Editing, Looking
from postduif.campaign.web.api.entrance import BODY
from postduif.campaign.web.api.mailing_shape import MailingOut
from postduif.campaign.web.api.people import IfMatch
from postduif.campaign.web.api.problem import Problem
from postduif.campaign.web.api.routes.mailings import answer, opened
from postduif.campaign.web.api.shape import Number

router = APIRouter(prefix="/mailings/{number}/files", tags=["files of a mailing"])
FileName = Annotated[str, Path(min_length=1, max_length=MAX_NAME)]


@router.get(
    "/{name}",
    response_class=Response,
    responses={200: {"description": "The file", "content": {"application/octet-stream": {}}}},
)
def one(who: Looking, number: Number, name: FileName) -> Response:
    """A file, as it was uploaded."""
    with mailings(who.desk.data_dir) as connection:
        found = [file for file in listing.find(connection, number).files if file.name == name]
        if not found:
            raise Problem("not_found", "The mailing has no file of that name.")
        content = listing.content_of(connection, found[0])
    headers = {"content-disposition": "attachment", "etag": f'"{found[0].hash}"', "x-content-type-options": "nosniff"}
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(content, media_type=kind, headers=headers)


@router.put("/{name}", openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {}}}})
def put(
    request: Request, who: Editing, number: Number, name: FileName, response: Response, if_match: IfMatch = ""
) -> MailingOut:
    """Have a file of that name: the body is the file. What the HTML shows as `cid:NAME` is an image in it."""
    with opened(who, number, if_match) as (connection, seen):
        see_changeable(who, seen, Action.EDIT)
        made = editing.attach(connection, seen, name, request.scope[BODY].read(), who.by())
    return answer(response, made)


@router.delete("/{name}")
def remove(who: Editing, number: Number, name: FileName, response: Response, if_match: IfMatch = "") -> MailingOut:
    """Without the file of that name."""
    with opened(who, number, if_match) as (connection, seen):
        if name not in {file.name for file in seen.files}:
            raise Problem("not_found", "The mailing has no file of that name.")
        see_changeable(who, seen, Action.EDIT)
        made = editing.detach(connection, seen, name, who.by())
    return answer(response, made)
