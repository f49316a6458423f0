"""The application behind `web.public_url`: links, opens, the web version, unsubscribing and choosing.

    GET  /c/TOKEN/N        to where link N leads           GET  /w/TOKEN   the mail as a page
    GET  /o/TOKEN.gif      one transparent dot             GET  /p/TOKEN   choose; POST changes
    GET  /u/TOKEN          asks; POST unsubscribes (RFC 8058, or the button of the page)
    GET  /f/NAME           a form; POST signs up           GET  /y/TOKEN   asks; POST confirms
    GET  /f/TOKEN/NAME     a form for a reader of a mailing; POST answers
    GET  /m/HASH/NAME      a picture that mails show

GET and HEAD change nothing for anybody; visits are only noted. All tokens that are not ours get the same answer. What a
POST asked for is on disk before its 200. Links and opens touch no disk: the mailing is in memory after the first.
"""

from __future__ import annotations

import asyncio
import contextlib

from starlette.types import Receive, Scope, Send

from postduif import log, recipient_token
from postduif.bounce import keyring
from postduif.campaign.media.files import opened
from postduif.campaign.public import answer, form
from postduif.campaign.public.answer import Answer
from postduif.campaign.public.forms import FormRooms
from postduif.campaign.public.known import Known, Mailings
from postduif.campaign.public.leading import leads_to
from postduif.campaign.public.rates import Rates
from postduif.campaign.public.rendering import html, stylesheet, words_for
from postduif.campaign.public.request import Request, believing, household, request_of
from postduif.campaign.public.rooms import Rooms
from postduif.campaign.public.threads import Busy, Threads
from postduif.campaign.tracking.machines import seen
from postduif.campaign.tracking.recorder import Recorder
from postduif.campaign.tracking.visit import Visit, Visited
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.errors import PostduifError
from postduif.recipient_token import Whom

BODY_TIME = 10.0  # seconds that a body may take
GUESSES = 30
"""Tokens that are not ours from one address within GUESSING seconds; more get 429."""
GUESSING = 10.0
VISITS = 60
"""Visits of one recipient within VISITING seconds that are noted; he gets his pages all the same."""
VISITING = 60.0
LOOKS = 30
"""Pages made from files (`/w/`, `/p/`, `/f/`, `/y/`) and forms sent, for one recipient, or for one address where there
is none, within LOOKING seconds; more get 429, so that one reader does not keep the others from theirs."""
LOOKING = 60.0
_BLOCK = 65_536  # octets of a picture in memory
_SUFFIX = ".gif"
_POSTED = ("u", "p", "f", "y")
_IN_PROOFS = {"u": 2, "p": 2, "w": 2, "f": 3}
"""How many parts the address of a page has to which a proof leads."""


