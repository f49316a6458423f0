"""The mail that people get who filled in a form: mailings that are made of a template, by themselves.

Whoever is taken over waits for one. Those who wait are put together, and on disk, before there is a mailing; the
mailing says in its history for which of these it was made. So each answer is in one mailing, whatever is killed in
between. It is prepared, checked, sent and counted as any other, and lists show it.
"""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from postduif import log
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.database import path_of, transaction
from postduif.campaign.forms import store
from postduif.campaign.forms.answers import DAY
from postduif.campaign.forms.connection import are_there, forms
from postduif.campaign.forms.form import FormFault
from postduif.campaign.mailings import occasions
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import SCHEMA, mailings
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import MAX_NAME, MAX_TAGS, Draft, Mailing, Policy
from postduif.campaign.mailings.waves import Waves

APART = 300.0
"""Seconds between two mailings of one form; the first after a quiet time is made at once."""
MANY, FAR_APART = 24, 3600.0
"""Of a form that had so many within DAY, the next come so many seconds apart, unless TOGETHER people wait."""
TOGETHER = 1000
"""People of one of them; the others get the next."""
KEPT = 30 * DAY
"""Seconds for which it is known here what was made; the mailings themselves stay."""
GRACE = 7 * 86400.0
"""Seconds for which one that nothing prepared is sent all the same."""
_WHO = "forms"


class Response(NamedTuple):
    """People who wait for one mailing."""

    id: int
    form: str


def gather(connection: sqlite3.Connection, now: float) -> list[Response]:
    """Put together who waits; all for whom there is no mailing yet, also those of who was killed."""
    waiting = (
        "SELECT form, count(*) FROM answer WHERE response = -1 AND response <> 0 AND done IS NOT NULL GROUP BY form"
    )
    for form, people in connection.execute(waiting).fetchall():
        with transaction(connection):
            query = "SELECT max(at), count(*) FROM response WHERE form = ? AND at > ?"
            last, many = connection.execute(query, (form, now - DAY)).fetchone()
            apart = FAR_APART if many >= MANY and people < TOGETHER else APART
            if last is None or not last <= now < last + apart:
                made = connection.execute("INSERT INTO response (form, at) VALUES (?, ?)", (form, now)).lastrowid
                connection.execute(
                    "UPDATE answer SET response = ? WHERE id IN (SELECT id FROM answer WHERE form = ? "
                    "AND response = -1 AND response <> 0 AND done IS NOT NULL ORDER BY id LIMIT ?)",
                    (made, form, TOGETHER),
                )
    rows = connection.execute("SELECT id, form FROM response WHERE mailing IS NULL ORDER BY id").fetchall()
    return [Response(*row) for row in rows]


def respond(connection: sqlite3.Connection, data_dir: Path, response: Response, now: float) -> None:
    """See to it that there is one mailing for these people. Raises MailingFault, StoreError: to be done again."""
    query = "SELECT DISTINCT contact FROM answer WHERE response = ? AND response <> 0 AND contact <> 0 ORDER BY contact"
    people = tuple(f"#{contact}" for (contact,) in connection.execute(query, (response.id,)))
    template = store.find(connection, response.form).form.response
    number = _made(connection, data_dir, response, template, people, now) if template and people else 0
    connection.execute("UPDATE response SET mailing = ? WHERE id = ?", (number, response.id))
    log.info("form_responded", form=response.form, people=len(people), mailing=number)


def tidy(connection: sqlite3.Connection, now: float) -> None:
    """Away with what is noted of mailings that were made long ago; but for the newest, as no id is used twice."""
    query = "DELETE FROM response WHERE mailing IS NOT NULL AND at < ? AND id < (SELECT max(id) FROM response)"
    connection.execute(query, (now - KEPT,))


def see_template(data_dir: Path, number: int) -> None:
    """Raises FormFault when a form cannot have that template, 0 for none."""
    if not number:
        return
    with mailings(data_dir) as connection:
        try:
            if find(connection, number).template:
                return
        except MailingFault as fault:
            raise FormFault(str(fault)) from None
    raise FormFault(f"mailing {number} is no template; make one of it: clone it as a template")


def forms_of(data_dir: Path, template: int) -> list[str]:
    """Names of the forms whose people get that template. Raises StoreError."""
    if not are_there(data_dir):
        return []
    with forms(data_dir) as connection:
        return [one.form.name for one in store.listed(connection) if one.form.response == template]


def refuse_if_forms_have(data_dir: Path, mailing: Mailing) -> None:
    """Raises MailingFault when it is the template that people get who fill in a form. Raises StoreError.

    A form that is stored right after this look may name it all the same: those people wait, as docs/forms.md says.
    """
    names = forms_of(data_dir, mailing.number) if mailing.template else []
    if names:
        those = f"the form {names[0]}" if len(names) == 1 else f"the forms {', '.join(names)}"
        raise MailingFault(
            f'template {mailing.number} "{mailing.draft.name}" goes to who fills in {those}; choose another template '
            "there, or none, first"
        )


def _made(
    connection: sqlite3.Connection,
    data_dir: Path,
    response: Response,
    template: int,
    people: tuple[str, ...],
    now: float,
) -> int:
    """The number of the mailing, of now or of before."""
    if not path_of(data_dir, SCHEMA).exists():
        raise MailingFault(f"there is no mailing {template}")
    by = By(_WHO, now, f"answers to the form {response.form}, {response.id}")
    known = "SELECT mailing FROM history WHERE mailing > ? AND action = 'create' AND who = ? AND words = ?"
    with mailings(data_dir) as named:
        (newest,) = named.execute("SELECT coalesce(max(number), 0) FROM mailing").fetchone()
        connection.execute("UPDATE response SET since = ? WHERE id = ? AND since IS NULL", (newest, response.id))
        (since,) = connection.execute("SELECT since FROM response WHERE id = ?", (response.id,)).fetchone()
        with transaction(named):
            row = named.execute(known, (since, by.who, by.words)).fetchone()
            if row is not None:
                return int(row[0])
            source = find(named, template)
            return occasions.at_once(named, source, _draft(source, response, people, now), GRACE, by).number


def _draft(source: Mailing, response: Response, people: tuple[str, ...], now: float) -> Draft:
    """The template for these people: its type of mail and whom it leaves out hold, its other sources do not."""
    there, label = source.draft, f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d %H:%M}"
    target = Spec(
        persons=people,
        mail_type=there.target.mail_type,
        exclude_selections=there.target.exclude_selections,
        exclude_domains=there.target.exclude_domains,
        exclude_addresses=there.target.exclude_addresses,
        attributes=there.target.attributes,
    )
    return there._replace(
        name=f"{there.name[: MAX_NAME - len(label) - 1]} {label}",
        target=target,
        policy=Policy.NEWEST,
        waves=Waves(),
        tags=(*there.tags[: MAX_TAGS - 1], tag_of(response.form)),
    )


def tag_of(form: str) -> str:
    """What the mailings of a form are found by."""
    return f"form {form}"
