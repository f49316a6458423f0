"""Carries what people answered on: the mail that asks to confirm to the MTA, what was confirmed to the audience, and
who filled in a form to a mailing, if it has one.

An answer is on disk before the page says anything, and stays to be done until all have it. Each step may be done again,
so it may be killed anywhere; a mail is queued once all the same. While the MTA is away it is tried again.
"""

from __future__ import annotations

import sqlite3
import threading
from functools import partial

from postduif import log, recipient_token
from postduif.bounce import keyring
from postduif.campaign.audience import contacts, subscriptions
from postduif.campaign.audience.attributes import declared
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.subscriptions import ConsentEvent, Proof, SubscriptionType
from postduif.campaign.audience.upsert import note_origin, source_id
from postduif.campaign.coming_back import come_back
from postduif.campaign.database import transaction
from postduif.campaign.forms import answers, confirmation, responding, store
from postduif.campaign.forms.answers import Answer
from postduif.campaign.forms.connection import are_there, forms
from postduif.campaign.forms.form import EVERYBODY_HAS, Form
from postduif.campaign.forms.letter import letter
from postduif.campaign.insisting import Insisting, Rounds, rounds
from postduif.campaign.tracking import whose
from postduif.clock import Clock
from postduif.config.schema import Config
from postduif.mta.control import Tell
from postduif.mta.injecting import NotAccepted, inject

EVERY = 0.5  # seconds between looks
TIDY_EVERY = 3600.0
SOURCE = "form"


class FormCarrier:
    """One per installation; a second does no harm. `step` is called by one thread at a time."""

    def __init__(self, config: Config, tell: Tell, clock: Clock) -> None:
        self._config = config
        self._data_dir = config.server.data_dir
        self._tell = tell
        self._clock = clock
        self._tidied = float("-inf")
        self._insisting = Insisting("answer", clock)
        self._responding = Insisting("response", clock)

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop."""
        there, opened = partial(are_there, self._data_dir), partial(forms, self._data_dir)
        rounds(Rounds("forms", there, opened, self.step, EVERY), stop)

    def step(self, connection: sqlite3.Connection) -> None:
        """Do all that can be done now. Raises StoreError, sqlite3.Error."""
        now = self._clock.monotonic()
        if not self._insisting.silent:
            for answer in [*answers.to_mail(connection), *answers.to_do(connection)]:
                do = partial(self._carry, connection, answer)
                if not self._insisting.tried(answer.id, do, form=answer.form):
                    break
        if not self._config.web.approval:  # else nobody would have agreed to what is sent
            self._respond(connection)
        if now >= self._tidied + TIDY_EVERY:
            self._tidied = now
            answers.tidy(connection, self._clock.time())
            responding.tidy(connection, self._clock.time())

    def _respond(self, connection: sqlite3.Connection) -> None:
        for response in responding.gather(connection, self._clock.time()):
            do = partial(responding.respond, connection, self._data_dir, response, self._clock.time())
            self._responding.tried(response.id, do, form=response.form)

    def _carry(self, connection: sqlite3.Connection, answer: Answer) -> None:
        if answer.confirmed is None:
            self._mail(connection, answer)
        else:
            contact = self._take_over(connection, answer)
            responds = store.find(connection, answer.form).form.response > 0 and not self._config.web.approval
            answers.done(connection, answer, contact, self._clock.time(), responds=responds)
            log.info("answer_taken_over", form=answer.form, answer=answer.id, contact=contact)

    def _mail(self, connection: sqlite3.Connection, answer: Answer) -> None:
        form = store.find(connection, answer.form, answer.version).form
        keys = keyring.load(self._data_dir / recipient_token.KEY_FILE, create=True)
        link = f"{self._config.web.public_url}/y/{confirmation.make(keys[0], answer.link)}"
        refused = ""
        try:
            request = letter(form, answer, link, self._config)
            again = f"-{answer.again}" if answer.again else ""
            inject(self._config.server.run_dir, request, f"form-{answer.id}-{answer.at:.3f}{again}")
        except NotAccepted as error:
            refused = str(error)
            log.warning("confirmation_not_sent", form=answer.form, answer=answer.id, error=error)
        answers.mailed(connection, answer, self._clock.time(), refused)

    def _take_over(self, connection: sqlite3.Connection, answer: Answer) -> int:
        """The contact; 0: there is nobody."""
        form = store.find(connection, answer.form, answer.version).form
        with audience(self._data_dir) as people:
            with transaction(people):
                contact, address = _entered(people, answer) if answer.email else self._reader(people, answer)
                if not contact:
                    return 0
                types = subscriptions.types(people)
                for type_ in [types[name] for name in answer.types if name in types]:
                    _agreed(people, contact, type_, form, answer)
            if address:
                for name in answer.types:
                    come_back(people, self._tell, address, name)
        return contact

    def _reader(self, people: sqlite3.Connection, answer: Answer) -> tuple[int, str]:
        """Who answered a mailing, and the address that it went to; what he said is on file then."""
        person = whose.person(self._data_dir, answer.mailing, answer.number)
        if person is None or not people.execute("SELECT 1 FROM contact WHERE id = ?", (person.contact,)).fetchone():
            return 0, ""
        contacts.change(people, person.contact, _known(people, answer), answer.at)
        (subject,) = people.execute("SELECT subject FROM contact WHERE id = ?", (person.contact,)).fetchone()
        note_origin(people, [subject], source_id(people, SOURCE, answer.form), answer.at)
        return person.contact, person.address


def _entered(people: sqlite3.Connection, answer: Answer) -> tuple[int, str]:
    """Who signed up, entered or completed."""
    given = _known(people, answer)
    contact = contacts.save(people, answer.email, given, answer.confirmed or answer.at, SOURCE, answer.form)
    query = "UPDATE contact SET language = ? WHERE id = ? AND language IS NULL"
    people.execute(query, (answer.language, contact))
    return contact, answer.email


def _known(people: sqlite3.Connection, answer: Answer) -> dict[str, str]:
    """Values of attributes that there still are."""
    known = declared(people)
    return {name: text for name, text in answer.values.items() if name in known or name in EVERYBODY_HAS}


def _agreed(people: sqlite3.Connection, contact: int, type_: SubscriptionType, form: Form, answer: Answer) -> None:
    """They get that type, with the proof of asking and of following the link. Inside a transaction."""
    texts = form.texts[form.language(answer.language)]
    wording = f"version {answer.version}: {texts.consent or texts.button or texts.title or form.name}"
    at = answer.confirmed or answer.at
    if answer.email:
        asked = Proof(answer.at, wording, f"form {form.name}", answer.origin)
        subscriptions.note_once(people, contact, type_.name, ConsentEvent.ASKED, asked)
        proof = Proof(at, wording, f"form {form.name}, link in the mail followed", answer.confirmed_origin)
    else:
        proof = Proof(at, wording, f"form {form.name}, mailing {answer.mailing}", answer.origin)
    subscriptions.confirm(people, contact, type_, proof)
    subscriptions.note_once(people, contact, type_.name, ConsentEvent.CONFIRMED, proof)
