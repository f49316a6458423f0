"""Live parts of pages."""

from __future__ import annotations

import asyncio
from pathlib import Path

from starlette.responses import Response
from starlette.types import Message

from postduif.campaign.accounts import people, sessions
from postduif.campaign.accounts.fault import AccountFault
from postduif.campaign.web import live
from postduif.campaign.web.visitor import Visitor
from tests.web_world import Pages


def visitor(pages: Pages) -> Visitor:
    """anna, who is signed in."""
    anna = pages.signed_in()
    with pages.desk.accounts() as connection:
        found = sessions.found(connection, anna.cookies["postduif_session"], pages.desk.clock.time(), 60)
        assert found
        assert people.found(connection, "anna")
    return Visitor(pages.desk, *found)


async def events(response: Response, *, gone: bool = False) -> list[str]:
    """All that a browser gets until the stream ends; `gone`: it went away before the answer began."""
    sent = []

    async def receive() -> Message:
        if not gone:
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message.get("body", b"").decode())

    await response({"type": "http", "asgi": {"spec_version": "2.3"}}, receive, send)
    return [text for text in sent if text]


def test_only_what_changed_is_sent(tmp_path: Path) -> None:
    """A part is sent when it differs, each line by itself; a fault of ours is shown; it ends when the pages do."""
    pages = Pages(tmp_path)
    shown = iter(["<b>1</b>\n<i>a</i>", "<b>1</b>\n<i>a</i>", "<b>2</b>", "fault", "end"])

    def look() -> str:
        text = next(shown)
        if text == "fault":
            raise AccountFault("no <luck>")
        if text == "end":
            pages.desk.closing.set()
        return text

    with pages:
        sent = asyncio.run(events(live.stream(visitor(pages), look, every=0.001)))
    assert sent[0] == f"retry: {live.AGAIN}\n\n"
    assert sent[1:3] == ["data: <b>1</b>\ndata: <i>a</i>\n\n", "data: <b>2</b>\n\n"]
    assert "no &lt;luck&gt;" in sent[3]
    assert sent[4:] == ["data: end\n\n"]


def test_there_are_so_many_and_no_more(tmp_path: Path) -> None:
    """One person has MAX_OF_ONE at once, and gets a place back when one ends, even before its first event."""
    pages = Pages(tmp_path)
    with pages:
        anna = visitor(pages)
    pages.desk.closing.clear()
    open_ = [live.stream(anna, str) for _ in range(live.MAX_OF_ONE)]
    assert {one.status_code for one in open_} == {200}
    assert live.stream(anna, str).status_code == 503
    pages.desk.closing.set()

    for gone in (False, True):
        asyncio.run(events(open_.pop(), gone=gone))
        open_.append(live.stream(anna, str))
        assert open_[-1].status_code == 200
    for one in open_:
        asyncio.run(events(one))


def test_who_is_signed_out_hears_no_more(tmp_path: Path) -> None:
    """A stream ends at the first look after its session ended, and not only when its life is over."""
    with Pages(tmp_path) as pages:
        anna = visitor(pages)

        def look() -> str:
            with pages.desk.accounts() as connection:
                people.change(connection, anna.person._replace(disabled=True), anna.by())
            return "a figure"

        pages.add("piet")
        assert asyncio.run(events(live.stream(anna, look, every=0.001)))[1:] == ["data: a figure\n\n"]
