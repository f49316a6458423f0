"""The HTTP door: whatever comes, and however it is cut, requests are read in one way and answered in form."""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import h11

from postduif import log
from postduif.address import Address
from postduif.config.schema import Auth, Config
from postduif.envelope import Envelope, Message
from postduif.mta import command, mail_content
from postduif.mta.auth_backoff import Backoff
from postduif.mta.injection import kept_keys, tokens
from postduif.mta.injection.api import Api
from postduif.mta.injection.bearer import Bearers
from postduif.mta.injection.body import Body
from postduif.mta.injection.conversation import Conversation
from postduif.mta.injection.door import Door
from postduif.mta.injection.problem import STATUS, Answer
from postduif.mta.injection.request import Request
from postduif.mta.merge.stored import merge_of
from postduif.mta.message_memory import MessageMemory
from postduif.mta.submission import Submission
from postduif.mta.suppressions import Suppressions
from postduif.queue.change import Task
from postduif.queue.store import Store
from postduif.reply import Reply
from tests.fakes import FakeClock
from tests.fuzz.cutting import cut

CONFIG = Config.model_validate(
    {
        "server": {"hostname": "mta.example", "postmaster": "me@mail.example"},
        "http": {"address": "127.0.0.1:8025", "max_message_size": "2K", "max_recipient_length": "1K"},
    }
)
SECRET = "A" * 43
TOKEN = f"Bearer pd_00000000_{SECRET}".encode()
HEAD = b"POST /api/v1/inject HTTP/1.1\r\nHost: m\r\nAuthorization: Bearer T\r\nContent-Type: application/json"
LINES = HEAD + b"l\r\n"
MAIL = b'{"sender":"a@b.c","recipients":["d@e.f","D@e.f","gone@e.f"],"content":"From: a@b.c\\n\\nhi"}'
PARTS = (
    b'{"sender":"","recipients":["d@e.f"],'
    b'"message":{"sender":{"address":"a@b.c"},"to":{"address":"d@e.f"},"subject":"s","text":"x"}}'
)
TEMPLATE = (
    b'{"sender":"a@b.c","names":["n","o[]","o[].t"],"content":{"sender":{"address":"a@b.c"},'
    b'"to":{"address":"{{ email }}"},'
    b'"subject":"{{ n }}","text":"{% for x in o %}{{ x.t }}{% endfor %}"}}'
)
PEOPLE = (
    b'{"address":"d@e.f","values":{"n":"\\u00e9 ]","o":[{"t":1}]}}',
    b'{"address":"D@e.f"}',
    b'{"address":"gone@e.f"}',
)
ARRAY = b"[" + b" , ".join((TEMPLATE, *PEOPLE)) + b"]"


def sized(head: bytes, body: bytes) -> bytes:
    """A request with a length."""
    return b"%s\r\nContent-Length: %d\r\n\r\n%s" % (head.rstrip(), len(body), body)


