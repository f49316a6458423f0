"""Sends proofs of a mailing, and knows which there were: by its history, which is all that is kept of them."""

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
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import NOTE, By
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.listing import Event, log
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.preparing.composition import draft_of
from postduif.campaign.preparing.specimen import Somebody, proof
from postduif.config.schema import Config
from postduif.mta.handover import door, hand_over

DAILY = 100
"""Addresses that one person sends proofs to in a day: by them an editor, who sends nothing else, writes to anybody."""
_DAY = 86400.0  # seconds
_PROOF = re.compile(r"proof ([0-9]{1,9}) to ([0-9]{1,9}) address")
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

    All are made before the first is sent. Raises PostduifError: too many, the content, an address, no way in.
    """
    _check_number(mailing, len(addresses), by.now)
    _check_day(connection, len(addresses), by)
    number = 1 + max((which for which, _ in proofs(connection, mailing.number)), default=0)
    draft, server = draft_of(connection, mailing), door(config)
    made = [proof(draft, mailing, config, number, whom, to, by.now) for to in addresses]
    host = config.server.hostname
    ids = [hand_over(server, one.sender, [one.recipient], one.content, hostname=host) for one in made]
    to = [str(one.recipient) for one in made]
    # the history is never changed, not even when a person is erased: so it has no address
    people = "1 address" if len(to) == 1 else f"{len(to)} addresses"
    as_whom = f", as #{contact}" if contact else ""
    editing.remark(connection, mailing.number, by._replace(words=f"proof {number} to {people}{as_whom}"))
    return Sent(number, to, ids)


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
    sent = sum(int(match[2]) for (words,) in rows if (match := _PROOF.match(words)))
    if sent + people > DAILY:
        raise MailingFault(f"{person} sent proofs to {sent} addresses in a day, and {DAILY} are the most; wait a day")


def proofs(connection: sqlite3.Connection, number: int) -> Iterator[tuple[int, Event]]:
    """Those that there were, the first first: the number of each, and the row of the history."""
    after = 0
    while events := log(connection, number, after):
        for event in events:
            if event.action == NOTE and (match := _PROOF.match(event.words)):
                yield int(match[1]), event
        after = events[-1].id
