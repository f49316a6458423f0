"""Sends proofs of a mailing, and knows which there were: by its history, which is all that is kept of them.

A proof is written down before it is handed over, in one transaction with the count of that day: whoever asks at the
same time, or is killed, sends no more. What was not taken is a row of its own, and counts no more.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from postduif.campaign.checks import typology
from postduif.campaign.checks.facts import Counts, Facts
from postduif.campaign.checks.finding import Level
from postduif.campaign.checks.rule import Phase
from postduif.campaign.checks.rules.target import proof_limit
from postduif.campaign.database import transaction
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import NOTE, By, note
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.listing import Event, log
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.preparing.composition import draft_of
from postduif.campaign.preparing.specimen import Proof, Somebody, proof
from postduif.config.schema import Config
from postduif.errors import PostduifError
from postduif.mta.handover import door, hand_over

DAILY = 100
"""Addresses that one person sends proofs to in a day: by them an editor, who sends nothing else, writes to anybody."""
_DAY = 86400.0  # seconds
_PROOF = re.compile(r"proof ([0-9]{1,9})(?: to (?:([0-9]{1,9}) address)?|: not taken for ([0-9]{1,9}))")
"""The number of a proof, for how many it was (rows of long ago name one address), and for how many it was not taken."""
_OF_THAT_DAY = """
SELECT words FROM history WHERE at > ? AND action = ? AND (who = ? OR instr(who, ? || ' (token ') = 1)
"""


class Sent(NamedTuple):
    """One proof, handed over."""

    number: int
    to: list[str]
    ids: list[str]
    """What the MTA calls the mails."""


def send_proof(
    connection: sqlite3.Connection,
    config: Config,
    mailing: Mailing,
    whom: Somebody,
    contact: int | None,
    addresses: Sequence[str],
    by: By,
) -> Sent:
    """As `whom` (that contact, if it is one) would get it, to each of the addresses, by submission to the MTA.

    All are made before the first is sent. Raises PostduifError: too many, the content, an address, no way in, and what
    was not taken: those before it are sent then.
    """
    _check_number(mailing, len(addresses), by.now)
    _check_day(connection, len(addresses), by)
    draft, server, host = draft_of(connection, mailing), door(config), config.server.hostname

    def make(number: int) -> list[Proof]:
        return [proof(draft, mailing, config, number, whom, to, by.now) for to in addresses]

    likely = _next(connection, mailing.number)
    made = make(likely)  # what cannot be made is not written down
    number = _reserve(connection, mailing.number, len(made), contact, by)
    if number != likely:
        made = make(number)
    ids: list[str] = []
    try:
        for one in made:
            ids.append(hand_over(server, one.sender, [one.recipient], one.content, hostname=host))  # noqa: PERF401
    except PostduifError:
        words = f"proof {number}: not taken for {_people(len(made) - len(ids))}"
        editing.remark(connection, mailing.number, by._replace(words=words))
        raise
    return Sent(number, [str(one.recipient) for one in made], ids)


def _next(connection: sqlite3.Connection, number: int) -> int:
    return 1 + max((which for which, _ in proofs(connection, number)), default=0)


def _reserve(connection: sqlite3.Connection, mailing: int, people: int, contact: int | None, by: By) -> int:
    """Write down a proof to so many, and return its number. Raises MailingFault when it is too many for that day."""
    with transaction(connection):
        _check_day(connection, people, by)
        number = _next(connection, mailing)
        as_whom = f", as #{contact}" if contact else ""
        # the history is never changed, not even when a person is erased: so it has no address
        note(connection, mailing, by._replace(words=f"proof {number} to {_people(people)}{as_whom}"))
    return number


def _people(many: int) -> str:
    return "1 address" if many == 1 else f"{many} addresses"


def _check_number(mailing: Mailing, people: int, now: float) -> None:
    """Whether a proof may go to so many, by the rules that hold for the mailing. Raises MailingFault."""
    rules = typology.load(mailing.draft.typology)
    facts = Facts(now, proof=True, counts=Counts(people, to_deliver=people), limits=rules.limits)
    for found in typology.look(replace(rules, only=(proof_limit.id,)), facts, Phase.TARGET):
        if found.level is Level.ERROR:
            raise MailingFault(f"{found.text}; {found.remedy}")


def _check_day(connection: sqlite3.Connection, people: int, by: By) -> None:
    """Whether that person, or one of its programs, may send so many more today. Raises MailingFault."""
    person = by.who.partition(" (token ")[0]
    rows = connection.execute(_OF_THAT_DAY, (by.now - _DAY, NOTE, person, person)).fetchall()
    found = [match for (words,) in rows if (match := _PROOF.match(words))]
    sent = sum(int(match[2] or 0) - int(match[3] or 0) for match in found)
    if sent + people > DAILY:
        raise MailingFault(f"{person} sent proofs to {sent} addresses in a day, and {DAILY} are the most; wait a day")


def proofs(connection: sqlite3.Connection, number: int) -> Iterator[tuple[int, Event]]:
    """Those that there were, and what was not taken, the first first: the number, and the row of the history."""
    after = 0
    while events := log(connection, number, after):
        for event in events:
            if event.action == NOTE and (match := _PROOF.match(event.words)):
                yield int(match[1]), event
        after = events[-1].id
