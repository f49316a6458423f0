"""A draft made into what the MTA merges, with what is worth knowing of it: variables, links, warnings.

Pure: the same draft and facts give the same. Everything is checked here that can be without recipients; what comes out
compiles. Whether it should be sent is for the checks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from postduif import address
from postduif.campaign.content import mjml
from postduif.campaign.content.draft import Draft
from postduif.campaign.content.links import Link, links_of_html, links_of_text
from postduif.campaign.content.list_fields import Facts, extra_fields, list_fields, takes_complaints
from postduif.campaign.content.markup import Page
from postduif.campaign.content.plain_text import text_of
from postduif.campaign.content.source import Source
from postduif.campaign.content.styles import inlined
from postduif.errors import AddressError, TemplateError
from postduif.mta.merge.content import Content
from postduif.mta.merge.message import compile_content
from postduif.mta.merge.names import GIVEN


@dataclass(frozen=True, slots=True)
class Composed:
    """What is merged, and what is known of it."""

    content: Content
    names: frozenset[str]
    """The variables that it uses, those of every mailing left out: what a recipient's row has to hold."""
    links: tuple[Link, ...]
    """Of the HTML, then of the text, in order. Their places are those in `content`."""
    warnings: tuple[str, ...]
    """What was done otherwise than the maker may expect; each begins with a place."""
    journal: str
    """The address for copies of every message; "" for none."""


def composed(draft: Draft, facts: Facts) -> Composed:
    """Compose a draft. Raises TemplateError with place, problem and remedy."""
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
    content = replace(content, html=html, text=text)
    merge = compile_content(content, facts.names)
    links = (*links_of_html(page), *links_of_text(Source(text)))
    warnings += _warnings(draft, facts, text)
    return Composed(content, merge.names - GIVEN, links, tuple(warnings), _journal(draft))


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
        said.append("headers: no List-Unsubscribe and no CFBL-Address, because there is no bounce domain")
    elif draft.complaint_address and not takes_complaints(draft, facts):
        said.append(f"headers: no CFBL-Address, because {facts.bounce_domain} is not in the sender's domain")
    if draft.format == "text" and any(file.content_id for file in draft.attachments):
        said.append("attachments: images within the HTML go along as files, because there is no HTML")
    return said


def _journal(draft: Draft) -> str:
    if not draft.journal:
        return ""
    try:
        return str(address.parse(draft.journal))
    except AddressError as error:
        raise TemplateError(f"journal: {draft.journal!r} is no address: {error}") from None