class Public:
    """One ASGI application. `create_app` makes it."""

    def __init__(self, config: Config, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._keys = keyring.load(config.server.data_dir / recipient_token.KEY_FILE, create=True)
        self._mailings = Mailings(config.server.data_dir, clock)
        self._client = believing(config.web.trusted_proxies)
        self._guesses = Rates(GUESSES, GUESSING, clock.monotonic)
        self._visits = Rates(VISITS, VISITING, clock.monotonic)
        self._looks = Rates(LOOKS, LOOKING, clock.monotonic)
        self.recorder = Recorder(config.server.data_dir, clock)
        """What keeps visits and wishes."""
        threads = Threads(clock)
        self._rooms = Rooms(config, self.recorder, threads, clock)
        self._forms = FormRooms(config, self._keys, threads, clock)

    def close(self) -> None:
        """Write what is in memory, and end; when no server asks any more."""
        self.recorder.close()
        self._forms.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI 3)."""
        assert scope["type"] == "http", "the server is told to leave out lifespan and WebSockets"
        found = await self._answer(request_of(scope, self._client), receive)
        with found.picture.file if found.picture else contextlib.nullcontext() as file:
            await send({"type": "http.response.start", "status": found.status, "headers": found.fields})
            while file and scope["method"] == "GET" and (block := await asyncio.to_thread(file.read, _BLOCK)):
                await send({"type": "http.response.body", "body": block, "more_body": True})
            await send({"type": "http.response.body", "body": found.body})

    async def _answer(self, request: Request, receive: Receive) -> Answer:
        room = request.parts[0]
        try:
            if request.method in ("GET", "HEAD"):
                return await self._look(request, room)
            if request.method == "POST" and room in _POSTED:
                return await self._post(request, room, receive)
            return answer.words(405, "ask with GET", ((b"allow", b"GET, HEAD"),))
        except Busy:
            pass  # told by the threads, once for many
        except PostduifError as error:
            log.error("public_page_failed", room=room, error=error)
        except Exception as error:  # a mistake of ours costs one reader a page, and shows nothing of us
            log.error("failure", where="public", room=room, error=repr(error))
        return self._said(request, "busy", 503, ((b"retry-after", b"60"),))

    async def _look(self, request: Request, room: str) -> Answer:
        parts = request.parts
        if room == "o":
            whom = self._whom(parts[1].removesuffix(_SUFFIX)) if len(parts) == 2 else None
            if whom is not None:
                self._note(request, whom, Visited.OPEN)
            return answer.OPENED
        if room == "m":
            picture = await asyncio.to_thread(opened, self._config.server.data_dir, "/" + "/".join(parts))
            return answer.picture(picture) if picture else answer.words(404, "there is no such picture")
        if room == "style.css" and len(parts) == 1:
            return answer.style(stylesheet())
        if room == "c" and len(parts) == 3:
            return await self._click(request, parts[1], parts[2])
        if _of_proof(parts):
            return self._said(request, "proof", 200)
        if room in ("u", "p", "w") and len(parts) == 2 and (whom := self._whom(parts[1])) is not None:
            known = await self._mailings.known(whom.mailing)
            if room == "u":
                self._note(request, whom, Visited.UNSUBSCRIBE_PAGE)
                return self._rooms.ask(request, parts[1], known)
            if not self._looks.allows(whom):
                return answer.too_often(LOOKING)
            if room == "p":
                return await self._rooms.preferences(request, whom, known)
            self._note(request, whom, Visited.WEB)
            return await self._rooms.web(request, whom, parts[1])
        if room == "y" and len(parts) == 2:
            if not self._looks.allows(household(request.client)):
                return answer.too_often(LOOKING)
            return await self._forms.ask(request, parts[1]) or self._unknown(request)
        if room == "f" and (asked := self._form(parts)) is not None:
            if not self._looks.allows(asked[1] or household(request.client)):
                return answer.too_often(LOOKING)
            return await self._forms.show(request, *asked) or self._unknown(request)
        return self._unknown(request)

    def _form(self, parts: list[str]) -> tuple[str, Whom | None] | None:
        """Which form is asked for, and by which reader; None: by nobody that we know."""
        if len(parts) == 2:
            return parts[1], None
        whom = self._whom(parts[1]) if len(parts) == 3 else None
        return (parts[2], whom) if whom else None

    async def _click(self, request: Request, token: str, number: str) -> Answer:
        whom = self._whom(token)
        if whom is None or not (number.isascii() and number.isdigit() and len(number) < 7):
            return self._unknown(request)
        known: Known | None = self._mailings.remembered(whom.mailing)
        if known is None:
            known = await self._mailings.known(whom.mailing)
        link = known.links.get(int(number))
        if link is None or (destination := leads_to(link, request.query)) is None:
            return self._unknown(request)
        self._note(request, whom, Visited.CLICK, link.number)
        return answer.elsewhere(destination)

    async def _post(self, request: Request, room: str, receive: Receive) -> Answer:
        token = request.parts[1] if len(request.parts) == 2 else ""
        whom = self._whom(token) if room in ("u", "p") else None
        asked = self._form(request.parts) if room == "f" else None
        if whom is None and asked is None and room != "y":
            return self._said(request, "proof", 200) if _of_proof(request.parts) else self._unknown(request)
        if whom is None and not self._looks.allows((asked and asked[1]) or household(request.client)):
            return answer.too_often(LOOKING)
        try:
            async with asyncio.timeout(BODY_TIME):
                body = await _body(receive)
            if body is None:
                return answer.words(413, "too much", ((b"connection", b"close"),))
            fields = form.read(request.headers.get("content-type", ""), body)
        except TimeoutError:
            return answer.words(408, "too slow", ((b"connection", b"close"),))
        except ValueError:
            return self._said(request, "wrong", 400)
        if asked is not None:
            return await self._forms.take(request, *asked, fields) or self._unknown(request)
        if whom is None:
            return await self._forms.confirm(request, token) or self._unknown(request)
        known = await self._mailings.known(whom.mailing)
        if room == "u":
            return await self._rooms.leave(request, whom, token, known, fields)
        return await self._rooms.choose(request, whom, known, fields)

    def _whom(self, token: str) -> Whom | None:
        return recipient_token.read(self._keys, token)

    def _note(self, request: Request, whom: Whom, kind: Visited, link: int = 0) -> None:
        if not self._visits.allows(whom):
            return
        family, machine = seen(kind, request.method, request.headers)
        now = self._clock.time()
        self.recorder.note(Visit(now, whom.mailing, whom.number, kind.value, link, family, machine.value))

    def _unknown(self, request: Request) -> Answer:
        """The same for all that is not ours."""
        if not self._guesses.allows(household(request.client)):
            return answer.too_often(GUESSING)
        return self._said(request, "unknown", 404)

    def _said(self, request: Request, what: str, status: int, more: answer.Fields = ()) -> Answer:
        words = words_for(request.headers.get("accept-language", ""))
        page = html("said.html", words, title=words(what), text=words(f"{what}_text"), sender="", token="")
        return answer.page(page, status, more)


def create_app(config: Config, clock: Clock) -> Public:
    """The application; `close` it at the end. Raises ConfigError and StoreError when key or file cannot be used."""
    return Public(config, clock)


def _of_proof(parts: list[str]) -> bool:
    return len(parts) == _IN_PROOFS.get(parts[0]) and parts[1] == recipient_token.SAMPLE


async def _body(receive: Receive) -> bytes | None:
    """None: it is larger than a form of ours."""
    found = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ValueError("the client went away")
        found += message.get("body", b"")
        if len(found) > form.MAX_BODY:
            return None
        if not message.get("more_body"):
            return bytes(found)
