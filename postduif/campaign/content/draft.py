"""A mailing as its maker wrote it. It is a plain value, and JSON with everything in it (files in base64)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from postduif.errors import TemplateError
from postduif.mta.merge.content import STORED, Attachment, Header, Mailbox

EMAIL = "email"
"""The variable that holds a recipient's address."""

_TO = Mailbox(f"{{{{ {EMAIL} }}}}")


@dataclass(frozen=True, slots=True)
class Seed:
    """An address of our own that gets every mailing, and is left out of its figures."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    address: str
    values: dict[str, str] = field(default_factory=dict)
    """What this address has instead of the values of a sample person."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything of a mailing but whom it is for and when. Texts are templates (docs/templates.md) unless said."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    subject: str
    sender: Mailbox
    """From; its address is the same for all."""
    body: str = ""
    """HTML, or MJML."""
    language: Literal["html", "mjml"] = "html"
    text: str = ""
    """The text part. Where it is empty it is made of the HTML."""
    preheader: str = ""
    """What mail programs show behind the subject; plain text."""
    to: Mailbox = _TO
    personal_sender: Mailbox | None = None
    """From for recipients who have it; a half that is empty, or an address in another domain, is the sender's."""
    reply_to: Mailbox | None = None
    format: Literal["multipart", "text"] = "multipart"
    """`text`: the text part alone."""
    inline_css: bool = False
    attachments: tuple[Attachment, ...] = ()
    """Files; those with a content_id are images that the HTML shows as `cid:that`."""
    headers: tuple[Header, ...] = ()
    """Extra fields."""
    list_id: str = ""
    """`news.example.com`: the name of the list (RFC 2919); empty for no List-Id. Not a template."""
    list_name: str = ""
    """What stands before it, for people; not a template."""
    feedback_id: tuple[str, ...] = ()
    """Up to three identifiers before the SenderId; empty for number and kind of the mailing. Not templates."""
    feedback_sender: str = ""
    """The SenderId, 5 to 15 letters and digits; empty for no Feedback-ID. Not a template."""
    precedence: Literal["bulk", "list", ""] = "bulk"
    complaint_address: bool = True
    """Write CFBL-Address (RFC 9477), where there is a bounce domain that goes with the sender's."""
    tracking: Literal["all", "links", "none"] = "all"
    """What is counted, where the settings have a `web.public_url`: opens and clicks, clicks, nothing."""
    track_text: bool = True
    """The links of the text part too."""
    tracking_consent: str = ""
    """The name of a variable: for whom it is empty or false, nothing is tracked. "" asks nobody."""
    journal: str = ""
    """An address that gets a copy of every message. Not a template."""
    seeds: tuple[Seed, ...] = ()
    proof_prefix: str = "Proof {number}: "
    """Before the subject of a proof, with its number. Not a template."""


_ADAPTER = TypeAdapter(Draft)


def written(draft: Draft) -> bytes:
    """The draft as JSON. Raises TemplateError for half a character."""
    try:
        return _ADAPTER.dump_json(draft)
    except (ValueError, UnicodeEncodeError) as error:
        raise TemplateError(f"the draft cannot be stored: {error}") from None


def begun(stored: str) -> Draft:
    """The draft of JSON in which subject and sender may be missing yet. Raises TemplateError, as `read` does."""
    try:
        there = json.loads(stored)
    except ValueError as error:
        raise TemplateError(f"draft: {error}") from None
    return read(json.dumps({"subject": "", "sender": {"address": ""}} | there, ensure_ascii=False))


def read(stored: bytes | str) -> Draft:
    """The draft that JSON says. What is left out is as `Draft` has it; what is unknown is a TemplateError."""
    try:
        return _ADAPTER.validate_json(stored)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise TemplateError(f"{'.'.join(map(str, first['loc'])) or 'draft'}: {first['msg']}") from None
