"""Mail handed over by HTTP: one message, a template for thousands, and the same again."""

from __future__ import annotations

import asyncio
import http.client
import json
import ssl
from collections.abc import Iterable
from contextlib import closing
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from postduif.bounce import suppression
from postduif.bounce.address_state import Event, What
from postduif.mta import control
from postduif.mta.injection import tokens
from postduif.mta.injection.problem import STATUS
from postduif.sink import Sink
from tests.http_world import SINGLE, TEMPLATE
from tests.mta.tls_pair import make as make_tls
from tests.stories.daemon import Daemon
from tests.stories.roads import to

HTTP = '[http]\naddress = "127.0.0.1:0"\n'


def token(directory: Path, user: str = "shop", *senders: str, rate: str = "") -> str:
    """A new token of a daemon in that directory."""
    return tokens.make(directory / "data", user, senders, rate, 0)


def people(count: int) -> list[dict[str, object]]:
    """Recipients, each with a name of their own."""
    return [{"address": f"p{number}@remote.example", "values": {"name": f"P. {number}"}} for number in range(count)]


def lines(items: Iterable[object]) -> bytes:
    """As JSON lines."""
    return "".join(json.dumps(item) + "\n" for item in items).encode()


async def post(
    daemon: Daemon, body: bytes, *, tls: ssl.SSLContext | None = None, **fields: str
) -> tuple[int, dict[str, Any]]:
    """What the door answers to a body; `fields` are header fields, with _ for hyphens."""
    given = {name.replace("_", "-"): value for name, value in fields.items()}

    def ask() -> tuple[int, dict[str, Any]]:
        place = ("127.0.0.1", daemon.app.http.port)
        connect = http.client.HTTPSConnection if tls else http.client.HTTPConnection
        with closing(connect(*place, timeout=60, **({"context": tls} if tls else {}))) as client:
            client.request("POST", "/api/v1/inject", body, {"Content-Type": "application/json"} | given)
            response = client.getresponse()
            return response.status, json.loads(response.read())

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


async def test_template_in_an_array(tmp_path: Path) -> None:
    """A list as an array; lists among the values; and why each of those who get nothing gets nothing."""
    async with Sink() as sink, Daemon(tmp_path, HTTP + 'max_message_size = "4K"\n' + to(sink)) as daemon:
        event = Event("gone@remote.example", What.HARD, daemon.clock.time(), "test")
        await daemon.app.suppressions.change(suppression.record, [event], daemon.app.suppressions.thresholds, b"x" * 32)
        text = "{% for one in orders %}{{ one.title }}, {% endfor %}{{ customer.city }}"
        template = TEMPLATE | {"names": ["name", "orders[]", "orders[].title", "customer.city"]}
        template["content"] = TEMPLATE["content"] | {"text": text}
        values = {"name": "Jo", "orders": [{"title": "Grain"}, {"title": "Water"}], "customer": {"city": "Delft"}}
        wrong = [
            {"address": "gone@remote.example"},
            {"address": "x@@remote.example"},
            {"address": "b@remote.example", "values": {"name": "x" * 5000}},
            {"address": "b@remote.example", "values": {"name": ["x"]}},
            {"address": "b@remote.example", "values": {"name": "\ud800"}},
            {"address": "b@remote.example", "vlaues": {}},
            {"address": "b@localhost"},
            {"values": {}},
            "b@remote.example",
        ]
        body = json.dumps([template, {"address": "jo@remote.example", "values": values}, *wrong]).encode()
        status, said = await post(daemon, body, Authorization=f"Bearer {token(tmp_path)}")
        assert (status, said["status"], said["accepted"], said["refused"]) == (202, "partly accepted", 1, len(wrong))
        assert [one["address"] for one in said["refusals"] if one["item"] == 7] == ["b@remote.example"]
        assert {one["item"]: one["code"] for one in said["refusals"]} == {
            3: "suppressed",
            4: "bad_address",
            5: "too_large",
            6: "bad_values",
            7: "bad_values",
            8: "unknown_field",
            9: "not_accepted",
            10: "bad_address",
            11: "malformed",
        }
        await sink.wait_for(1)
        read = message_from_bytes(sink.messages[0].content, policy=policy.default)
        assert read.get_content().strip() == "Grain, Water, Delft"


