"""One message of a template: what an application has its customers told, by way of the MTA.

It is nobody's mailing: nothing in it is tracked, and there are no pages behind its links. The MTA merges it at
delivery, with the values that come along, and knows the key of the request: the same once more is the same message.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from postduif.campaign.content.composing import composed
from postduif.campaign.content.list_fields import Facts
from postduif.campaign.mailings.fault import MailingFault
from postduif.campaign.mailings.record import Mailing
from postduif.campaign.preparing.composition import draft_of
from postduif.campaign.preparing.values import PREFIX
from postduif.config.schema import Config
from postduif.mta.merge.content import Content
from postduif.mta.merge.stored import plain

MAX_NAMES = 2000
"""Variables of one message."""


def request_of(
    connection: sqlite3.Connection,
    config: Config,
    template: Mailing,
    to: str,
    values: Mapping[str, Any],
    stream: str,
) -> bytes:
    """What the MTA is asked: the template and its one recipient. Raises MailingFault, TemplateError."""
    if not template.template:
        raise MailingFault(f"mailing {template.number} is no template; make one of it: clone it as a template")
    whole = {**values, PREFIX.rstrip("."): values} if PREFIX.rstrip(".") not in values else dict(values)
    names = list(_names(whole, ""))
    if len(names) > MAX_NAMES:
        raise MailingFault(f"there are more than {MAX_NAMES} values; send fewer")
    content = _content(connection, config, template, frozenset(names))
    first = {
        "sender": content.sender.address,
        "names": names,
        "content": plain(content),
        "stream": stream or template.draft.stream,
    }
    lines = (first, {"address": to, "values": whole})
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def _content(connection: sqlite3.Connection, config: Config, template: Mailing, names: frozenset[str]) -> Content:
    draft = replace(draft_of(connection, template), tracking="none", seeds=(), journal="")
    facts = Facts(template.number, names | {"email"}, config.bounce.domain or "", "message")
    return composed(draft, facts).content


def _names(values: Mapping[str, Any], before: str) -> Iterator[str]:
    """As `mta.merge.names` writes them: `order.id`, `lines[]`, `lines[].title`."""
    for name, value in values.items():
        path = f"{before}{name}"
        if isinstance(value, Mapping):
            yield from _names(value, f"{path}.")
        elif isinstance(value, list):
            yield f"{path}[]"
            columns = dict.fromkeys(key for row in value if isinstance(row, Mapping) for key in row)
            yield from (f"{path}[].{key}" for key in columns)
        else:
            yield path
