"""The style sheet and the scripts: read once, served with their digest in the address, so that browsers keep them."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

router = APIRouter()

_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@cache
def _all() -> dict[str, bytes]:
    folder = resources.files("postduif.campaign.web").joinpath("static")
    return {one.name: one.read_bytes() for one in folder.iterdir() if one.name.rpartition(".")[2] in _TYPES}


@cache
def asset(name: str) -> str:
    """The address of a file in `static/`. Raises KeyError."""
    return f"/static/{hashlib.sha256(_all()[name]).hexdigest()[:12]}/{name}"


@router.get("/static/{digest}/{name}")
def static(digest: str, name: str) -> Response:
    """One of the files; with an old digest it is the new file, which no browser keeps."""
    content = _all().get(name)
    if content is None:
        return PlainTextResponse("There is no such file.\n", 404)
    keep = "public, max-age=31536000, immutable" if asset(name) == f"/static/{digest}/{name}" else "no-cache"
    return Response(content, media_type=_TYPES[name.rpartition(".")[2]], headers={"cache-control": keep})


@router.get("/favicon.ico")
def favicon() -> Response:
    """What browsers ask for by themselves."""
    return static(asset("mark.svg").split("/")[2], "mark.svg")
