"""The mail as a web page: the mailing's stored template, merged with what is on file about the reader now."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from html import escape

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.content.inline_images import with_images
from postduif.campaign.content.preview import SAMPLES
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.preparing.specimen import somebody
from postduif.campaign.tracking import whose
from postduif.config.schema import Config
from postduif.errors import PostduifError
from postduif.mta.link_addresses import addresses
from postduif.mta.merge.stored import load, merge_of
from postduif.queue.mailing import template_of
from postduif.recipient_token import Whom


def web_version(config: Config, whom: Whom, token: str, now: float) -> str | None:
    """The HTML; None when the mail, or the reader, is not on file any more. Takes up to 100 ms."""
    data_dir = config.server.data_dir
    try:
        person = whose.person(data_dir, whom.mailing, whom.number)
        if person is None or not person.contact:
            return None
        if not (template := template_of(data_dir, whom.mailing)):
            return None
        with mailings(data_dir) as connection:
            mailing = find(connection, whom.mailing)
        with audience(data_dir) as people, suppression_link(data_dir) as link:
            values = somebody(people, link, config, mailing, f"#{person.contact}", now, child=person.child).values
        given = {**SAMPLES, **addresses(config.web.public_url or "", token)}
        html = _html(merge_of(template).render({**values, **given}))
        return with_images(html, load(template)[0].attachments) if "cid:" in html else html
    except PostduifError:
        return None


def _html(octets: bytes) -> str:
    message = message_from_bytes(octets, policy=default)
    assert isinstance(message, EmailMessage)
    if (part := message.get_body(("html",))) is not None:
        return str(part.get_content())
    part = message.get_body(("plain",))
    text = escape(str(part.get_content())) if part is not None else ""
    return f'<!doctype html><meta charset="utf-8"><pre style="white-space:pre-wrap">{text}</pre>'
