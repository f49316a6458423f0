"""The HTML of a mailing as one of its people gets it, with our links, to show results on it. Nothing is sent."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.content.inline_images import with_images
from postduif.campaign.content.preview import preview
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.preparing.composition import compose, draft_of
from postduif.campaign.preparing.specimen import Somebody, somebody
from postduif.config.schema import Config


def html_of(config: Config, mailing: Mailing, contacts: Sequence[int], now: float) -> str:
    """For the first of these who is still on file; "" when it has no HTML. Raises PostduifError.

    It is composed again as it was prepared, so its links have the numbers that they had; who agrees to be counted is
    taken for everybody.
    """
    with mailings(config.server.data_dir) as connection:
        draft = draft_of(connection, mailing)
    whom = _first(config, mailing, contacts, now)
    consent = {draft.tracking_consent: "1"} if draft.tracking_consent else {}
    composed = compose(draft, mailing, config, whom.names)
    return with_images(preview(composed, {**whom.values, **consent}).html, draft.attachments)


def _first(config: Config, mailing: Mailing, contacts: Sequence[int], now: float) -> Somebody:
    with audience(config.server.data_dir) as people, suppression_link(config.server.data_dir) as link:
        for contact in contacts:
            with contextlib.suppress(MailingFault):
                return somebody(people, link, config, mailing, f"#{contact}", now)
    raise MailingFault("nobody whom it went to is on file any more")
