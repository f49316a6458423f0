"""Mail handed over by HTTP: one message, a template for thousands, and the same again."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Iterable
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from postduif.mta.injection import tokens
from postduif.sink import Sink
from tests.stories.daemon import Daemon
from tests.stories.roads import to

HTTP = '[http]\naddress = "127.0.0.1:0"\n'
TEMPLATE = {
    "sender": "news@sender.example",
    "names": ["name"],
    "content": {
        "sender": {"address": "news@sender.example", "name": "News"},
        "to": {"address": "{{ email }}", "name": "{{ name }}"},
        "subject": "For {{ name }}",
        "text": "Dear {{ name }},\n\nall is well.\n",
    },
}


def token(directory: Path, user: str = "shop", *senders: str, rate: str = "") -> str:
    """A new token of a daemon in that directory."""
    return tokens.make(directory / "data", user, senders, rate, 0)


def people(count: int) -> list[dict[str, object]]:
    """Recipients, each with a name of their own."""
    return [{"address": f"p{number}@remote.example", "values": {"name": f"P. {number}"}} for number in range(count)]


def lines(items: Iterable[object]) -> bytes:
    """As JSON lines."""
    return "".join(json.dumps(item) + "\n" for item in items).encode()


async def post(daemon: Daemon, body: bytes, **fields: str) -> tuple[int, dict[str, Any]]:
    """What the door answers to a body; `fields` are header fields, with _ for hyphens."""
    given = {name.replace("_", "-"): value for name, value in fields.items()}

    def ask() -> tuple[int, dict[str, Any]]:
        client = http.client.HTTPConnection("127.0.0.1", daemon.app.http.port, timeout=30)
        client.request("POST", "/api/v1/inject", body, {"Content-Type": "application/json"} | given)
        response = client.getresponse()
        answer = json.loads(response.read())
        client.close()
        return response.status, answer

    return await asyncio.to_thread(ask)


async def test_one_message(tmp_path: Path) -> None:
    """A message is queued for those who may have it, says by which road it came, and the others are named."""
    async with Sink() as sink, Daemon(tmp_path, HTTP + to(sink)) as daemon:
        body = {"sender": "a@sender.example", "recipients": ["b@remote.example", "nobody"]}
        body["content"] = "From: a@sender.example\nSubject: hi\n\nHello.\n.\n"
        status, said = await post(daemon, json.dumps(body).encode(), Authorization=f"Bearer {token(tmp_path)}")
        assert (status, said["status"], said["accepted"]) == (202, "partly accepted", 1)
        assert [(one["item"], one["code"], one["field"]) for one in said["refusals"]] == [(2, "bad_address", "address")]
        await sink.wait_for(1)
        (got,) = sink.messages
        assert b"with HTTP id " + said["messages"][0]["id"].encode() in got.content
        assert got.content.endswith(b"\r\n\r\nHello.\r\n.\r\n")


async def test_composed_message(tmp_path: Path) -> None:
    """A message given in pieces means what it says: nothing in it is a template."""
    async with Sink() as sink, Daemon(tmp_path, HTTP + to(sink)) as daemon:
        message = {
            "sender": {"address": "a@sender.example"},
            "to": {"address": "b@remote.example", "name": "B {{ c }}"},
            "subject": "{{ what }} [[is]] {% this %}",
            "html": "<p>{{ x }}</p>",
            "attachments": [{"name": "a.bin", "type": "application/octet-stream", "content": "/+8="}],
        }
        body = {"sender": "a@sender.example", "recipients": ["b@remote.example"], "message": message}
        status, said = await post(daemon, json.dumps(body).encode(), Authorization=f"Bearer {token(tmp_path)}")
        assert status == 202, said
        await sink.wait_for(1)
        (got,) = sink.messages
        read = message_from_bytes(got.content, policy=policy.default)
        assert read["Subject"] == message["subject"]
        assert read["To"].addresses[0].display_name == "B {{ c }}"
        assert read.get_body().get_content().strip() == message["html"]
        assert [one.get_content() for one in read.iter_attachments()] == [b"\xff\xef"]


async def test_template_for_2500(tmp_path: Path) -> None:
    """2,500 recipients become three messages in the queue, and 2,500 mails with each their own words at the host."""
    async with Sink() as sink, Daemon(tmp_path, HTTP + to(sink)) as daemon:
        body = lines([TEMPLATE, *people(2500)])
        who = {"Authorization": f"Bearer {token(tmp_path)}", "Content_Type": "application/jsonl"}
        status, said = await post(daemon, body, Idempotency_Key="one", **who)
        assert (status, said["status"], said["accepted"], said["refused"]) == (202, "accepted", 2500, 0)
        assert [one["recipients"] for one in said["messages"]] == [1000, 1000, 500]
        assert await post(daemon, body, Idempotency_Key="one", **who) == (202, said)
        await sink.wait_for(2500)
        await daemon.quiet(sink)
        assert len(sink.messages) == len({one.recipients for one in sink.messages}) == 2500
        for one in list(sink.messages)[::500]:
            number = one.recipients[0].partition("@")[0][1:]
            assert message_from_bytes(one.content, policy=policy.default)["Subject"] == f"For P. {number}"