async def test_keys(tmp_path: Path) -> None:
    """A key with another body is 422 whatever differs, another user's is another key, a day later it is forgotten."""
    async with Sink() as sink, Daemon(tmp_path, HTTP + to(sink)) as daemon:
        shop, other = (f"Bearer {token(tmp_path, user)}" for user in ("shop", "other"))
        who = {"Authorization": shop, "Content_Type": "application/jsonl", "Idempotency_Key": '"k"'}
        body = lines([TEMPLATE, *people(3)])
        status, said = await post(daemon, body, **who)
        assert status == 202
        for another in (
            lines([TEMPLATE, *people(2)]),
            lines([TEMPLATE, *people(4)]),
            lines([TEMPLATE | {"sender": "a@sender.example"}, *people(3)]),
            body + b"\n",
        ):
            status, problem = await post(daemon, another, **who)
            assert (status, problem["code"]) == (422, "key_reused")
        array = json.dumps([TEMPLATE, *people(3)]).encode()
        assert (await post(daemon, array, **who | {"Content_Type": "application/json"}))[1]["code"] == "key_reused"
        assert await post(daemon, body, **who | {"Idempotency_Key": "k"}) == (202, said)
        assert (await post(daemon, body, **who | {"Authorization": other}))[1]["messages"] != said["messages"]
        assert (await post(daemon, body, **who | {"Idempotency_Key": "no blanks"}))[0] == 400
        daemon.clock.advance(86401)
        assert (await post(daemon, body, **who))[1]["messages"] != said["messages"]
        await sink.wait_for(9)


async def test_control_socket(tmp_path: Path) -> None:
    """Its owner hands over mail without a token and without a listener; the command line is served as before."""
    async with Sink() as sink, Daemon(tmp_path, to(sink)) as daemon:
        body = lines([TEMPLATE, *people(3)])
        head = f"POST /api/v1/inject HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nIdempotency-Key: k\r\n"
        head += "Content-Type: application/jsonl\r\nConnection: close\r\n\r\n"
        said = []
        for _ in range(2):
            reader, writer = await asyncio.open_unix_connection(tmp_path / "run" / control.NAME)
            writer.write(head.encode() + body)
            said.append((await reader.read()).partition(b"\r\n\r\n")[2])
            writer.close()
        assert said[0] == said[1]
        assert json.loads(said[0])["accepted"] == 3
        assert await asyncio.to_thread(control.ask, tmp_path / "run", "site.list") is not None
        await sink.wait_for(3)
        await daemon.quiet(sink)
        assert len(sink.messages) == 3


async def test_addresses_that_stand_twice(tmp_path: Path) -> None:
    """Each address gets one mail, the first, whatever its case and however far apart; with `keep` each gets all."""
    async with Sink() as sink, Daemon(tmp_path, HTTP + to(sink)) as daemon:
        who = {"Authorization": f"Bearer {token(tmp_path)}", "Content_Type": "application/jsonl"}
        again = [{"address": "P7@Remote.example", "values": {"name": "late"}}, "nobody", *people(3)]
        body = lines([TEMPLATE, *people(1200), *again])
        status, said = await post(daemon, body, Idempotency_Key="k", **who)
        assert (status, said["accepted"], said["refused"], said["duplicates"]) == (202, 1200, 1, 4)
        assert await post(daemon, body, Idempotency_Key="k", **who) == (202, said)
        await sink.wait_for(1200)
        await daemon.quiet(sink)
        assert len(sink.messages) == len({one.recipients for one in sink.messages}) == 1200
        assert not any(b"Subject: For late" in one.content for one in sink.messages)
        status, said = await post(daemon, lines([TEMPLATE | {"duplicates": "keep"}, *people(2), *people(2)]), **who)
        assert (status, said["accepted"], said["duplicates"]) == (202, 4, 0)
        await sink.wait_for(1204)
        assert (await post(daemon, lines([TEMPLATE | {"duplicates": "no"}, *people(2)]), **who))[1]["code"] == "invalid"


async def test_recipients_of_one_message_that_stand_twice(tmp_path: Path) -> None:
    """The same of one message; who is refused is refused each time."""
    async with Sink() as sink, Daemon(tmp_path, HTTP + to(sink)) as daemon:
        who = {"Authorization": f"Bearer {token(tmp_path)}", "Idempotency_Key": "k"}
        many = SINGLE | {"recipients": ["b@remote.example", "x", "B@remote.example", "c@remote.example", "x"]}
        status, said = await post(daemon, json.dumps(many).encode(), **who)
        assert (status, said["accepted"], said["refused"], said["duplicates"]) == (202, 2, 2, 1)
        assert said["messages"][0]["recipients"] == 2
        assert await post(daemon, json.dumps(many).encode(), **who) == (202, said)
        await sink.wait_for(1)
        (got,) = sink.messages
        assert sorted(got.recipients) == ["b@remote.example", "c@remote.example"]
        status, said = await post(
            daemon, json.dumps(many | {"duplicates": "keep"}).encode(), **who | {"Idempotency_Key": "l"}
        )
        assert (said["accepted"], said["duplicates"]) == (3, 0)