def chunked(head: bytes, *chunks: bytes) -> bytes:
    """A request in chunks."""
    body = b"".join(b"%x;a=b\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"%s\r\nTransfer-Encoding: chunked\r\n\r\n%s0\r\nX: y\r\n\r\n" % (head.rstrip(), body)


SEEDS = [
    b"\0\0" + sized(HEAD, MAIL) + b"\r\nGET / HTTP/1.1\r\nHost: m\r\n\r\n" + sized(HEAD, PARTS),
    b"\1\2" + sized(HEAD + b"\r\nIdempotency-Key: k\r\nExpect: 100-continue", MAIL) * 2,
    b"\5\7" + chunked(LINES + b'Idempotency-Key: "k"', TEMPLATE, b"\n", b"\n".join(PEOPLE)) * 2,
    b"\3\4" + chunked(HEAD, ARRAY[:100], ARRAY[100:]) + sized(LINES, TEMPLATE + b"\nx\n" + PEOPLE[0]),
    b"\7\7" + sized(HEAD + b"\r\nConnection: close", b" " + ARRAY) + sized(HEAD, b"{}"),
    b"\2\2HEAD http://m/api/v1/inject?x HTTP/1.0\r\nUpgrade: h2c\r\nX:  y \r\n\r\n",
]
_RESPONSE = re.compile(rb"HTTP/1\.1 (\d{3}) [A-Za-z -]+\r\n((?:[A-Za-z-]+: [\x20-\x7e]*\r\n)+)\r\n")
_DIRECTORY = tempfile.TemporaryDirectory()
(Path(_DIRECTORY.name) / tokens.FILE).write_text(f"00000000:shop:{tokens.hash_of(SECRET)}:0::\n")


class Shelf:
    """In the store's place: what was queued, and a database for the keys."""

    def __init__(self) -> None:
        self.full = False
        self.mails: list[tuple[Envelope, Message]] = []
        self.questions = self
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        kept_keys.prepare(self._connection)

    def next_id(self) -> int:
        """One more than the mails."""
        return len(self.mails) + 1

    async def put(self, envelope: Envelope, message: Message, tasks: Sequence[Task] = ()) -> int:
        """Keep it."""
        self.mails.append((envelope, message))
        for task in tasks:
            task.function(self._connection, *task.arguments)
        return envelope.id

    async def do(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run SQL."""
        return function(self._connection, *arguments)

    ask = do

    def close(self) -> None:
        """No more."""
        self._connection.close()


class Nobody:
    """In the suppression list's place: whoever is called gone is on it."""

    def suspect(self, address: Address) -> bool:
        """Perhaps."""
        return address.localpart == "gone"

    async def refusals(self, addresses: Iterable[Address], _: str) -> dict[Address, Reply]:
        """Those who are."""
        return {one: Reply(550, "5.7.1", "no") for one in addresses if self.suspect(one)}


class Wire:
    """Both ends of a stream: pieces come in one by one, what is said is kept."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.said = bytearray()
        self.transport = self
        self.write = self.said.extend
        self._pieces = iter(pieces)

    async def read(self, _: int) -> bytes:
        """The next piece; b"" is the end."""
        return next(self._pieces, b"")

    async def drain(self) -> None:
        """Nothing waits."""

    def get_extra_info(self, name: str) -> object:
        """Of a client in the clear."""
        return ("192.0.2.1", 1) if name == "peername" else None

    def can_write_eof(self) -> bool:
        """As in the clear."""
        return True

    def write_eof(self) -> None:
        """Nobody hears it."""

    abort = write_eof


class Outcome(NamedTuple):
    """What became of the input."""

    answers: list[tuple[int, Any]]
    read: list[tuple[str, int]]
    """Of each request whose body was read whole: method and octets."""
    mails: list[tuple[Envelope, Message]]


def check(octets: bytes) -> None:
    """Cut or whole, the same is answered and queued; h11 finds the same requests; what is queued is clean."""
    log.configure("text", "error")
    whole, pieces = cut(octets[:2] + octets[2:].replace(b"Bearer T", TOKEN))
    outcome, cut_up = asyncio.run(_outcome([whole])), asyncio.run(_outcome(pieces))
    assert _gist(outcome) == _gist(cut_up)
    _compare_with_h11(whole, outcome.read)
    accepted = 0
    for status, said in outcome.answers:
        assert said is None or status == (STATUS[said["code"]] if "code" in said else 202)
        assert said is None or said.get("code") != "failure"
        accepted += said["accepted"] if status == 202 and said else 0
    queued = sum(len(envelope.recipients) for envelope, _ in outcome.mails)
    assert accepted >= queued or any(status != 202 for status, _ in outcome.answers) or not outcome.answers
    for envelope, message in outcome.mails:
        _look_at(envelope, message)


def _look_at(envelope: Envelope, message: Message) -> None:
    subjects = Counter(f"{one.address.localpart.lower()}@{one.address.domain}" for one in envelope.recipients)
    assert "gone" not in {one.address.localpart for one in envelope.recipients}
    assert subjects
    for recipient in envelope.recipients:
        assert not command.has_control(str(recipient.address).encode("utf-8", "surrogatepass"))
    if envelope.recipients[0].merge:
        merge_of(message.content)
        assert all(isinstance(json.loads(one.merge), list) for one in envelope.recipients)
    else:
        assert mail_content.fault_of(message.content, 1_000_000) == ""


async def _outcome(pieces: Sequence[bytes]) -> Outcome:
    shelf, clock, wire = Shelf(), FakeClock(), Wire(pieces)
    store = cast(Store, shelf)
    door = Door(
        lambda: CONFIG,
        Submission(CONFIG, store, clock),
        store,
        cast(Suppressions, Nobody()),
        MessageMemory(1 << 26),
        clock,
    )
    api = Api(door, Bearers(Path(_DIRECTORY.name), Backoff(Auth(free_failures=2), clock), clock).grant)
    read = []

    async def respond(request: Request, body: Body) -> Answer:
        try:
            return await api.respond(request, body)
        finally:
            if body.over:
                read.append((request.method, body.octets))

    stream = cast(asyncio.StreamReader, wire), cast(asyncio.StreamWriter, wire)
    answering: Callable[[Request, Body], Awaitable[Answer]] = respond
    await Conversation(*stream, CONFIG.http, answering, clock).serve()
    shelf.close()
    assert door.memory.held == 0
    return Outcome(_answers(bytes(wire.said)), read, shelf.mails)


def _answers(said: bytes) -> list[tuple[int, Any]]:
    """Every response is one, to the letter; a HEAD has no body."""
    found, at = [], 0
    while at < len(said):
        if said.startswith(b"HTTP/1.1 100 \r\n\r\n", at):
            at += len(b"HTTP/1.1 100 \r\n\r\n")
            continue
        match = _RESPONSE.match(said, at)
        assert match, said[at : at + 200]
        fields = dict(line.split(b": ", 1) for line in match[2].split(b"\r\n")[:-1])
        at, length = match.end(), int(fields[b"Content-Length"])
        headless = said.startswith(b"HTTP/1.1 ", at) or at == len(said)
        found.append((int(match[1]), None if headless else json.loads(said[at : at + length])))
        at += 0 if headless else length
    assert at == len(said)
    return found


def _gist(outcome: Outcome) -> object:
    """What may not depend on the pieces. Which of two mistakes is named may: that of the first piece."""
    answers = [(status == 202, (said or {}).get("accepted", 0)) for status, said in outcome.answers]
    return answers, outcome.read, [[one.address for one in envelope.recipients] for envelope, _ in outcome.mails]


def _compare_with_h11(octets: bytes, read: Sequence[tuple[str, int]]) -> None:
    """Each request that was read to its end is where h11 finds it too, though h11 forgives more."""
    for method, length in read:
        http = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
        http.receive_data(octets.removeprefix(b"\r\n"))
        request, content = http.next_event(), 0
        assert isinstance(request, h11.Request)
        while not isinstance(event := http.next_event(), h11.EndOfMessage):
            assert isinstance(event, h11.Data)
            content += len(event.data)
        assert (request.method.decode(), content) == (method, length)
        octets = http.trailing_data[0]
