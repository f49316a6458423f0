"""The forms that a mailing leads to: found in its links, and what keeps readers from filling them in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from postduif.campaign.database import path_of
from postduif.campaign.forms import store
from postduif.campaign.forms.connection import are_there, forms
from postduif.campaign.forms.form import NAME, NoSuchForm
from postduif.campaign.mailings.connection import SCHEMA, mailings
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.listing import MAX_LISTED, Filter, find, listed
from postduif.campaign.mailings.record import State

_OF_READER = re.compile(rf"form_url[\s-]*(?:\}}\}}|\]\])/({NAME})")
"""The name stands behind the address of the reader's own forms; that of everybody behind ours."""


def named(texts: Iterable[str], public_url: str) -> dict[str, bool]:
    """Names of the forms that these lead to. True: by a link without a reader, so the form has to be for everybody."""
    of_everybody = re.compile(rf"{re.escape(public_url)}/f/({NAME})(?![\w-]|/)") if public_url else None
    found: dict[str, bool] = {}
    for text in texts:
        found |= {name: found.get(name, False) for name in _OF_READER.findall(text)}
        found |= dict.fromkeys(of_everybody.findall(text) if of_everybody else (), True)
    return found


def unfit(data_dir: Path, texts: Iterable[str], public_url: str) -> tuple[str, ...]:
    """What is wrong with the forms that these lead to, each with its name. Raises StoreError."""
    wanted = named(texts, public_url)
    return tuple(_wrong(data_dir, wanted)) if wanted else ()


def refuse_if_named(data_dir: Path, name: str, public_url: str) -> None:
    """Raises MailingFault when a mailing that waits for its date leads to that form."""
    if not path_of(data_dir, SCHEMA).exists():
        return
    waits = Filter((State.SCHEDULED, State.PLANNED, State.REPEATING), limit=MAX_LISTED)
    with mailings(data_dir) as connection:
        for one in listed(connection, waits):
            if name in named([find(connection, one.number).draft.content], public_url):
                raise MailingFault(
                    f'mailing {one.number} "{one.name}" is {one.state} and leads to {name}; edit or unschedule it first'
                )


def _wrong(data_dir: Path, wanted: dict[str, bool]) -> Iterator[str]:
    if not are_there(data_dir):
        yield from (f"{name} (there is none)" for name in wanted)
        return
    with forms(data_dir) as connection:
        for name, everybody in wanted.items():
            try:
                found = store.find(connection, name)
            except NoSuchForm:
                yield f"{name} (there is none)"
                continue
            if found.closed:
                yield f"{name} (it takes no more answers)"
            elif everybody and not found.form.public:
                yield f"{name} (it is for readers, whose address is {{{{ form_url }}}}/{name})"
