"""A request with one message: read whole, composed if it comes in pieces, queued in one transaction."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace
from email.utils import formatdate
from operator import itemgetter

from postduif.bounce.subject import of_address
from postduif.envelope import Envelope, Recipient
from postduif.errors import MergeError, TemplateError
from postduif.header_text import message_id
from postduif.mta import mail_content
from postduif.mta.injection.body import Body
from postduif.mta.injection.door import Held, Visit
from postduif.mta.injection.problem import Answer, Problem, of_reply
from postduif.mta.injection.reading import MAX_VALUES, SINGLE, Single, Unfit, address, read
from postduif.mta.injection.tally import Tally
from postduif.mta.mail_content import Lines
from postduif.mta.merge.content import Content, Mailbox
from postduif.mta.merge.message import compile_content
from postduif.mta.merge.names import LINKS
from postduif.mta.submission import Client, Prepared
from postduif.reply import Reply

MAX_LINE = 1_000_000  # octets, as on listeners
_MARKUP = re.compile(r"\{[{%#]|\[\[")
_WRONG = {"nul": "there is a NUL in it", "line": f"a line is longer than {MAX_LINE} octets"}


async def take(visit: Visit, body: Body, begun: bytes, tally: Tally) -> Answer:
    """Queue it. `begun` is what was read of the body. Raises Problem, Gone, StoreError."""
    with visit.held() as held:
        whole = await _whole(body, begun, held, tally)
        if tally.kept is not None:
            tally.compare()
            return tally.answer()
        most = visit.door.config().http.max_recipients + MAX_VALUES
        single = await asyncio.to_thread(read, SINGLE, whole, most)
        client = visit.client(single.stream)
        sender = visit.sender(client, single.sender)
        recipients = await _recipients(visit, client, single, tally)
        now = visit.door.clock.time()
        content = await asyncio.to_thread(_content, single, visit.door.config().server.hostname, now)
        envelope = Envelope(sender, [recipient for _, recipient in recipients], id=visit.door.store.next_id())
        prepared = visit.door.submission.prepare(client, envelope, content)
        if isinstance(prepared, Reply):
            raise of_reply(prepared)
        if len(prepared.message.content) > client.listener.max_message_size:
            raise Problem("too_large", f"the message is larger than {client.listener.max_message_size} octets")
        return await _queue(visit, client, prepared, tally, len(recipients))


async def _whole(body: Body, begun: bytes, held: Held, tally: Tally) -> bytes:
    whole = bytearray()
    octets = begun
    while octets:
        whole += octets
        held.holds(len(whole))
        tally.hashes(octets)
        octets = await body.read()
    return bytes(whole)


async def _queue(visit: Visit, client: Client, prepared: Prepared, tally: Tally, accepted: int) -> Answer:
    door = visit.door
    part = tally.part(prepared.envelope.id, accepted)
    reply = await door.submission.put(client, prepared, tally.task(part, done=True, at=door.clock.time()))
    if reply.code >= 400:
        raise of_reply(reply)
    visit.grant.limit.take(door.clock.monotonic(), accepted)
    tally.settle(part)
    return tally.answer()


async def _recipients(visit: Visit, client: Client, single: Single, tally: Tally) -> list[tuple[int, Recipient]]:
    """Those who get it, the others are in the tally. Raises Problem when nobody does."""
    limit = visit.door.config().http.max_recipients
    if len(single.recipients) > limit:
        raise Problem("too_large", f"more than {limit} recipients; send several requests, or a template")
    taken: list[tuple[int, Recipient]] = []
    for tally.items, text in enumerate(single.recipients, 1):
        try:
            found = address(text)
        except Unfit as problem:
            tally.refuse(text, problem.code, problem.field, problem.detail)
            continue
        if (refusal := visit.door.submission.may_receive(client, found)) is not None:
            tally.refuse(text, "not_accepted", "address", f"{refusal.enhanced} {refusal.text}")
        else:
            taken.append((tally.items, Recipient(found)))
    kept = await not_suppressed(visit, client.listener.stream, taken, tally)
    if not kept:
        tally.answer()  # which says so
    if single.duplicates == "drop":
        first = {of_address(recipient.address): (item, recipient) for item, recipient in reversed(kept)}
        tally.repeated = len(kept) - len(first)
        kept = sorted(first.values(), key=itemgetter(0))
    return kept


async def not_suppressed(
    visit: Visit, stream: str, recipients: Sequence[tuple[int, Recipient]], tally: Tally
) -> list[tuple[int, Recipient]]:
    """Those whom the suppression list lets have mail of that stream; the others are in the tally."""
    suppressions = visit.door.suppressions
    suspects = [recipient.address for _, recipient in recipients if suppressions.suspect(recipient.address)]
    refused = await suppressions.refusals(suspects, stream) if suspects else {}
    for item, recipient in recipients:
        if (reply := refused.get(recipient.address)) is not None:
            tally.refuse(str(recipient.address), "suppressed", "address", f"{reply.enhanced} {reply.text}", item)
    return [one for one in recipients if one[1].address not in refused]


def _content(single: Single, hostname: str, now: float) -> Lines:
    """The message as mail data. Raises Problem."""
    given = [one for one in (single.content, single.content_base64, single.message) if one is not None]
    if len(given) != 1:
        raise Problem("invalid", "write exactly one of content, content_base64 and message")
    if single.message is not None:
        octets = _composed(single.message, hostname, now)
    else:
        octets = single.content.encode() if single.content is not None else single.content_base64 or b""
    octets = mail_content.normalize(octets)
    octets = octets if octets.endswith(b"\r\n") else octets + b"\r\n"
    if fault := mail_content.fault_of(octets, MAX_LINE):
        raise Problem("invalid", f"content: {_WRONG.get(fault, fault)}")
    return Lines(octets)


def _composed(content: Content, hostname: str, now: float) -> bytes:
    try:
        merge = compile_content(_literally(content), ())
        if ours := merge.names & {"list_unsubscribe", *LINKS}:
            raise TemplateError(f"{min(ours)} is only for templates")
        return merge.render({"date": formatdate(int(now)), "message_id": message_id(hostname, now)})
    except (TemplateError, MergeError) as error:
        raise Problem("template", f"message: {error}") from None


def _literally(content: Content) -> Content:
    """The same with every text meaning itself."""
    reply_to = _mailbox(content.reply_to) if content.reply_to else None
    return replace(
        content,
        sender=_mailbox(content.sender),
        to=_mailbox(content.to),
        reply_to=reply_to,
        personal_sender=None,
        subject=_literal(content.subject),
        html=_literal(content.html),
        text=_literal(content.text),
        preheader=_literal(content.preheader),
        headers=tuple(replace(header, text=_literal(header.text)) for header in content.headers),
    )


def _mailbox(mailbox: Mailbox) -> Mailbox:
    return Mailbox(_literal(mailbox.address), _literal(mailbox.name))


def _literal(text: str) -> str:
    return _MARKUP.sub(lambda found: f'{{{{ "{found[0]}" }}}}', text)
