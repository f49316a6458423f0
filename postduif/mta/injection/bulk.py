"""A request with a template and recipients with values, read as a stream: it becomes messages of up to 1,000 recipients
in the queue, each committed as it fills, merged and signed at delivery.

Promises: what is answered 202 is on disk; memory holds one message's recipients, whatever the length of the list; each
message is tried out at the door, so who is accepted has a message; an address gets one, unless more are asked for. With
an idempotency key, what a crash left undone is gone on with, and nothing is done twice.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from dataclasses import replace
from email.utils import formatdate

from postduif import log
from postduif.address import Address
from postduif.envelope import Envelope, Message, Notify, Recipient
from postduif.errors import MergeError, StoreError, TemplateError
from postduif.mta import relaying
from postduif.mta.injection import kept_keys
from postduif.mta.injection.body import Body
from postduif.mta.injection.door import Visit
from postduif.mta.injection.items import Item, Items, Malformed, TooLong
from postduif.mta.injection.problem import Answer, Problem, of_reply
from postduif.mta.injection.reading import TEMPLATE, Given, Template, Unfit, address_of, read, recipient
from postduif.mta.injection.seen import Seen
from postduif.mta.injection.single import not_suppressed
from postduif.mta.injection.tally import Tally
from postduif.mta.mail_content import Lines
from postduif.mta.merge.message import Merge, compile_content
from postduif.mta.merge.names import LINKS
from postduif.mta.merge.stored import dump
from postduif.mta.merged import by_key, order_of, packed
from postduif.mta.submission import Prepared
from postduif.reply import Reply

MESSAGE_RECIPIENTS = 1000
"""Of one message in the queue, at most."""
MESSAGE_VALUES = 4 << 20
"""Octets of values of one message, about."""
LONGEST_WAIT = 60.0  # seconds that a request waits for the token's rate; then it ends and may go on later
LONGEST_STRETCH = 0.01  # seconds of work until others have their turn


class Bulk:
    """One request. `take` reads and queues it."""

    def __init__(self, visit: Visit, body: Body, begun: bytes, items: Items, tally: Tally) -> None:
        """`begun` is what was read of the body."""
        self._visit = visit
        self._door = visit.door
        self._settings = visit.door.config().http
        self._body = body
        self._items = items
        self._tally = tally
        self._batch: list[tuple[int, Recipient]] = []
        self._octets = 0  # of values in the batch
        self._stored = b""
        self._seen = Seen()
        self._before: list[Address] = []  # settled by an earlier try, not in `_seen` yet
        self._base: Envelope | None = None  # what every message's envelope is a copy of
        tally.templates = 1
        items.longest = 2 * self._settings.max_message_size
        items.feed(begun)

    async def take(self) -> Answer:
        """Raises Problem, which says what was done before, and Gone."""
        with self._visit.held() as held, closing(self._seen):
            self._held = held
            try:
                return await self._take()
            except (Malformed, TooLong) as error:
                code = "malformed" if isinstance(error, Malformed) else "too_large"
                words = str(error) or f"an item is longer than {self._items.longest} octets"
                raise self._tally.with_all(Problem(code, f"item {self._tally.items + 1}: {words}")) from None
            except StoreError as error:
                log.error("not stored", client=self._visit.request.client.text, error=error)
                raise self._tally.with_all(
                    Problem("storage_failed", "the queue could not be read or written")
                ) from None
            except Problem as problem:
                raise problem if problem.more else self._tally.with_all(problem) from None

    async def _take(self) -> Answer:
        first = await self._next()
        if first is None:
            raise Problem("malformed", "the body is empty; its first item is the template, the others are recipients")
        resumed = self._tally.kept is not None and not self._tally.kept.done
        if self._tally.kept is None or resumed:
            await self._begin(first)
        refused = self._tally.was_refused()
        self._items.longest = self._settings.max_recipient_length
        began = time.monotonic()
        while (item := await self._next()) is not None:
            if not self._tally.settled_before():
                self._add(item)
                if len(self._batch) >= MESSAGE_RECIPIENTS or self._octets >= MESSAGE_VALUES:
                    await self._flush(done=False)
            elif resumed and self._tally.items not in refused:
                await self._note_before(item)
            if time.monotonic() - began > LONGEST_STRETCH:
                await asyncio.sleep(0)
                began = time.monotonic()
        self._tally.hashes(self._items.rest)
        if not self._tally.settled_whole():
            await self._flush(done=True)
        return self._tally.answer()

    async def _next(self) -> Item | None:
        """The next item, counted and hashed; None: the body is over."""
        while (item := self._items.next()) is None:
            octets = await self._body.read()
            if not octets:
                item = self._items.end()
                break
            self._items.feed(octets)
            self._hold()
        if item is not None:
            self._tally.items += 1
            self._tally.hashes(item.raw)
        return item

    def _hold(self) -> None:
        octets = self._items.held + self._octets + len(self._stored)
        self._held.holds(octets + self._tally.held + self._seen.held)

    # --- the template

    async def _begin(self, item: Item) -> None:
        """Read the template and ask whether it may be sent. Raises Problem."""
        template, merge, stored = await asyncio.to_thread(_compiled, item.text)
        if "list_unsubscribe" in merge.names and self._door.submission.returns is None:
            raise Problem("template", "list_unsubscribe needs bounce.domain in the settings")
        if ours := merge.names & LINKS:
            raise Problem("template", f"{min(ours)} is made in mailings only; give it another name")
        self._client = self._visit.client(template.stream)
        self._sender = self._visit.sender(self._client, template.sender)
        self._merge, self._stored = merge, stored
        self._drops = template.duplicates == "drop"
        self._order = order_of(merge)
        self._each_author = bool(self._visit.grant.senders) and template.content.personal_sender is not None

    # --- a recipient

    def _add(self, item: Item) -> None:
        """To the batch, or to the refusals."""
        try:
            given = recipient(item.text, self._order)
            merge = _packed(given)
            refusal = self._door.submission.may_receive(self._client, given.address)
            if refusal is not None:
                raise Unfit("not_accepted", "address", f"{refusal.enhanced} {refusal.text}", given.text)
            self._try_out(given)
        except Unfit as problem:
            self._tally.refuse(problem.address, problem.code, problem.field, problem.detail)
        else:
            self._batch.append((self._tally.items, Recipient(given.address, notify=Notify.NEVER, merge=merge)))
            self._octets += len(item.text)
            self._hold()

    def _try_out(self, given: Given) -> None:
        """Merge the message as delivery will. Raises Unfit for these values; Problem for what no values can mend."""
        values = by_key(self._order, given.values)
        values |= {"date": formatdate(0), "message_id": f"<{'0' * 24}@{self._sender.domain}>"}
        values["list_unsubscribe"] = "<mailto:nobody@example.invalid>"
        try:
            content = self._merge.render(values)
        except MergeError as error:
            raise Unfit("bad_values", "values", str(error), given.text) from None
        if len(content) > self._settings.max_message_size:
            words = f"the message has {len(content)} octets, {self._settings.max_message_size} at most"
            raise Unfit("too_large", "values", words, given.text)
        if self._base is None or self._each_author:
            self._judge(content, given.address)

    def _judge(self, content: bytes, address: Address) -> None:
        """Have a merged message judged as every mail is, and keep the envelope that it gets."""
        envelope = Envelope(self._sender, [Recipient(address)])
        prepared = self._door.submission.prepare(self._client, envelope, Lines(content))
        if not isinstance(prepared, Reply):
            self._base = self._base or prepared.envelope
        elif self._base is None:
            raise of_reply(prepared)
        else:
            raise Unfit("not_accepted", "values", f"{prepared.enhanced} {prepared.text}", str(address))

    # --- a message

    async def _flush(self, *, done: bool) -> None:
        """Queue the batch as a message, with all that is settled by it. Raises Problem."""
        tally, door = self._tally, self._door
        if self._batch:
            self._batch = await not_suppressed(self._visit, self._client.listener.stream, self._batch, tally)
            self._batch = await self._first_of_each(self._batch)
        if not self._batch:
            await self._settle_refusals(done=done)
            return
        await self._wait_for_rate()
        prepared = self._prepared()
        part = tally.part(prepared.envelope.id, len(self._batch))
        reply = await door.submission.put(self._client, prepared, tally.task(part, done=done, at=door.clock.time()))
        if reply.code >= 400:
            raise of_reply(reply)
        tally.settle(part)
        self._visit.grant.limit.take(door.clock.monotonic(), part.accepted)
        self._batch, self._octets = [], 0
        self._hold()

    async def _note_before(self, item: Item) -> None:
        """Whom an earlier try accepted gets no second mail from this one."""
        if self._drops and (found := address_of(item.text)) is not None:
            self._before.append(found)
            if len(self._before) >= MESSAGE_RECIPIENTS:
                await self._see()

    async def _see(self) -> None:
        before, self._before = self._before, []
        await asyncio.to_thread(self._seen.add, before)

    async def _first_of_each(self, batch: list[tuple[int, Recipient]]) -> list[tuple[int, Recipient]]:
        """Those whose address did not stand there before, unless all are wanted."""
        if not self._drops:
            return batch
        if self._before:
            await self._see()
        again = await asyncio.to_thread(self._seen.add, [recipient.address for _, recipient in batch])
        self._tally.repeated += sum(again)
        return [one for one, before in zip(batch, again, strict=True) if not before]

    def _prepared(self) -> Prepared:
        assert self._base is not None
        door, now = self._door, self._door.clock.time()
        recipients = [one for _, one in self._batch]
        envelope = replace(
            self._base,
            recipients=relaying.rewritten(door.config(), self._client.listener, recipients),
            id=door.store.next_id(),
            received_at=now,
            expires_at=now + self._base.expires_at - self._base.received_at,
            size=len(self._stored),
            message_id="",
        )
        return Prepared(envelope, Message(self._stored))

    async def _settle_refusals(self, *, done: bool) -> None:
        """Note the end of a request whose last recipients were all refused, if it queued something before."""
        tally, now = self._tally, self._door.clock.time()
        self._octets = 0
        part = tally.part(0, 0)
        if done and tally.accepted:
            for task in tally.task(part, done=True, at=now):
                await self._door.store.do(kept_keys.note, *task.arguments)
            tally.settle(part)

    async def _wait_for_rate(self) -> None:
        """The body waits with the client meanwhile."""
        wait = self._visit.grant.limit.wait(self._door.clock.monotonic())
        if wait > LONGEST_WAIT:
            raise Problem("rate", "more recipients than this token may have in that time", wait=wait)
        if wait:
            await self._door.clock.sleep(wait)


def _packed(given: Given) -> str:
    """The values as they are stored. Raises Unfit."""
    try:
        return packed(given.values)
    except ValueError:
        words = "half a character (a lone surrogate), or lists in lists without end"
        raise Unfit("bad_values", "values", words, given.text) from None


def _compiled(text: bytes) -> tuple[Template, Merge, bytes]:
    template = read(TEMPLATE, text)
    names = {*template.names, "email"}
    try:
        merge, stored = compile_content(template.content, names), dump(template.content, names)
    except TemplateError as error:
        raise Problem("template", str(error)) from None
    return template, merge, stored
