"""The gate before every page: which host is asked, from where, how much is sent, who asks. And what browsers are told.

A page is reached by who is signed in, and by nobody else, unless its path is in OPEN: a new page is safe before it is
finished. What changes something must come from our own pages twice over: the browser says so (Origin,
Sec-Fetch-Site), and the form holds a secret of the session (`checked_form`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from anyio import to_thread
from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from postduif.campaign.accounts.fault import NotAllowed
from postduif.campaign.accounts.roles import Permission
from postduif.campaign.web.cookies import FORM, SESSION, is_same
from postduif.campaign.web.turns import Turns
from postduif.campaign.web.visitor import STATE, Finder, visitor_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # not no-referrer: forms would come without their Origin
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}
"""On every answer that does not say otherwise itself."""
LONG = 63_072_000  # seconds that a browser asks for nothing but https
API = "/api/"
APART = ("/static/", "/favicon.ico", API)
"""Paths where nobody looks who is signed in. What is below /api/ asks for a token itself."""
OPEN = (*APART, "/sign-in", "/enter/", "/shared/")
"""Paths that need no session."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MAX_BODY = 2 * 1024 * 1024
"""Octets of a request, where `Limits` names no more."""
_NO_NUMBER = re.compile(r"/[0-9]{19}")
"""In a path: nothing has a number so large, and neither SQLite nor Python's `int` takes all of them."""
POLL = "x-poll"
"""A part of a page that asks by itself says so, and is no use of the session."""
CSRF_FIELD = "csrf"
CSRF_HEADER = "x-csrf-token"

Limits = Mapping[str, int]
"""How paths begin, and the octets that a request may have there."""


class Gate:
    """ASGI: lets through what may pass."""

    def __init__(
        self, app: ASGIApp, *, hosts: frozenset[str] | None, origin: str, find: Finder, limits: Limits
    ) -> None:
        """`hosts`: names that may be asked for, None: all. `origin`: where our pages are, as browsers see it."""
        self._app = app
        self._hosts = hosts
        self._place = urlsplit(origin).netloc.lower()
        self._find = find
        self._limits = limits
        self._turns = Turns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        respond = _with_headers(send, secure=scope["scheme"] == "https")
        request = Request(scope)
        refusal = self._refusal(request) or await self._unknown(request)
        most = self._most(request)
        if refusal is None and _announced(request) > most:
            refusal = PlainTextResponse(f"{TooLarge(most)}\n", 413)
        if refusal is not None:
            await refusal(scope, receive, respond)
        elif visitor := visitor_of(request):
            async with self._turns.of(visitor.name) as give_back:
                await self._app(scope, _limited(receive, most), _until_live(respond, give_back))
        else:
            await self._app(scope, _limited(receive, most), respond)

    def _most(self, request: Request) -> int:
        """Octets of the body. Who may not edit has nothing large to send; the API has limits of its own."""
        path, visitor = request.url.path, visitor_of(request)
        if not path.startswith(API) and (visitor is None or not visitor.may(Permission.EDIT)):
            return MAX_BODY
        return max([MAX_BODY, *(most for begin, most in self._limits.items() if path.startswith(begin))])

    def _refusal(self, request: Request) -> Response | None:
        host = request.headers.get("host", "")
        if self._hosts is not None and _without_port(host) not in self._hosts:
            return _misdirected(request)
        if (
            request.method not in SAFE
            and not request.url.path.startswith(API)
            and _is_foreign(request.headers, self._place)
        ):
            return PlainTextResponse("This came from a page that is not ours.\n", 403)
        if _NO_NUMBER.search(request.url.path) and not request.url.path.startswith(API):
            return PlainTextResponse("There is no such page.\n", 404)
        return None

    async def _unknown(self, request: Request) -> Response | None:
        """Find who asks; the answer for whom nobody knows."""
        if request.url.path.startswith(APART):
            return None
        cookie = SESSION.read(request)
        active = "text/event-stream" not in request.headers.get("accept", "") and POLL not in request.headers
        visitor = await to_thread.run_sync(self._find, cookie, active) if cookie else None
        request.scope[STATE] = visitor
        if visitor is not None or request.url.path.startswith(OPEN):
            return None
        if request.headers.get("hx-request"):
            return Response(status_code=401, headers={"hx-redirect": "/sign-in"})
        if request.method not in SAFE:
            return RedirectResponse("/sign-in", 303)
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse("/sign-in" if asked == "/" else f"/sign-in?next={quote(asked)}", 303)


async def checked_form(request: Request) -> None:
    """A dependency of every page: what changes something proves that it comes from a form of this session.

    By the field `csrf` or, from scripts, the header X-CSRF-Token. Raises NotAllowed.
    """
    if request.method in SAFE:
        return
    visitor = visitor_of(request)
    wanted = visitor.session.csrf if visitor else FORM.read(request)
    given: Any = request.headers.get(CSRF_HEADER)
    if given is None:
        given = (await request.form()).get(CSRF_FIELD)
    if not isinstance(given, str) or not is_same(given, wanted):
        raise NotAllowed("This form is too old. Go back, load the page again and send it once more.")


def local_path(text: str) -> str:
    """A path on these pages, whoever wrote it; "/" for what leads elsewhere."""
    plain = text.isascii() and text.isprintable() and "\\" not in text
    return text if plain and text.startswith("/") and not text.startswith("//") else "/"


def _is_foreign(headers: Headers, place: str) -> bool:
    """The browser says that another page sent it. A program that says nothing has no cookie of a victim."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    return origin is not None and _place_of(origin) not in {headers.get("host", "").lower(), place} - {""}


def _place_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:  # as http://[
        return ""


def _without_port(host: str) -> str:
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdigit() else host.lower()


def _with_headers(send: Send, *, secure: bool) -> Callable[[Message], Awaitable[None]]:
    async def respond(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if secure:
                headers.setdefault("strict-transport-security", f"max-age={LONG}")
        await send(message)

    return respond


def _misdirected(request: Request) -> Response:
    """For programs as all that is wrong with a call; the API itself does not hear of it."""
    detail, remedy = "This is not the name of these pages.", "[web] url is."
    if not request.url.path.startswith(API):
        return PlainTextResponse(f"{detail} {remedy}\n", 421)
    told = {"type": "about:blank", "title": "Misdirected Request", "status": 421, "code": "misdirected"}
    return JSONResponse(told | {"detail": detail, "remedy": remedy}, 421, media_type="application/problem+json")


def _announced(request: Request) -> int:
    """Octets of the body, as its header says. What is no number is more than anything; the API judges its own."""
    said = request.headers.get("content-length", "0")
    if request.url.path.startswith(API):
        return 0
    return int(said[:20]) if said.isdecimal() else sys.maxsize


def _until_live(send: Send, give_back: Callable[[], None]) -> Send:
    """Live pages stay open, and have a limit of their own."""

    async def respond(message: Message) -> None:
        kind = Headers(raw=message.get("headers", [])).get("content-type", "")
        if message["type"] == "http.response.start" and kind.startswith("text/event-stream"):
            give_back()
        await send(message)

    return respond


def _limited(receive: Receive, most: int) -> Receive:
    """A body that ends the request when it grows too large, whatever length was announced."""
    had = 0

    async def bounded() -> Message:
        nonlocal had
        message = await receive()
        had += len(message.get("body", b""))
        if had > most:
            raise TooLarge(most)
        return message

    return bounded


class TooLarge(NotAllowed):
    """More octets than this page takes."""

    def __init__(self, most: int) -> None:
        super().__init__(f"That is too much at once: {most // 1024:,} KB is the most here.")
