"""Pictures of mailings: a grid of them, uploading, and what one is called, where it stands, who shows it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, UploadFile
from starlette.responses import FileResponse, Response

from postduif.campaign.accounts import audit
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.media import files, store
from postduif.campaign.media.connection import media
from postduif.campaign.media.look import TYPES
from postduif.campaign.media.picture import MediaFault, Picture
from postduif.campaign.media.uses import still_to_go, where
from postduif.campaign.web.cursor import Cursor, slice_of
from postduif.campaign.web.page import render, see
from postduif.campaign.web.pictures import shown
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.typed import Typed
from postduif.campaign.web.visitor import Editing, Looking, Visitor

PATH = "/media"
router = APIRouter(prefix=PATH)
AT_ONCE = 48
MAX_FILES = 50
"""Of one upload."""
MAX_UPLOAD = 40 * 1024 * 1024
"""Octets of one upload."""
_HEADERS = {
    "content-security-policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "cache-control": "private, max-age=86400, immutable",
}
_Text = Annotated[str, Query(max_length=200)]


@router.get("")
def everything(request: Request, who: Looking, text: _Text = "", before: Cursor = 0) -> Response:
    """All pictures, the newest first."""
    with media(who.desk.data_dir) as connection:
        found = store.listed(connection, text=text.strip(), before=before, limit=AT_ONCE + 1)
        together = store.room(connection)
    with mailings(who.desk.data_dir) as connection:
        used = still_to_go(connection)
    return render(
        request,
        "media/list.html",
        pictures=slice_of(request, found, AT_ONCE, lambda one: one.id),
        together=together,
        most=who.desk.config.campaign.media_space,
        used=used,
        text=text,
        public=who.desk.config.web.public_url,
    )


@router.post("")
def upload(request: Request, who: Editing, uploads: list[UploadFile]) -> Response:
    """Take in those that are pictures, and say what is wrong with the others."""
    given = [one for one in uploads if one.filename]
    refused = [f"{len(given) - MAX_FILES} files are left out; upload {MAX_FILES} at once"] * (len(given) > MAX_FILES)
    new = same = 0
    for one in given[:MAX_FILES]:
        try:
            fresh = _keep(who, one.filename or "", one.file.read(store.MAX_SIZE + 1))
        except MediaFault as fault:
            refused.append(f"{(one.filename or '')[-60:]}: {fault}")
        else:
            new, same = new + fresh, same + (not fresh)
    if refused:
        more = f" And {len(refused) - 5} more." if len(refused) > 5 else ""
        who.tell(" ".join(f"{one}." for one in refused[:5]) + more, "error")
    stored = f"{new} {'picture is' if new == 1 else 'pictures are'} stored." if new else ""
    there = f" {same} {'was' if same == 1 else 'were'} there already." if same else ""
    return see(request, PATH, f"{stored}{there}".strip())


@router.get("/{number:int}")
def one(request: Request, who: Looking, number: int) -> Response:
    """One of them."""
    return _page(request, who, number)


@router.get("/{number:int}/file")
def file(who: Looking, number: int) -> Response:
    """Its octets, for the grid: as what it was taken in, and nothing that could run."""
    with media(who.desk.data_dir) as connection:
        found = store.find(connection, number)
    place = files.place_of(who.desk.data_dir, found.hash, found.look.kind)
    if not place.is_file():
        return Response("The file is not there any more.\n", 404, media_type="text/plain")
    return FileResponse(place, media_type=TYPES[found.look.kind], headers=_HEADERS)


@router.post("/{number:int}")
def change(request: Request, who: Editing, number: int, name: Typed = "", alt: Typed = "") -> Response:
    """Another name, other words for who does not see it."""
    with media(who.desk.data_dir) as connection:
        before = store.find(connection, number)
        try:
            after = store.change(connection, before, name, alt)
        except MediaFault as fault:
            return _page(request, who, number, fault)
    _note(who, "picture.changed", after, f"was {before.file_name}" if before.name != after.name else "alt text")
    return see(request, f"{PATH}/{number}", "Stored.")


@router.post("/{number:int}/delete")
def delete(request: Request, who: Editing, number: int) -> Response:
    """Away with it, if nothing that is still to go shows it."""
    with media(who.desk.data_dir) as connection, mailings(who.desk.data_dir) as used:
        found = store.find(connection, number)
        store.delete(connection, used, who.desk.data_dir, found)
    _note(who, "picture.deleted", found)
    return see(request, PATH, f"{found.file_name} is gone.")


def _keep(who: Visitor, name: str, octets: bytes) -> bool:
    with media(who.desk.data_dir) as connection:
        most = who.desk.config.campaign.media_space
        made, fresh = store.keep(connection, who.desk.data_dir, name, octets, who.by(), most)
    if fresh:
        _note(who, "picture.added", made)
    return fresh


def _note(who: Visitor, what: str, picture: Picture, words: str = "") -> None:
    with who.desk.accounts() as accounts:
        audit.note(accounts, who.by(), what, f"picture {picture.file_name}", words or picture.hash)


def _page(request: Request, who: Visitor, number: int, fault: MediaFault | None = None) -> Response:
    with media(who.desk.data_dir) as connection, mailings(who.desk.data_dir) as used:
        found = store.find(connection, number)
        uses = where(used, found.hash)
    return render(
        request,
        "media/picture.html",
        status_of(fault) if fault else 200,
        one=shown(found, who.desk.config.web.public_url),
        uses=uses,
        wrong=str(fault) if fault else "",
    )
