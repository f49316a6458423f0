"""A draft made into what the MTA merges, with what is worth knowing of it: variables, links, warnings.

Pure: the same draft and facts give the same. Everything is checked here that can be without recipients; what comes out
compiles. Whether it should be sent is for the checks.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from postduif import address
from postduif.campaign.content import mjml
from postduif.campaign.content.draft import Draft
from postduif.campaign.content.following import Followed, Following, followed
from postduif.campaign.content.links import Link, links_of_html, links_of_text
from postduif.campaign.content.list_fields import Facts, extra_fields, list_fields, takes_complaints
from postduif.campaign.content.markup import Page
from postduif.campaign.content.plain_text import text_of
from postduif.campaign.content.source import Source
from postduif.campaign.content.styles import inlined
from postduif.campaign.tracking.links import TrackedLink
from postduif.errors import AddressError, TemplateError
from postduif.mta.merge.content import Content
from postduif.mta.merge.message import compile_content
from postduif.mta.merge.names import GIVEN, LINKS


@dataclass(frozen=True, slots=True)
class Composed:
    """What is merged, and what is known of it."""

    content: Content
    names: frozenset[str]
    """The variables that it uses, those of every mailing left out: what a recipient's row has to hold."""
    links: tuple[Link, ...]
    """Of the HTML, then of the text, in order. Their places are those in `content` before it was tracked."""
    tracked: tuple[TrackedLink, ...]
    """Those that are followed by way of ours."""
    warnings: tuple[str, ...]
    """What was done otherwise than the maker may expect; each begins with a place."""
    journal: str
    """The address for copies of every message; "" for none."""


def composed(draft: Draft, facts: Facts) -> Composed:
    """Compose a draft. Raises TemplateError with place, problem and remedy."""
    _check_seeds(draft)
    content = Content(
        sender=draft.sender,
        to=draft.to,
        subject=draft.subject,
        html=draft.body,
        text=draft.text,
        preheader=draft.preheader,
        personal_sender=draft.personal_sender,
        reply_to=draft.reply_to,
        headers=(*list_fields(draft, facts), *extra_fields(draft)),
        attachments=draft.attachments,
    )
    compile_content(content, facts.names)  # first as it was written, so that errors name its lines
    html, warnings = _html(draft)
    page = Page(html)
    text = draft.text if draft.text.strip() else text_of(page)
    if draft.format == "text":
        html, page = "", Page("")
    merge = compile_content(replace(content, html=html, text=text), facts.names)
    _check_given(merge.names, facts)
    parts = _followed(draft, facts, page, Source(text))
    if parts.tracked or parts.html != html:
        merge = compile_content(replace(content, html=parts.html, text=parts.text), facts.names)
    content = replace(content, html=parts.html, text=parts.text)
    warnings += [*parts.warnings, *_warnings(draft, facts, text)]
    return Composed(content, merge.names - GIVEN, parts.links, parts.tracked, tuple(warnings), _journal(draft))


def _followed(draft: Draft, facts: Facts, page: Page, text: Source) -> Followed:
    """Both parts with their links, tracked where that is wanted. Raises TemplateError."""
    links = (*links_of_html(page), *links_of_text(text))
    consent = draft.tracking_consent.strip()
    if draft.tracking == "none" or not facts.public_url:
        return Followed(page.text, text.text, links, (), ())
    if consent and consent not in facts.names:
        raise TemplateError(f"tracking_consent: {consent} is not known; name a variable that its recipients have")
    return followed(page, text, links, Following(facts.public_url, draft.tracking == "all", draft.track_text, consent))


def _check_given(used: Collection[str], facts: Facts) -> None:
    """Raises TemplateError for a page that there is not."""
    wanted = sorted(LINKS.intersection(used))
    if facts.bounce_domain and wanted == ["unsubscribe_url"]:  # an address to write to
        return
    if wanted and not facts.public_url:
        raise TemplateError(f"{wanted[0]} is for pages of ours, which need web.public_url in the settings; write that")


def _html(draft: Draft) -> tuple[str, list[str]]:
    """The HTML to send, and warnings."""
    if draft.language == "mjml" and draft.body.strip():
        html, inline = mjml.html_of(draft.body), draft.inline_css or mjml.inlines(draft.body)
    else:
        html, inline = draft.body, draft.inline_css
    if not inline:
        return html, []
    made = inlined(html)
    return made.html, list(made.warnings)


def _warnings(draft: Draft, facts: Facts, text: str) -> list[str]:
    said = []
    if not text.strip():
        said.append("text: nothing of the HTML can be read as text; write the text part")
    if not facts.bounce_domain:
        without = "CFBL-Address" if facts.public_url else "List-Unsubscribe and no CFBL-Address"
        said.append(f"headers: no {without}, because there is no bounce domain")
    elif draft.complaint_address and not takes_complaints(draft, facts):
        said.append(f"headers: no CFBL-Address, because {facts.bounce_domain} is not in the sender's domain")
    if draft.format == "text" and any(file.content_id for file in draft.attachments):
        said.append("attachments: images within the HTML go along as files, because there is no HTML")
    return said


def _check_seeds(draft: Draft) -> None:
    for seed in draft.seeds:
        try:
            address.parse(seed.address)
        except AddressError as error:
            raise TemplateError(f"seeds: {seed.address!r} is no address: {error}") from None


def _journal(draft: Draft) -> str:
    if not draft.journal:
        return ""
    try:
        return str(address.parse(draft.journal))
    except AddressError as error:
        raise TemplateError(f"journal: {draft.journal!r} is no address: {error}") from None
