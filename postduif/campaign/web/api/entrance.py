"""The gate of the API: who calls, how often, with how much, and whether it was answered before.

Whatever is refused here costs no more than reading it. A body is read whole, to memory or a file, before anything is
done: so a client that goes away in the middle has done nothing. Cookies mean nothing here, so no other site can make a
browser call; only the description of the API is also shown to who is signed in on the pages.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import tempfile
from typing import BinaryIO, NamedTuple, cast

from anyio import to_thread
from fastapi import Request
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from postduif.campaign.accounts import sessions, tokens
from postduif.campaign.accounts.roles import Permission
from postduif.campaign.audience import uploads
from postduif.campaign.kept import Kept
from postduif.campaign.media.store import MAX_SIZE
from postduif.campaign.public.rates import Rates
from postduif.campaign.web.api import answers, calls, json_body
from postduif.campaign.web.api.answers import Answer, Key
from postduif.campaign.web.api.caller import STATE, Caller
from postduif.campaign.web.api.problem import Problem, answer_of
from postduif.campaign.web.cookies import SESSION
from postduif.campaign.web.desk import Desk
from postduif.campaign.web.turns import Turns
from postduif.errors import PostduifError
from postduif.mta.merge.message import MAX_ATTACHED

DESCRIPTION = "/openapi.json"
BODY = "postduif.body"
"""Where the body is, in the request's scope, as a file that is read from its beginning."""
TIDY_EVERY = 3600.0  # seconds
A_MINUTE = 600
"""Requests of one token."""
USUAL = 2 * 1024 * 1024
"""Octets of a body where `_LIMITS` says nothing else."""
MOST = uploads.MAX_SIZE + 1024
_LIMITS = (
    (re.compile(r"/imports"), uploads.MAX_SIZE),
    (re.compile(r"/mailings/\d+/files/[^/]+"), MAX_ATTACHED),
    (re.compile(r"/media"), MAX_SIZE),
    (re.compile(r"/mailings(/\d+)?|/messages"), 32 * 1024 * 1024),
)
_OCTETS = re.compile(r"/imports|/media|/mailings/\d+/files/[^/]+")
"""Paths that take a file, and no JSON."""
_REPEATABLE = "/messages"
"""The MTA knows the key, too."""
_IN_MEMORY = 1024 * 1024
_KEY = re.compile(r"[!#-~]{1,255}")
_CHANGING = frozenset({"POST", "PUT", "PATCH"})


class _Call(NamedTuple):
    request: Request
    path: str
    """Below /api/v1."""
    caller: Caller
    body: BinaryIO
    digest: bytes