async def test_key_under_way(tmp_path: Path) -> None:
    """While a request is under way its key is taken; broken off, it goes on behind what was committed."""
    async with Sink() as sink, Daemon(tmp_path, HTTP + to(sink)) as daemon:
        who = {
            "Authorization": f"Bearer {token(tmp_path)}",
            "Content-Type": "application/jsonl",
            "Idempotency-Key": "k",
        }
        body = lines([TEMPLATE, "nobody", *people(1500), *people(100)])
        _, writer = await asyncio.open_connection("127.0.0.1", daemon.app.http.port)
        head = "".join(f"{name}: {value}\r\n" for name, value in who.items())
        writer.write(f"POST /api/v1/inject HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode())
        writer.write(body[:-20000])
        await sink.wait_for(1000)
        status, problem = await post(daemon, body, **{name.replace("-", "_"): value for name, value in who.items()})
        assert (status, problem["code"]) == (409, "key_under_way")
        writer.transport.abort()
        status = 409
        while status == 409:
            status, said = await post(daemon, body, **{name.replace("-", "_"): value for name, value in who.items()})
        assert (status, [one["recipients"] for one in said["messages"]]) == (202, [1000, 500])
        assert (said["refused"], said["duplicates"]) == (1, 100)
        await sink.wait_for(1500)
        await daemon.quiet(sink)
        assert len(sink.messages) == len({one.recipients for one in sink.messages}) == 1500


async def test_no_room(tmp_path: Path) -> None:
    """With the disk reserve reached it is 507, with no memory for mail 503; both say when to come again."""
    async with Sink() as sink, Daemon(tmp_path, HTTP + to(sink)) as daemon:
        who = {"Authorization": f"Bearer {token(tmp_path)}"}
        for body in (json.dumps(SINGLE).encode(), json.dumps([TEMPLATE, *people(3)]).encode()):
            daemon.app._memory.limit = 0
            assert (await post(daemon, body, **who))[1]["code"] == "memory"
            daemon.app._memory.limit = 1 << 30
            daemon.app.store._disk._reserve = 1 << 60
            daemon.clock.advance(60)
            assert (await post(daemon, body, **who))[0] == 507
            daemon.app.store._disk._reserve = 0
            daemon.clock.advance(60)
            assert (await post(daemon, body, **who))[0] == 202
        await sink.wait_for(4)
        assert daemon.app._memory.held == 0


async def test_rate_of_a_token(tmp_path: Path) -> None:
    """A list beyond the rate is taken more slowly; a request after too many is 429 with the time to wait."""
    async with Sink() as sink, Daemon(tmp_path, HTTP + to(sink)) as daemon:
        who = {"Authorization": f"Bearer {token(tmp_path, rate='6000/m')}", "Content_Type": "application/jsonl"}
        answer = asyncio.create_task(post(daemon, lines([TEMPLATE, *people(1500)]), **who))
        await sink.wait_for(1000)
        await daemon.settle()
        assert not answer.done()
        daemon.clock.advance(10)
        assert (await answer)[1]["accepted"] == 1500
        assert (await post(daemon, json.dumps(SINGLE).encode(), **who | {"Content_Type": "application/json"}))[0] == 429
        daemon.clock.advance(5)
        assert (await post(daemon, json.dumps(SINGLE).encode(), **who | {"Content_Type": "application/json"}))[0] == 202


PROBLEMS: tuple[tuple[dict[str, object], str], ...] = (
    ({"sender": "x@"}, "invalid"),
    ({"sender": 5}, "invalid"),
    ({"recipients": []}, "no_recipients"),
    ({"recipients": ["x"]}, "no_recipients"),
    ({"recipients": ["x@remote.example"] * 1001}, "too_large"),
    ({"content_base64": "eA=="}, "invalid"),
    ({"content": "a\0b"}, "invalid"),
    ({"content": "no header"}, "accepted"),
    ({"content": "Subject: no author\n\n", "sender": ""}, "refused"),
    ({"content": "From: a@b.example\nFrom: c@d.example\n\n"}, "refused"),
    ({"stream": "none"}, "invalid"),
    ({"streem": "none"}, "invalid"),
)


async def test_problems_of_one_message(tmp_path: Path) -> None:
    """Each mistake has its code; the door of all mail says what it says in SMTP."""
    async with Sink() as sink, Daemon(tmp_path, HTTP + to(sink)) as daemon:
        who = {"Authorization": f"Bearer {token(tmp_path)}"}
        said = [await post(daemon, json.dumps(SINGLE | change).encode(), **who) for change, _ in PROBLEMS]
        assert [answer.get("code", "accepted") for _, answer in said] == [code for _, code in PROBLEMS]
        assert [status for status, _ in said] == [STATUS.get(code, 202) for _, code in PROBLEMS]


async def test_broken_list(tmp_path: Path) -> None:
    """A list that ends in what is no list says how far it was done: those, and no others, are queued."""
    async with Sink() as sink, Daemon(tmp_path, HTTP + to(sink)) as daemon:
        who = {"Authorization": f"Bearer {token(tmp_path)}"}
        body = json.dumps([TEMPLATE, "nobody", *people(1200)]).encode()[:-1]
        status, said = await post(daemon, body, **who)
        assert (status, said["code"], said["settled"], said["accepted"]) == (400, "malformed", 1002, 1000)
        assert [one["item"] for one in said["refusals"]] == [2]
        await sink.wait_for(1000)
        await daemon.quiet(sink)
        assert {one.recipients[0] for one in sink.messages} == {str(one["address"]) for one in people(1000)}


async def test_full_house(tmp_path: Path) -> None:
    """With all connections taken the next gets 503, until one of them has waited for ten seconds: that one goes."""
    async with Sink() as sink, Daemon(tmp_path, HTTP + "max_connections = 2\n" + to(sink)) as daemon:
        who, body = {"Authorization": f"Bearer {token(tmp_path)}"}, json.dumps(SINGLE).encode()
        waiting = [await asyncio.open_connection("127.0.0.1", daemon.app.http.port) for _ in range(2)]
        await daemon.settle()
        assert (await post(daemon, body, **who))[1]["code"] == "connections"
        waiting[1][1].write(b"POST /api/v1/inject HTTP/1.1\r\n")
        daemon.clock.advance(10)
        assert (await post(daemon, body, **who))[0] == 202
        for _, writer in waiting:
            writer.close()


async def test_in_tls(tmp_path: Path) -> None:
    """With a certificate only TLS is spoken, and Received says so; a new certificate is used after a reload."""
    pair = make_tls(tmp_path)
    pair.private_key.chmod(0o600)
    tls = f'certificate = "{pair.certificate}"\nprivate_key = "{pair.private_key}"\n'
    async with Sink() as sink, Daemon(tmp_path, HTTP + tls + to(sink)) as daemon:
        with pytest.raises(ConnectionError):
            await post(daemon, b"{}")
        body, who = json.dumps(SINGLE).encode(), {"Authorization": f"Bearer {token(tmp_path)}"}
        assert (await post(daemon, body, tls=pair.client, **who))[0] == 202
        await sink.wait_for(1)
        assert b" with HTTPS (TLSv1.3 " in sink.messages[0].content
        other = make_tls(tmp_path)
        daemon.app.reload()
        with pytest.raises(ssl.SSLCertVerificationError):
            await post(daemon, body, tls=pair.client, **who)
        assert (await post(daemon, body, tls=other.client, **who))[0] == 202


async def test_stopping(tmp_path: Path) -> None:
    """A stop waits for the request under way and ends idle connections; what was answered is delivered after it."""
    async with Sink() as sink:
        daemon = Daemon(tmp_path, HTTP + to(sink))
        async with daemon:
            head = f"POST /api/v1/inject HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token(tmp_path)}\r\n"
            body = json.dumps(SINGLE).encode()
            idle, idler = await asyncio.open_connection("127.0.0.1", daemon.app.http.port)
            reader, writer = await asyncio.open_connection("127.0.0.1", daemon.app.http.port)
            writer.write(f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode())
            writer.write(body[:20])
            await daemon.until(lambda: daemon.app._memory.held)
            stopping = asyncio.create_task(daemon.app.stop())
            assert await idle.read() == b""
            writer.write(body[20:])
            answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 202 ")
            assert b"connection: close" in answer.lower()
            writer.close()
            idler.close()
            await stopping
        async with Daemon(tmp_path, HTTP + to(sink), daemon.clock):
            await sink.wait_for(1)


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
