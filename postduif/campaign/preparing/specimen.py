"""What one person would get of a mailing, before anything is prepared: for previews and proofs, by the real merge.

Nothing is sent here. A proof comes back as the octets that whoever sends it hands to the MTA like any other mail.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping
from email.utils import formatdate
from typing import NamedTuple
from urllib.parse import quote

from postduif.address import Address, parse
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.audience.suppression_link import SuppressionLink
from postduif.campaign.audience.target import target
from postduif.campaign.content.draft import EMAIL, Draft
from postduif.campaign.content.proofs import proof_of
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.preparing.composition import compose
from postduif.campaign.preparing.values import PREFIX, named
from postduif.config.schema import Config
from postduif.mta.link_addresses import addresses
from postduif.mta.merge.message import compile_content
from postduif.mta.merged import by_key
from postduif.recipient_token import SAMPLE


class Somebody(NamedTuple):
    """A person, as a mailing sees them."""

    address: str
    names: frozenset[str]
    """The variables that there are, as `mta.merge.names` writes them."""
    values: Mapping[str, object]
    cause: str
    """Why they get nothing; "" when they do."""


class Proof(NamedTuple):
    """A proof for one address."""

    sender: Address
    recipient: Address
    content: bytes
    """CRLF lines."""


def somebody(
    audience: sqlite3.Connection,
    link: SuppressionLink,
    config: Config,
    mailing: Mailing,
    who: str,
    now: float,
    *,
    child: int = 0,
) -> Somebody:
    """That person (an address or #ID), or the first of the target who would get it. Raises PostduifError.

    `child`: of a mailing to child records, the record that it is for; 0: the first.
    """
    wanted = mailing.draft.target
    if who:
        wanted = Spec(persons=(who,), collection=wanted.collection, mail_type=wanted.mail_type)
    found = target(audience, config.server.data_dir, link, wanted, now)
    names = named(audience, found.columns)
    for one in found.recipients(list(names.values())):
        if (who or not one.cause) and child in (0, one.child):
            return Somebody(one.address, frozenset(names), by_key(list(names), json.loads(one.values)), one.cause)
    raise MailingFault(f"there is nobody to show mailing {mailing.number} for; name a person who is known")


def proof(draft: Draft, mailing: Mailing, config: Config, number: int, whom: Somebody, to: str, now: float) -> Proof:
    """The mailing as `whom` would get it, as the proof of that number for the address `to`.

    Its List-Unsubscribe leads to the sender and to a page of nobody, so that nobody is unsubscribed by who looks at
    it; nothing in it is tracked. Raises AddressError, TemplateError, MergeError.
    """
    recipient = parse(to)
    content = compose(proof_of(draft, number), mailing, config, whom.names).content
    sender = parse(content.sender.address)
    by_mail = f"mailto:{quote(str(sender), safe='@')}?subject=unsubscribe"
    given: dict[str, object] = {
        EMAIL: str(recipient),
        f"{PREFIX}{EMAIL}": str(recipient),
        "date": formatdate(now),
        "message_id": f"<proof.{mailing.number}.{number}.{secrets.token_hex(8)}@{sender.domain}>",
        "list_unsubscribe": f"<{by_mail}>",
        "unsubscribe_url": by_mail,
    }
    if config.web.public_url:
        given |= addresses(config.web.public_url, SAMPLE)
    octets = compile_content(content, whom.names).render({**whom.values, **given})
    return Proof(sender, recipient, octets)
