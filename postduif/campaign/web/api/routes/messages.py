"""One message for one recipient: by a template with values, or with content of its own."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from pydantic import Field

from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.sending.single import request_of
from postduif.campaign.web.api.caller import Caller, Sending
from postduif.campaign.web.api.problem import CODES, Problem
from postduif.campaign.web.api.shape import Id, Line, Shape
from postduif.mta.local_door import JSON, LINES, Said, inject

router = APIRouter(prefix="/messages", tags=["messages"])


class MessageIn(Shape):
    """What is to be sent: `template` with `values`, or `message`."""

    to: Annotated[str, Field(min_length=1, max_length=400)] = Field(description="The address.")
    template: Id | None = Field(default=None, description="The number of a mailing that is a template.")
    values: dict[str, Any] = Field(default={}, description="Of its variables, also nested: docs/templates.md.")
    message: dict[str, Any] | None = Field(
        default=None,
        description="Content of its own: `sender` (`address`, `name`), `subject`, `html`, `text`; also `to`, "
        "`reply_to`, `headers`, `attachments`, as in docs/injection.md. Nothing in it is a template.",
    )
    stream: Line = Field(default="", description="Empty: that of the template, or of [http].")


class Queued(Shape):
    """The message is on disk, and goes out."""

    id: str = Field(description="What `postduif why`, the journal and webhooks call it.")


@router.post("", status_code=202)
def send(
    request: Request,
    who: Sending,
    given: MessageIn,
    idempotency_key: Annotated[str, Header(max_length=255, description="So that it is sent once.")] = "",
) -> Queued:
    """Send it. Who is on the suppression list gets nothing: 422 `refused`."""
    if (given.template is None) == (given.message is None):
        raise Problem("invalid", "Give exactly one of template and message.")
    key = hashlib.sha256(f"{who.bearer.token.id} {idempotency_key}".encode()).hexdigest() if idempotency_key else ""
    if given.template is not None:
        with mailings(who.desk.data_dir) as connection:
            template = find(connection, given.template)
            body = request_of(connection, who.desk.config, template, given.to, given.values, given.stream)
        return _answer(inject(who.desk.config.server.run_dir, body, LINES, key))
    return _answer(inject(who.desk.config.server.run_dir, _own(given, who), JSON, key))


def _own(given: MessageIn, who: Caller) -> bytes:
    assert given.message is not None
    sender = given.message.get("sender")
    address = sender.get("address") if isinstance(sender, dict) else None
    if not isinstance(address, str) or not address:
        raise Problem("invalid", "message.sender has no address.")
    message = {"to": {"address": given.to}} | given.message
    return json.dumps(
        {"sender": address, "recipients": [given.to], "message": message, "stream": given.stream}
    ).encode()


def _answer(said: Said) -> Queued:
    """Raises Problem with what the MTA says."""
    body = said.body
    if said.status == 202 and body.get("messages"):
        return Queued(id=str(body["messages"][0]["id"]))
    refusals = body.get("refusals") or []
    if refusals:
        raise Problem("refused", f"{refusals[0]['code']}: {refusals[0]['detail']}")
    code, detail = str(body.get("code", "")), str(body.get("detail", "it gave no reason"))
    if code not in CODES or code in ("failure", "not_found"):
        code = "storage" if said.status >= 500 else "refused"
    errors = {"errors": body["errors"]} if isinstance(body.get("errors"), list) else {}
    raise Problem(code, detail, wait=5 if said.status >= 500 else 0, **errors)
