"""The slow, obvious way to make the message of one recipient: Jinja runs, the email package builds. The oracle.

It shares no code with the product but the filters (tested on their own) and the words for a value.
"""

from __future__ import annotations

import email.policy
import html
import re
from collections.abc import Iterable, Mapping
from email.message import EmailMessage
from typing import Any

from jinja2 import ChainableUndefined
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from postduif.mta.merge.content import Content, Mailbox
from postduif.mta.merge.filters import FILTERS

CONTROL = re.compile("\r\n|[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def words(value: object) -> str:
    """A value as it is shown."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def clean(value: object) -> str:
    """A value as it is shown, without controls."""
    return CONTROL.sub(" ", words(value))


def line(text: str) -> str:
    """Text as a header field has it: one line, one blank between words, 2,000 characters."""
    return re.sub("[\x00-\x20\x7f-\xa0\u2028\u2029]+", " ", text[:4000]).strip()[:2000].rstrip()


def html_lines(value: object) -> str:
    """The filter `lines` in HTML."""
    return Markup("<br>\n".join(html.escape(clean(one.rstrip())) for one in words(value).splitlines()))


def text_lines(value: object) -> str:
    """The filter `lines` in plain text; a private mark keeps its line ends through `clean`."""
    return "\ue000".join(clean(one.rstrip()) for one in words(value).splitlines())


def nested(names: Iterable[str], values: Mapping[str, object]) -> dict[str, Any]:
    """Values by dotted name as the objects in objects that Jinja wants, with empty text for what is missing."""
    tree: dict[str, Any] = {}
    for name in names:
        if "[]." in name:
            continue
        *above, last = name.removesuffix("[]").split(".")
        place = tree
        for step in above:
            place = place.setdefault(step, {})
        value = values.get(name.removesuffix("[]"))
        place[last] = "" if value is None else value
    return tree


def rendered(source: str, names: Iterable[str], values: Mapping[str, object], *, as_html: bool) -> str:
    """A template rendered by Jinja."""

    def finalize(value: object) -> str:
        if isinstance(value, Markup):
            return value
        return html.escape(clean(value)) if as_html else clean(value)

    environment = SandboxedEnvironment(keep_trailing_newline=True, undefined=ChainableUndefined, finalize=finalize)
    environment.filters = {name: filter_.call for name, filter_ in FILTERS.items()}
    environment.filters["lines"] = html_lines if as_html else text_lines
    blocks = re.split(r"({% raw %}.*?{% endraw %})", source)
    blocks[::2] = [re.sub(r"\[\[\s*([\w.]+)\s*\]\]", r"{{ \1 }}", block) for block in blocks[::2]]
    braces = "".join(blocks)
    return environment.from_string(braces).render(nested(names, values)).replace("\ue000", "\n")


def fields(content: Content, names: Iterable[str], values: Mapping[str, object]) -> dict[str, str]:
    """What a reader sees in the fields with values. (The email package would decode what looks encoded in them.)"""

    def text(source: str) -> str:
        return line(rendered(source.strip(), names, values, as_html=False))

    def shown(mailbox: Mailbox) -> str:
        localpart, _, domain = rendered(mailbox.address, names, values, as_html=False).strip().rpartition("@")
        return f"{text(mailbox.name)} <{localpart}@{domain.lower()}>".strip()

    always = {"From": shown(content.sender), "To": shown(content.to), "Subject": text(content.subject)}
    given = {"Date": str(values["date"]), "Message-ID": str(values["message_id"])}
    free = {header.name: text(header.text) for header in content.headers}
    return always | given | {name: shown for name, shown in free.items() if shown}


def message(content: Content, names: Iterable[str], values: Mapping[str, object]) -> EmailMessage:
    """Text, HTML and files, as the email package packs them."""

    def ended(source: str, *, as_html: bool) -> str:
        return rendered(source if source.endswith("\n") else source + "\n", names, values, as_html=as_html)

    made = EmailMessage(email.policy.SMTP)
    if content.text:
        made.set_content(ended(content.text, as_html=False), cte="quoted-printable")
    if content.html:
        add = made.add_alternative if content.text else made.set_content
        add(ended(content.html, as_html=True), subtype="html", cte="quoted-printable")
    part = made.get_body(("html",)) if content.html else None
    for file in content.attachments:
        kind = file.type.split("/")
        if file.content_id and part:
            part.add_related(file.content, *kind, cid=f"<{file.content_id}>", filename=file.name, disposition="inline")
    for file in content.attachments:
        if not (file.content_id and part):
            made.add_attachment(file.content, *file.type.split("/"), filename=file.name)
    return made
