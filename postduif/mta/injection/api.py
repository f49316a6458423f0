"""What can be asked over HTTP: `POST /api/v1/inject`. Looks at the head of a request; who reads the body is elsewhere.

A request with an idempotency key is alone with it from the look at what is kept to the last commit.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from postduif import log
from postduif.errors import StoreError
from postduif.mta.client_network import ClientAddress
from postduif.mta.injection import kept_keys, single
from postduif.mta.injection.bearer import Grant
from postduif.mta.injection.body import Body
from postduif.mta.injection.bulk import Bulk
from postduif.mta.injection.conversation import Gone
from postduif.mta.injection.door import Door, Visit
from postduif.mta.injection.items import Elements, Items, Lines
from postduif.mta.injection.kept_keys import Kept, Key
from postduif.mta.injection.problem import Answer, Problem
from postduif.mta.injection.request import Request
from postduif.mta.injection.tally import Tally

PATH = "/api/v1/inject"
LINES = ("application/jsonl", "application/x-ndjson", "application/ndjson")
JSON = "application/json"
MAX_KEY = 255  # characters
_KEY = re.compile(rf'[!#-~]{{1,{MAX_KEY}}}|"[ !#-\[\]-~]{{1,{MAX_KEY}}}"')


class Api:
    """Answers requests. One for each way in."""

    def __init__(self, door: Door, granted: Callable[[bytes | None, ClientAddress], Grant]) -> None:
        """`granted` judges an Authorization field, as `Bearers.grant`."""
        self._door = door
        self._granted = granted
        self._under_way: set[Key] = set()

    async def respond(self, request: Request, body: Body) -> Answer:
        """Do what is asked. Raises Problem, and Gone when the client went before its body was here."""
        try:
            return await self._respond(request, body)
        except (Problem, Gone):
            raise
        except StoreError as error:
            log.error("not stored", client=request.client.text, error=error)
            raise Problem("storage_failed", "the queue could not be read or written; try again later") from None
        except Exception as error:  # a mistake of ours costs one request, and the client keeps what it has
            log.error("failure", where="http", client=request.client.text, error=repr(error))
            raise Problem("failure", "something went wrong here; what was accepted before is not known to us") from None

    async def _respond(self, request: Request, body: Body) -> Answer:
        if request.path != PATH:
            raise Problem("not_found", f"there is {PATH} and nothing else")
        if request.method != "POST":
            raise Problem("method_not_allowed", f"{PATH} takes POST", fields=(("Allow", "POST"),))
        grant = self._granted(request.fields.get(b"authorization"), request.client)
        kind = _kind(request)
        key = _key(request, grant.user)
        visit = Visit(self._door, grant, request)
        body.limit = self._door.config().http.max_body_size
        if key is None:
            return await self._take(visit, body, kind, Tally(kind, None, None))
        if key in self._under_way:
            raise Problem("key_under_way", "a request with this Idempotency-Key is under way")
        self._under_way.add(key)
        try:
            return await self._take(visit, body, kind, Tally(kind, key, await self._kept(key)))
        finally:
            self._under_way.discard(key)

    async def _take(self, visit: Visit, body: Body, kind: str, tally: Tally) -> Answer:
        if kind in LINES:
            return await Bulk(visit, body, b"", Lines(0), tally).take()
        begun = b""
        while not begun.strip() and len(begun) < 1024 and (octets := await body.read()):
            begun += octets
        if begun.lstrip().startswith(b"["):
            items: Items = Elements(0)
            return await Bulk(visit, body, begun, items, tally).take()
        body.limit = 2 * self._door.config().http.max_message_size
        return await single.take(visit, body, begun, tally)

    async def _kept(self, key: Key) -> Kept | None:
        since = self._door.clock.time() - self._door.config().http.key_retention
        await self._door.store.do(kept_keys.forget, since)
        return await self._door.store.questions.ask(kept_keys.read, key, since)


def _kind(request: Request) -> str:
    """The media type of the body. Raises Problem."""
    if not request.has_body:
        raise Problem("length_required", "send a body, with Content-Length or chunked")
    if request.fields.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise Problem("unsupported_type", "Content-Encoding is not taken; send the body as it is")
    kind = request.fields.get(b"content-type", b"").decode("ascii", "replace").partition(";")[0].strip().lower()
    if kind != JSON and kind not in LINES:
        raise Problem("unsupported_type", f"Content-Type is {JSON} or {LINES[0]}")
    return JSON if kind == JSON else LINES[0]


def _key(request: Request, user: str) -> Key | None:
    """The Idempotency-Key, quoted (as the IETF draft has it) or not. Raises Problem."""
    said = request.fields.get(b"idempotency-key")
    if said is None:
        return None
    text = said.decode("ascii", "replace").strip()
    if not _KEY.fullmatch(text):
        raise Problem("bad_request", f"Idempotency-Key is 1 to {MAX_KEY} printable ASCII characters, or quoted text")
    return Key(user, text.strip('"'))
