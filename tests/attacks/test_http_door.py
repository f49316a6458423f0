"""What comes to the HTTP door to break it: two ways to read one request, slowness, size, guesses, hostile values."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.capture import Capture
from tests.http_world import SINGLE, TEMPLATE, HttpWorld

SMALL = (
    'idle_timeout = "1s"\nmin_data_rate = 5000\nmax_message_size = "100K"\nmax_body_size = "1M"\n'
    'max_recipient_length = "2K"\nmax_header_size = "4K"\nmax_connections_per_client = 20\n'
)
BODY = json.dumps(SINGLE).encode()
LINES = "application/jsonl"
LONGEST = 60.0  # seconds until a slow client is gone, with a machine that does much else
TWO_WAYS = {
    "two lengths": ["Content-Length: 5", "Content-Length: 5"],
    "two different lengths": ["Content-Length: 5", "Content-Length: 6"],
    "a list of lengths": ["Content-Length: 5, 5"],
    "a length with a sign": ["Content-Length: +5"],
    "a negative length": ["Content-Length: -5"],
    "a hexadecimal length": ["Content-Length: 0x5"],
    "an endless length": ["Content-Length: " + "9" * 40],
    "length and chunks": ["Content-Length: 5", "Transfer-Encoding: chunked"],
    "chunks twice": ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    "another coding": ["Transfer-Encoding: gzip, chunked"],
    "chunks by another name": ["Transfer-Encoding: xchunked"],
    "chunks not last": ["Transfer-Encoding: chunked, identity"],
    "a folded field": ["X-One: a\r\n b", "Content-Length: 5"],
    "a folded length": ["Content-Length:\r\n 5"],
    "a blank before the colon": ["Content-Length : 5"],
    "no name": [": 5", "Content-Length: 5"],
    "a bare LF": ["X-One: a\nContent-Length: 5"],
    "a bare CR": ["X-One: a\rContent-Length: 5"],
    "a NUL": ["X-One: a\0", "Content-Length: 5"],
    "a vertical tab": ["Transfer-Encoding: \x0bchunked"],
    "a second Host": ["Host: other", "Content-Length: 5"],
    "a second token": ["Authorization: Bearer pd_x", "Content-Length: 5"],
}
BAD_CHUNKS = {
    "no number": b"zz\r\n",
    "a sign": b"+5\r\nhello\r\n0\r\n\r\n",
    "0x": b"0x5\r\nhello\r\n0\r\n\r\n",
    "blanks": b" 5\r\nhello\r\n0\r\n\r\n",
    "bare LF": b"5\nhello\n0\n\n",
    "more than it says": b"5\r\nhello there\r\n0\r\n\r\n",
    "less than it says": b"9\r\nhello\r\n0\r\n\r\n",
    "an endless number": b"f" * 40 + b"\r\n",
    "an endless extension": b"5;" + b"x" * 100_000,
    "endless trailers": b"0\r\n" + b"X: y\r\n" * 20_000,
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpWorld]:
    """Running; nothing that a test does ends it."""
    directory: Path = tmp_path_factory.mktemp("http")
    with Capture() as host:
        hop = f'[[next_hop]]\ndomain = "*"\nhosts = ["127.0.0.1:{host.port}"]\n'
        with HttpWorld(directory, f"{hop}[auth]\nfree_failures = 3\n", SMALL) as one:
            yield one
            assert one.program.runs


def test_ordinary_request_is_taken(world: HttpWorld) -> None:
    """What the attacks below are made of is taken when nothing is wrong with it."""
    assert world.post(SINGLE).status == 202


@pytest.mark.parametrize("name", TWO_WAYS)
def test_request_with_two_readings(world: HttpWorld, name: str) -> None:
    """A header that two programs could read in two ways is refused, and the connection ends: nothing follows it."""
    with world.talk() as talk:
        hidden = world.head(f"Content-Length: {len(BODY)}") + BODY
        talk.send(world.head(*TWO_WAYS[name]) + b"0\r\n\r\n" + hidden)
        answer = talk.hear()
        assert answer is not None
        assert answer.status in (400, 501)
        assert answer.fields["connection"] == "close"
        assert talk.over()


@pytest.mark.parametrize("name", BAD_CHUNKS)
def test_chunks_that_are_none(world: HttpWorld, name: str) -> None:
    """Chunks that are not to the letter end the request and the connection."""
    with world.talk() as talk:
        talk.send(world.head("Transfer-Encoding: chunked") + BAD_CHUNKS[name])
        answer = talk.hear()
        assert answer is not None
        assert answer.status in (400, 408, 431)
        assert talk.over()


def test_two_requests_in_one_segment(world: HttpWorld) -> None:
    """Requests one behind the other are answered one by one, by their own lengths, in chunks too."""
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    with world.talk() as talk:
        one = world.head(f"Content-Length: {len(BODY)}") + BODY
        talk.send(one + world.head("Transfer-Encoding: chunked") + chunked + one)
        assert [answer and answer.status for answer in (talk.hear(), talk.hear(), talk.hear())] == [202, 202, 202]


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"EHLO me\r\n" * 3, 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"GET / HTTP/0.9\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"GET /api/v1/inject\r\n\r\n", 400),
        (b"GET /" + b"x" * 5000, 431),
        (b"GET / HTTP/1.1\r\nHost: mta\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
    ],
    ids=["smtp", "tls", "old", "http2", "no version", "long line", "many fields"],
)
def test_what_is_no_request(world: HttpWorld, octets: bytes, status: int) -> None:
    """Other protocols and endless headers get one answer and the end."""
    with world.talk() as talk:
        talk.send(octets)
        answer = talk.hear()
        assert answer is not None
        assert answer.status in (status, 505)
        assert talk.over()


@pytest.mark.parametrize("phase", ["silent", "header", "body", "chunk"])
def test_dripping_client_is_cut_off(world: HttpWorld, phase: str) -> None:
    """An octet now and then keeps no connection open, in no phase."""
    begun = {
        "silent": b"",
        "header": b"POST /api/v1/inject HTTP/1.1\r\nX: ",
        "body": world.head("Content-Length: 50000"),
        "chunk": world.head("Transfer-Encoding: chunked") + b"5000\r\n",
    }[phase]
    with world.talk() as talk:
        talk.send(begun)
        began = time.monotonic()
        talk.socket.settimeout(0.25)
        while time.monotonic() < began + LONGEST:
            try:
                if phase != "silent":
                    talk.socket.send(b"x")
                if not talk.socket.recv(65536):
                    break
            except TimeoutError:
                continue
            except ConnectionError:
                break
        assert 0.5 < time.monotonic() - began < LONGEST


def test_client_that_never_reads(world: HttpWorld) -> None:
    """A client that asks and asks and reads nothing is cut off."""
    with world.talk() as talk:
        talk.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        talk.socket.settimeout(0.25)
        request = world.head(f"Content-Length: {len(BODY)}", token="pd_wrong", line="POST /x HTTP/1.1") + BODY
        began, gone = time.monotonic(), False
        while not gone and time.monotonic() < began + LONGEST:
            try:
                talk.socket.send(request * 50)
            except TimeoutError:
                continue
            except ConnectionError:
                gone = True
        assert gone


def test_expect_is_answered_before_the_body(world: HttpWorld) -> None:
    """100-continue comes when the body is wanted, and not when it is refused by its length."""
    with world.talk() as talk:
        talk.send(world.head(f"Content-Length: {len(BODY)}", "Expect: 100-continue"))
        answer = talk.hear()
        assert answer is not None
        assert answer.status == 100
        talk.send(BODY)
        answer = talk.hear()
        assert answer is not None
        assert answer.status == 202
        talk.send(world.head("Content-Length: 5000000", "Expect: 100-continue"))
        answer = talk.hear()
        assert answer is not None
        assert (answer.status, answer.body["code"]) == (413, "too_large")


def test_body_that_is_too_large(world: HttpWorld) -> None:
    """A body past its limit gets 413, by its length or as it comes, and a recipient that has no end too."""
    padded = BODY + b" " * 300_000
    assert world.post(padded).status == 413
    with world.talk() as talk:
        talk.send(world.head("Transfer-Encoding: chunked") + b"%x\r\n%s" % (len(padded), padded))
        answer = talk.hear()
        assert answer is not None
        assert answer.status == 413
    endless = json.dumps(TEMPLATE).encode() + b'\n{"address": "' + b"x" * 5000
    answer = world.post(endless, kind=LINES)
    assert (answer.status, answer.body["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 20_000, b'{"sender": NaN}', b"[1,]", b"[1", b"{", b'"', b""]
)
def test_json_bombs(world: HttpWorld, body: bytes) -> None:
    """Depth, words that are no JSON, and halves of it are 4xx, never a failure of ours."""
    assert world.post(body).status in (400, 413, 422)
    assert world.post(json.dumps(TEMPLATE).encode() + b"\n" + body + b"\n", kind=LINES).status in (400, 413, 422)


def test_guesses_are_slowed(world: HttpWorld) -> None:
    """After some wrong tokens an address waits, whatever it says; others do not, and nothing of a token is logged."""
    statuses = [world.post(SINGLE, source="127.0.9.1", token=f"pd_00000000_{'x' * 43}").status for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    answer = world.post(SINGLE, source="127.0.9.1")
    assert answer.status == 429
    assert int(answer.fields["retry-after"]) >= 1
    assert world.post(SINGLE).status == 202
    assert world.token.rpartition("_")[2] not in world.log()


def test_many_connections_of_one_address(world: HttpWorld) -> None:
    """More connections than one address may have get 503 and the end; others are served."""
    talks = [world.talk("127.0.9.2") for _ in range(20)]
    try:
        with world.talk("127.0.9.2") as late:
            answer = late.hear()
            assert answer is None or answer.status == 503
        assert world.post(SINGLE).status == 202
    finally:
        for talk in talks:
            talk.__exit__()


def test_senders_of_others(world: HttpWorld) -> None:
    """A token with senders may use these alone: in the envelope, in From, and in a sender made of values."""
    mine = world.new_token("own", "*@own.example")
    own = SINGLE | {"sender": "a@own.example", "content": "From: a@own.example\n\nhi\n"}
    assert world.post(own, token=mine).status == 202
    assert world.post(SINGLE, token=mine).body["code"] == "sender_not_allowed"
    assert world.post(own | {"content": "From: ceo@sender.example\n\nhi\n"}, token=mine).status == 403
    exact = world.new_token("exact", "news@own.example")
    content = TEMPLATE["content"] | {"sender": {"address": "news@own.example"}}  # type: ignore[operator]
    personal = content | {"personal_sender": {"address": "{{ name }}@own.example"}}
    people = [{"address": f"{name}@remote.example", "values": {"name": name}} for name in ("news", "ceo")]
    template = TEMPLATE | {"sender": "news@own.example", "content": personal}
    answer = world.post([template, *people], token=exact)
    assert answer.status == 202
    assert [one["address"] for one in answer.body["refusals"]] == ["ceo@remote.example"]


def test_values_add_nothing(world: HttpWorld) -> None:
    """CR, LF, NUL and templates in values and addresses add no field, no recipient, no line, and run nothing."""
    hostile = "x\r\nBcc: victim@remote.example\r\n\r\n.\r\nMAIL FROM:<>\0 {{ 7*7 }} {% for %}"
    items = [TEMPLATE, {"address": "safe@remote.example", "values": {"name": hostile}}]
    items.append({"address": "a@remote.example\r\nRCPT TO:<victim@remote.example>", "values": {}})
    answer = world.post(items)
    assert (answer.status, answer.body["accepted"], answer.body["refused"]) == (202, 1, 1)
    assert answer.body["refusals"][0]["code"] == "bad_address"
    escape = TEMPLATE | {"content": TEMPLATE["content"] | {"text": "{{ name.__class__ }}"}}  # type: ignore[operator]
    assert world.post([escape, {"address": "b@remote.example"}]).body["code"] == "template"
