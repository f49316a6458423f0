"""The pages on which a reader says what he wants, and the one that shows the mail. Nothing here is done on a GET."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from postduif.campaign.public import answer
from postduif.campaign.public.answer import Answer
from postduif.campaign.public.form import Fields
from postduif.campaign.public.known import Known
from postduif.campaign.public.person import Standing, standing
from postduif.campaign.public.rates import Rates
from postduif.campaign.public.rendering import Words, html, words_for
from postduif.campaign.public.request import Request
from postduif.campaign.public.threads import Threads
from postduif.campaign.public.web_version import web_version
from postduif.campaign.tracking.recorder import Recorder
from postduif.campaign.tracking.visit import Wanted, Wish
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.recipient_token import Whom

ONE_CLICK = ("List-Unsubscribe", "One-Click")
"""RFC 8058 3.2."""
WISHES = 20
"""POSTs of one recipient within WISHING seconds; more get 429. Mail services unsubscribe many from one address, so it
is not the address that is counted."""
WISHING = 60.0
OF_DAY = 100
"""The same within a day, as each is kept for ever; but for leaving, which is kept once and never refused for that."""
DAY = 86400.0
_LEAVING = (Wanted.UNSUBSCRIBE, Wanted.NO_TRACKING)
_Wishes = list[tuple[Wanted, str, str, str]]
"""Kind, type, how and wording of each."""


class Rooms:
    """Methods are called on the event loop's thread."""

    def __init__(self, config: Config, recorder: Recorder, threads: Threads, clock: Clock) -> None:
        self._config = config
        self._recorder = recorder
        self._clock = clock
        self._wishes = Rates(WISHES, WISHING, clock.monotonic)
        self._of_day = Rates(OF_DAY, DAY, clock.monotonic)
        self._read = threads.run

    # --- unsubscribing

    def ask(self, request: Request, token: str, known: Known) -> Answer:
        """Ask whether to unsubscribe."""
        words = _words(request)
        title = words("ask_type", title=known.title) if known.title else words("ask_all")
        return answer.page(html("ask.html", words, title=title, sender=known.sender, name=known.title, token=token))

    async def leave(self, request: Request, whom: Whom, token: str, known: Known, fields: Fields) -> Answer:
        """What was posted there: one click of a mail program, or a button of the page."""
        words = _words(request)
        if not self._wishes.allows((whom, "stay" not in fields)):
            return answer.too_often(WISHING)
        if "leave" not in fields and "stay" not in fields:
            if fields.get(ONE_CLICK[0]) != [ONE_CLICK[1]]:
                return _said(words, "wrong", 400)
            wishes = [(Wanted.UNSUBSCRIBE, known.mail_type, "one-click", "=".join(ONE_CLICK))]
            return await self._ask(request, whom, wishes, self._left(words, known, token, known.title))
        (button, values), *others = fields.items()
        if others or button not in ("leave", "stay") or values not in (["type"], ["all"]):
            return _said(words, "wrong", 400)
        type_ = known.mail_type if values == ["type"] else ""
        if button == "stay":
            wishes = [(Wanted.RESUBSCRIBE, type_, "page", words("stay"))]
            return await self._ask(request, whom, wishes, _said(words, "stayed", token=token))
        wording = words("leave_type", title=known.title) if type_ else words("leave_all")
        wishes = [(Wanted.UNSUBSCRIBE, type_, "page", wording)]
        return await self._ask(request, whom, wishes, self._left(words, known, token, known.title if type_ else ""))

    def _left(self, words: Words, known: Known, token: str, name: str) -> Answer:
        return answer.page(html("left.html", words, title=words("left"), sender=known.sender, name=name, token=token))

    # --- choosing

    async def preferences(self, request: Request, whom: Whom, known: Known) -> Answer:
        """What can be chosen, and what was."""
        found = await self._read(standing, self._config.server.data_dir, whom, self._clock.time())
        if found is None:
            return _said(_words(request), "gone", 410)
        return _chosen(_words(request), known, found)

    async def choose(self, request: Request, whom: Whom, known: Known, fields: Fields) -> Answer:
        """What was posted there."""
        words = _words(request)
        if not self._wishes.allows((whom, fields.get("do") == ["leave"])):
            return answer.too_often(WISHING)
        found = await self._read(standing, self._config.server.data_dir, whom, self._clock.time())
        if found is None:
            return _said(words, "gone", 410)
        match fields.get("do"):
            case ["save"]:
                return await self._ask(request, whom, list(_changes(words, found, fields)), _said(words, "saved"))
            case ["leave"]:
                wishes = [(Wanted.UNSUBSCRIBE, "", "preferences", words("leave_all"))]
                return await self._ask(request, whom, wishes, _said(words, "left", text="left_all"))
            case ["export" | "erase" as what]:
                wishes = [(Wanted(what), "", "preferences", words(what))]
                return await self._ask(request, whom, wishes, _said(words, "asked"))
        return _said(words, "wrong", 400)

    async def web(self, request: Request, whom: Whom, token: str) -> Answer:
        """The mail as a page."""
        found = await self._read(web_version, self._config, whom, token, self._clock.time())
        return _said(_words(request), "gone", 410) if found is None else answer.mail(found)

    # --- inside

    async def _ask(self, request: Request, whom: Whom, wishes: _Wishes, said: Answer) -> Answer:
        """Have them on disk, and say so; whoever asks too often of a day is told that instead. Raises StoreError."""
        if any(kind not in _LEAVING for kind, *_ in wishes) and not self._of_day.allows(whom):
            return answer.too_often(DAY)
        now = self._clock.time()
        futures = [
            self._recorder.ask(Wish(now, *whom, kind.value, type_, how, wording, request.client))
            for kind, type_, how, wording in wishes
        ]
        await asyncio.gather(*map(asyncio.wrap_future, futures))
        return said


def _changes(words: Words, found: Standing, fields: Fields) -> Iterator[tuple[Wanted, str, str, str]]:
    """Only what is otherwise than before is asked for."""
    ticked = set(fields.get("type", ()))
    for one in found.choices:
        if one.wanted and one.name not in ticked:
            yield Wanted.UNSUBSCRIBE, one.name, "preferences", f"{words('save')}: - {one.title}"
        elif not one.wanted and one.name in ticked:
            yield Wanted.RESUBSCRIBE, one.name, "preferences", f"{words('save')}: + {one.title}"
    wishes = fields.get("tracking")
    if wishes == ["no"] and found.tracked:
        yield Wanted.NO_TRACKING, "", "preferences", words("tracking_no")
    elif wishes == ["yes"] and not found.tracked:
        yield Wanted.TRACKING, "", "preferences", words("tracking_yes")


def _chosen(words: Words, known: Known, found: Standing) -> Answer:
    title = words("preferences")
    return answer.page(
        html(
            "preferences.html",
            words,
            title=title,
            sender=known.sender,
            choices=found.choices,
            tracked=found.tracked,
        )
    )


def _said(words: Words, what: str, status: int = 200, text: str = "", token: str = "") -> Answer:
    shown = words(text or f"{what}_text")
    return answer.page(html("said.html", words, title=words(what), text=shown, sender="", token=token), status)


def _words(request: Request) -> Words:
    return words_for(request.headers.get("accept-language", ""))
