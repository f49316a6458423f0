"""What the checks look at, gathered from a mailing, its composed content and the configuration."""

from __future__ import annotations

from collections.abc import Sequence

from postduif.campaign.checks import facts as checked
from postduif.campaign.checks.facts import Facts, Sending
from postduif.campaign.content.composing import Composed
from postduif.campaign.content.draft import Draft
from postduif.campaign.content.links import Link
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.mailings.schedule import next_dates
from postduif.campaign.preparing.waves import begins, sizes

DATES = 5


def of_content(now: float, draft: Draft, composed: Composed | None, fault: str) -> Facts:
    """What is known before anything is computed. Without `composed` the content is wrong, and `fault` says why."""
    content = composed.content if composed else None
    return Facts(
        now=now,
        subject=draft.subject,
        preheader=draft.preheader,
        html=content.html if content else draft.body,
        text=content.text if content else draft.text,
        fault=fault,
        sender=draft.sender.address,
        sender_name=draft.sender.name,
        reply_to=draft.reply_to.address if draft.reply_to else "",
        tracking=draft.tracking != "none",
        tracking_consent=draft.tracking_consent.strip(),
        headers=tuple((header.name, header.text) for header in (content.headers if content else draft.headers)),
        links=tuple(
            checked.Link(link.url, link.text, _label(link), tracked=link.number > 0, in_text=link.part == "text")
            for link in (composed.links if composed else ())
        ),
        files=tuple(
            checked.File(file.name, file.type, len(file.content), bool(file.content_id)) for file in draft.attachments
        ),
    )


def _label(link: Link) -> str:
    """In a text there are no words for a link but its address."""
    return link.label or link.text or (link.url if link.part == "text" else "")


def of_sending(mailing: Mailing, recipients: int, now: float) -> Sending:
    """When it goes and how fast."""
    start = mailing.next
    begin = now if start is None else start
    count = len(sizes(mailing.draft.waves, recipients))
    repeating = bool(mailing.schedule and mailing.schedule.rule)
    dates = next_dates(mailing.schedule, now, DATES) if mailing.schedule and repeating else []
    return Sending(
        start,
        begin + mailing.draft.validity,
        _times(begins(mailing.draft.waves, count, begin), begin),
        mailing.draft.rate / 60 or None,
        repeating,
        tuple(one.at for one in dates),
    )


def _times(later: Sequence[float | None], begin: float) -> tuple[float, ...]:
    return (begin, *(at for at in later if at is not None)) if later else ()