class Entrance:
    """ASGI: lets through what may pass."""

    def __init__(self, app: ASGIApp, desk: Desk) -> None:
        self._app = app
        self._desk = desk
        self._run = secrets.token_hex(8)
        self._calls = Kept(lambda: calls.calls(desk.data_dir))
        self._rates = Rates(A_MINUTE, 60, desk.clock.monotonic)
        self._turns = Turns()
        self._tidied = float("-inf")
        desk.on_close(self._calls.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        request = Request(scope, receive)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        try:
            if path == DESCRIPTION and await to_thread.run_sync(self._is_signed_in, request):
                await self._app(scope, receive, send)
                return
            caller = await to_thread.run_sync(self._caller, request)
            await self._tidy()
            if not self._rates.allows(caller.bearer.token.id):
                raise Problem("rate", f"More than {A_MINUTE} requests in a minute with this token.", wait=60)
            scope[STATE] = caller
            async with self._turns.of(caller.bearer.person.name):
                if request.method in _CHANGING:
                    await self._with_body(request, path, caller, send)
                else:
                    await self._app(scope, receive, send)
        except PostduifError as error:
            await answer_of(error)(scope, receive, send)

    async def _tidy(self) -> None:
        """Answers speak of people, so they go when their day is over, whether others come or not."""
        now = self._desk.clock.monotonic()
        if now >= self._tidied + TIDY_EVERY:
            self._tidied = now
            await to_thread.run_sync(self._forget_old)

    def _forget_old(self) -> None:
        with self._calls.use() as connection:
            calls.forget_old(connection, self._desk.clock.time())

    def _is_signed_in(self, request: Request) -> bool:
        cookie = SESSION.read(request)
        if not cookie or "authorization" in request.headers:
            return False
        lifetime = self._desk.config.web.session_lifetime
        with self._desk.accounts() as connection:
            return sessions.found(connection, cookie, self._desk.clock.time(), lifetime, active=False) is not None

    def _caller(self, request: Request) -> Caller:
        """Raises Problem. Who guesses is not held up: nobody finds 256 random bits."""
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and text:
            with self._desk.accounts() as connection:
                bearer = tokens.bearer(connection, text.strip(), self._desk.clock.time())
            if bearer is not None:
                return Caller(self._desk, bearer)
        problem = Problem("unauthorized", "There is no token." if not text else "This token is not known.")
        problem.fields["WWW-Authenticate"] = "Bearer"
        raise problem

    async def _with_body(self, request: Request, path: str, caller: Caller, send: Send) -> None:
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
            body = cast(BinaryIO, file)
            digest = await _read(request, path, caller, body)
            call = _Call(request, path, caller, body, digest)
            if not _OCTETS.fullmatch(path):
                await to_thread.run_sync(_judge, call)
            body.seek(0)
            key = self._key(call)
            if key is None:
                await self._app(self._scope(call), self._heard(call), send)
            else:
                await self._once(call, key, send)

    def _scope(self, call: _Call) -> Scope:
        return {**call.request.scope, BODY: call.body}

    def _heard(self, call: _Call) -> Receive:
        """A file is read by the route, from where it is; who reads JSON is told it again."""
        return _again(b"" if _OCTETS.fullmatch(call.path) else call.body.read())

    def _key(self, call: _Call) -> Key | None:
        """Raises Problem."""
        said = call.request.headers.get("idempotency-key")
        if said is None or call.request.method != "POST":
            return None
        text = said[1:-1] if len(said) > 2 and said[0] == said[-1] == '"' else said
        if not _KEY.fullmatch(text):
            raise Problem("malformed", "Idempotency-Key is 1 to 255 printable ASCII characters without blanks.")
        return Key(call.caller.bearer.token.id, text)

    async def _once(self, call: _Call, key: Key, send: Send) -> None:
        """Do it, or say what was said when it was done."""
        now = self._desk.clock.time()
        before = await to_thread.run_sync(self._begin, call, key, now)
        if before is not None:
            response = Response(before.body, before.status, dict(before.fields))
            response.headers["Idempotency-Replayed"] = "true"
            await response(call.request.scope, call.request.receive, send)
            return
        said: list[Message] = []

        async def collect(message: Message) -> None:
            said.append(message)

        try:
            await self._app(self._scope(call), self._heard(call), collect)
        finally:
            await to_thread.run_sync(self._end, key, _answer(said), abandon_on_cancel=False)
        for message in said:
            await send(message)

    def _begin(self, call: _Call, key: Key, now: float) -> Answer | None:
        with self._calls.use() as connection:
            repeatable = call.path == _REPEATABLE
            return answers.begin(connection, key, call.digest, now, self._run, repeatable=repeatable)

    def _end(self, key: Key, answer: Answer | None) -> None:
        with self._calls.use() as connection:
            if answer is None or answer.status in (500, 504):
                answers.unknown(connection, key)
            elif answer.status >= 400:
                answers.undone(connection, key)
            else:
                answers.done(connection, key, answer)


def limit_of(path: str) -> int:
    """Octets of a body for that path below /api/v1."""
    return next((most for pattern, most in _LIMITS if pattern.fullmatch(path)), USUAL)


async def _read(request: Request, path: str, caller: Caller, body: BinaryIO) -> bytes:
    """All of it; the digest of what is asked. Raises Problem. Who may only look has nothing large to send."""
    most = limit_of(path) if caller.may(Permission.EDIT) or caller.may(Permission.SEND) else USUAL
    if int(request.headers.get("content-length", "0")[:20]) > most:
        raise Problem("too_large", f"More than {most:,} octets.")
    url = request.url
    found = hashlib.sha256(f"{request.method}\n{url.path}?{url.query}\n".encode())
    had = 0
    async for block in request.stream():
        had += len(block)
        if had > most:
            raise Problem("too_large", f"More than {most:,} octets.")
        found.update(block)
        body.write(block)
    body.seek(0)
    return found.digest()


def _judge(call: _Call) -> None:
    """JSON, or nothing at all. Raises Problem."""
    octets = call.body.read()
    if not octets:
        return
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem("unsupported_type", "The body is JSON; say Content-Type: application/json.")
    json_body.judge(octets)


def _again(body: bytes) -> Receive:
    told = False

    async def receive() -> Message:
        nonlocal told
        if told:
            return {"type": "http.disconnect"}
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _answer(said: list[Message]) -> Answer | None:
    """None: there was none, or half of one."""
    if not said or said[-1].get("more_body", False) or said[-1]["type"] != "http.response.body":
        return None
    fields = [(name, value) for name, value in Headers(raw=said[0]["headers"]).items() if name != "content-length"]
    return Answer(said[0]["status"], fields, b"".join(one.get("body", b"") for one in said[1:]))
