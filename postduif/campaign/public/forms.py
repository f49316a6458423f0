"""The pages of forms: signing up, confirming by the link in the mail, answering a mailing.

What is answered to somebody who signs up is the same whether the address is known or not, and so is the work that is
done for it. Programs are kept out without puzzles: a field that nobody sees, a least time, rates, and above all the
link, without which nothing comes of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from postduif.campaign.audience import subscriptions
from postduif.campaign.audience.attributes import Attribute, declared
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.subscriptions import SubscriptionType
from postduif.campaign.database import transaction
from postduif.campaign.forms import answers, confirmation, store
from postduif.campaign.forms.answers import Answer as Answered
from postduif.campaign.forms.answers import New
from postduif.campaign.forms.connection import are_there, forms
from postduif.campaign.forms.counting import add
from postduif.campaign.forms.filling import TRAP, Filled, filled
from postduif.campaign.forms.form import NoSuchForm, site_of
from postduif.campaign.forms.store import Stored
from postduif.campaign.kept import Kept
from postduif.campaign.public import answer
from postduif.campaign.public.answer import Answer
from postduif.campaign.public.form import Fields
from postduif.campaign.public.form_page import Page, form_page
from postduif.campaign.public.form_views import FormViews, Views
from postduif.campaign.public.rates import Rates
from postduif.campaign.public.rendering import Words, html, words_for, words_in
from postduif.campaign.public.request import Request, household, language_of
from postduif.campaign.public.threads import Threads
from postduif.campaign.tracking import whose
from postduif.campaign.tracking.links import location
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.recipient_token import Whom

SENT, SENDING = 30, 600.0
"""Forms from one network address in so many seconds; more get 429."""
OF_DAY, DAY = 60, 86400.0
"""Sign-ups from one network address in a day, each of which sends a mail."""
OF_FORM = 600
"""Sign-ups by one form from everywhere, within SENDING."""
OF_READER, ANSWERING = 20, 60.0
"""The same of one recipient of a mailing."""
_VERSION = re.compile(r"[0-9]{1,9}")


class Shown(NamedTuple):
    """A form with what belongs to it."""

    stored: Stored
    attributes: dict[str, Attribute]
    types: dict[str, SubscriptionType]


class FormRooms:
    """Methods are called on the event loop's thread. `close` at the end."""

    def __init__(self, config: Config, keys: Sequence[bytes], threads: Threads, clock: Clock) -> None:
        self._config = config
        self._data_dir = config.server.data_dir
        self._keys = keys
        self._run = threads.run
        self._clock = clock
        self._forms = Kept(lambda: forms(self._data_dir))
        self._people = Kept(lambda: audience(self._data_dir))
        self._views = FormViews(self._count, threads)
        self._from_one = Rates(SENT, SENDING, clock.monotonic, refusing=True)
        self._of_day = Rates(OF_DAY, DAY, clock.monotonic)
        self._of_form = Rates(OF_FORM, SENDING, clock.monotonic)
        self._of_reader = Rates(OF_READER, ANSWERING, clock.monotonic)

    def close(self) -> None:
        """When nobody asks any more."""
        self._views.flush()
        self._forms.close()
        self._people.close()

    async def show(self, request: Request, name: str, whom: Whom | None) -> Answer | None:
        """The form, for anybody or for a reader of a mailing; None: there is none for them."""
        found = await self._run(self._find, name, 0)
        if found is None or (whom is None and not found.stored.form.public):
            return None
        language = self._language(request, found)
        if found.stored.closed:
            return _said(words_in(language), "closed", 410)
        self._views.note(request, found.stored)
        return self._page(found, Page(language, {}, {}, "", whom is not None))

    async def take(self, request: Request, name: str, whom: Whom | None, fields: Fields) -> Answer | None:
        """What was posted there; None: there is no such form for them."""
        posted = fields.get("version", [""])[-1]
        version = int(posted) if _VERSION.fullmatch(posted) else 0
        found = await self._run(self._find, name, version)
        if found is None or (whom is None and not found.stored.form.public):
            return None
        form = found.stored.form
        language = form.language(fields.get("language", [""])[-1] or self._language(request, found))
        words = words_in(language)
        if found.stored.closed:
            return _said(words, "closed", 410)
        origin = request.headers.get("origin", "")
        elsewhere = origin not in ("", "null", self._config.web.public_url)
        if elsewhere and origin not in form.origins:
            return _said(words, "elsewhere", 403)
        who = household(request.client)
        if not (self._from_one.allows(who) if whom is None else self._of_reader.allows(whom)):
            return answer.too_often(SENDING if whom is None else ANSWERING)
        if any(fields.get(TRAP, ())):
            return self._went(found, words, whom)
        got = filled(form, language, found.attributes, fields, reader=whom is not None)
        if got.wrong:
            return self._page(found, Page(language, fields, got.wrong, "look_again", whom is not None), 422)
        in_time = confirmation.in_time(self._keys, name, fields.get("shown", [""])[-1], self._clock.time())
        if whom is None and not elsewhere and not in_time:
            return self._page(found, Page(language, fields, {}, "once_more", whom is not None))
        if whom is None and not self._of_day.allows(who):
            return answer.too_often(DAY)
        if whom is None and not self._of_form.allows(name):
            return answer.too_often(SENDING)
        await self._run(self._keep, self._new(request, found, language, got), whom)
        return self._went(found, words, whom)

    async def ask(self, request: Request, token: str) -> Answer | None:
        """Ask whether to confirm; None: no link of ours."""
        found = await self._confirmed(token)
        if found is None:
            return None
        words = words_in(found.language) if isinstance(found, Answered) else words_for(_accepted(request))
        if not isinstance(found, Answered):
            return _said(words, "over", 410)
        said = words("confirm_text", email=found.email)
        page = html("confirm.html", words, title=words("confirm"), sender="", text=said)
        return answer.page(page)

    async def confirm(self, request: Request, token: str) -> Answer | None:
        """The button was pressed; on disk before it is answered."""
        found = await self._confirmed(token)
        if not isinstance(found, Answered):
            return None if found is None else _said(words_for(_accepted(request)), "over", 410)
        await self._run(self._confirm, found, self._origin(request))
        words = words_in(found.language)
        shown = await self._run(self._find, found.form, found.version)
        thanks = shown.stored.form.texts[shown.stored.form.language(found.language)].thanks if shown else ""
        return _said(words, "confirmed", text=thanks)

    # --- inside

    def _language(self, request: Request, found: Shown) -> str:
        form = found.stored.form
        return language_of(_accepted(request), form.texts, form.language(""))

    def _page(self, found: Shown, page: Page, status: int = 200) -> Answer:
        form = found.stored.form
        shown = confirmation.shown(self._keys[0], form.name, self._clock.time())
        text = form_page(found.stored, found.attributes, found.types, page, shown)
        return answer.form(text, status, form.origins, site_of(form.redirect) if form.redirect else "")

    def _went(self, found: Shown, words: Words, whom: Whom | None) -> Answer:
        """The same whatever came of it."""
        form = found.stored.form
        if form.redirect:
            return answer.elsewhere(location(form.redirect).encode("ascii"), 303)
        if whom is None:
            return _said(words, "look")
        return _said(words, "thanks", text=form.texts[form.language(words("lang"))].thanks)

    def _new(self, request: Request, found: Shown, language: str, got: Filled) -> New:
        name, version, now = found.stored.form.name, found.stored.version, self._clock.time()
        asked = (got.email, got.subject, got.types, got.values)
        return New(name, version, now, language, *asked, self._origin(request))

    def _origin(self, request: Request) -> str:
        return request.client if self._config.web.keep_consent_address else ""

    async def _confirmed(self, token: str) -> Answered | bool | None:
        """The answer of a link; False: its time is over; None: it is none of ours."""
        link = confirmation.read(self._keys, token)
        if link is None:
            return None
        return await self._run(self._of_link, link) or False

    # --- in threads

    def _find(self, name: str, version: int) -> Shown | None:
        if not are_there(self._data_dir):
            return None
        try:
            with self._forms.use() as connection:
                stored = store.find(connection, name, version)
        except NoSuchForm:
            return self._find(name, 0) if version else None
        with self._people.use() as people:
            return Shown(stored, declared(people), subscriptions.types(people))

    def _keep(self, new: New, whom: Whom | None) -> None:
        with self._forms.use() as connection:
            if whom is None:
                answers.sign_up(connection, new)
            else:
                seed = whom.number in whose.facts(self._data_dir, whom.mailing, [whom.number]).seeds
                answers.respond(connection, new, *whom, seed=seed)

    def _count(self, views: Views) -> None:
        with self._forms.use() as connection, transaction(connection):
            for (name, version), number in views.items():
                add(connection, name, version, "seen", number)

    def _of_link(self, link: confirmation.Link) -> Answered | None:
        with self._forms.use() as connection:
            return answers.of_link(connection, link, self._clock.time())

    def _confirm(self, found: Answered, origin: str) -> None:
        with self._forms.use() as connection:
            answers.confirm(connection, found, self._clock.time(), origin)


def _said(words: Words, what: str, status: int = 200, text: str = "") -> Answer:
    shown = text or words(f"{what}_text")
    return answer.page(html("said.html", words, title=words(what), text=shown, sender="", token=""), status)


def _accepted(request: Request) -> str:
    return request.headers.get("accept-language", "")
