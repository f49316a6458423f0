"""A mailing's content with its files, composed: what is merged for each of its recipients."""

from __future__ import annotations

import mimetypes
import sqlite3
from collections.abc import Collection
from dataclasses import replace

from postduif.campaign.content import draft as drafts
from postduif.campaign.content.composing import Composed, composed
from postduif.campaign.content.draft import Draft
from postduif.campaign.content.list_fields import Facts
from postduif.campaign.mailings.listing import content_of
from postduif.campaign.mailings.record import Mailing
from postduif.config.schema import Config
from postduif.mta.merge.content import Attachment


def draft_of(connection: sqlite3.Connection, mailing: Mailing) -> Draft:
    """The content as it was written, with the mailing's files. Raises TemplateError, MailingFault.

    A file that the HTML shows as `cid:NAME` is an image in it; the others are attachments.
    """
    draft = drafts.read(mailing.draft.content)
    files = tuple(
        Attachment(
            file.name,
            mimetypes.guess_type(file.name)[0] or "application/octet-stream",
            content_of(connection, file),
            file.name if f"cid:{file.name}" in draft.body else "",
        )
        for file in mailing.files
    )
    return replace(draft, attachments=(*draft.attachments, *files))


def compose(draft: Draft, mailing: Mailing, config: Config, names: Collection[str]) -> Composed:
    """Raises TemplateError with place, problem and remedy."""
    kind = "".join(letter for letter in mailing.draft.target.mail_type if letter.isalnum()) or "mailing"
    facts = Facts(mailing.number, frozenset(names), config.bounce.domain or "", kind[:40], config.web.public_url or "")
    return composed(draft, facts)
