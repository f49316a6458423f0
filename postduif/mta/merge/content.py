"""What a mailing says, as its maker wrote it: the source of a `Merge`, and all that is stored of it.

Nothing is checked here; `message.compile_content` does that. Every text is a template unless it says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from pydantic import ConfigDict

STORED = ConfigDict(extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")
"""How `stored` writes and reads these."""


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name and an address, both templates. Without a name the address stands alone."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Header:
    """One more header field.

    Ordinary ones hold free text: any value is encoded so that it fits, and the field is left out when it is empty.
    `raw` ones are for fields with a grammar (List-Unsubscribe, Feedback-ID): ASCII, variables only, inserted as they
    are; a value that is empty or not printable ASCII is a MergeError.
    """

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    name: str
    text: str
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file, the same for all. With a `content_id` it is an inline image, which the HTML shows as `cid:that`."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    name: str
    """As the reader sees it; not a template."""
    type: str
    """Media type, as `application/pdf`."""
    content: bytes
    content_id: str = ""
    """Letters, digits, dot, hyphen, underscore, at most one @; unique in the mailing."""


@dataclass(frozen=True, slots=True)
class Content:
    """One mailing. At least one of `html` and `text` is there."""

    __pydantic_config__: ClassVar[ConfigDict] = STORED

    sender: Mailbox
    """From. Its address is not a template: it decides the domain that signs."""
    to: Mailbox
    """To, as `Mailbox("{{ email }}", "{{ name }}")`."""
    subject: str
    html: str = ""
    text: str = ""
    preheader: str = ""
    """Plain text that mail programs show behind the subject; put, hidden, at the top of the HTML."""
    personal_sender: Mailbox | None = None
    """From, in the place of `sender` for recipients who have it. Each half that is empty is that of `sender`. An
    address that is none, or not in the sender's domain, makes it `sender` altogether."""
    reply_to: Mailbox | None = None
    """Left out for recipients for whom its address is no address."""
    headers: tuple[Header, ...] = ()
    attachments: tuple[Attachment, ...] = ()
