"""What people ask for on the web, with the real processes: daemon, campaign, pages of readers; and a sink."""

from __future__ import annotations

import asyncio
import http.client
import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from postduif.attempt import Kind
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.contacts import find, profile
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.results.opening import opened
from postduif.mta.control import ask
from postduif.queue.mailing import Terms
from postduif.sink import Sink
from tests.campaign.forms.made import NEWSLETTER, put
from tests.campaign.tracking.readers import PEOPLE, people_and_types, token
from tests.program import PATIENCE, Program
from tests.stories.mailings import handed_over
from tests.stories.roads import free_port, to
from tests.stories.test_returned import SETTINGS

FIELDS = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Mozilla/5.0 Firefox/121.0"}
WITHIN = 10.0  # seconds; it is less than one on a machine that does nothing else


async def until(true: Callable[[], object]) -> None:
    """Return once it is so."""
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(true):  # noqa: ASYNC110  it is so on a disk, or in another process
            await asyncio.sleep(0.1)


class Site:
    """The three processes over one directory."""

    def __init__(self, program: Program, directory: Path, port: int) -> None:
        self.program = program
        self.data_dir = directory / "queue"
        self.port = port

    def ask(self, path: str, method: str = "GET", **fields: str) -> tuple[int, str]:
        """Of the pages of readers."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, urlencode(fields) if fields else None, FIELDS)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def _answers(self) -> bool:
        try:
            return self.ask("/")[0] == 404
        except OSError:
            return False

    async def start(self) -> None:
        """All three."""
        self.program.start()
        await asyncio.to_thread(self.program.wait_told, "READY=1")
        await until(self._answers)
        await until(self.campaign)

    def campaign(self) -> int:
        """The number of the campaign's process; 0: there is none."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"web" in words and str(self.program.path).encode() in words:
                return int(pid)
        return 0

    async def killed_after(self, do: Callable[[], object]) -> None:
        """The campaign's process stands still while that is asked and answered, and is killed before it sees it."""
        pid = self.campaign()
        os.kill(pid, signal.SIGSTOP)
        while self._writing():  # nobody else could, for as long as it stands still
            os.kill(pid, signal.SIGCONT)
            await asyncio.sleep(0.01)
            os.kill(pid, signal.SIGSTOP)
        await asyncio.to_thread(do)
        os.kill(pid, signal.SIGKILL)

    def _writing(self) -> bool:
        """Somebody is amid a transaction on what was asked."""
        for path in self.data_dir.glob("campaign/*.sqlite"):
            with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
                try:
                    connection.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:
                    return True
        return False

    def consent(self, email: str) -> list[tuple[str, str, str]]:
        """Event, type and wording of each proof."""
        with audience(self.data_dir) as connection:
            contact = find(connection, email)
            rows = profile(connection, contact)["consent"] if contact else []
        return [(one["event"], one["type"], one["wording"]) for one in rows]

    def left(self, email: str) -> bool:
        """The suppression list refuses the news for them."""
        with suppression_link(self.data_dir) as link:
            return bool(link.refusals([email], "news", time.time()))

    def waits(self, number: int, email: str) -> bool:
        """A mail of that mailing waits for them."""
        with opened(self.data_dir, number) as connection:
            return connection.execute("SELECT 1 FROM recipient WHERE address = ?", (email,)).fetchone() is not None


async def signed_up(site: Site, sink: Sink) -> None:
    """Signing up brings one mail, whatever is killed; its link confirms by the button alone; then the person is
    subscribed, with the proof of both steps, once."""

    def sign_up() -> None:
        page = site.ask("/f/newsletter")[1]
        shown = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        time.sleep(3)  # what a person takes to fill it in
        given = {"email": "new@one.example", "a_name": "New", "a_age": "33", "consent": "yes"}
        assert site.ask("/f/newsletter", "POST", **shown, **given)[0] == 200

    await site.killed_after(sign_up)
    await sink.wait_for(3)
    mail = message_from_bytes(sink.messages[2].content, policy=policy.default)
    assert (mail["To"], mail["From"], mail["Auto-Submitted"]) == (
        "new@one.example", "News <news@sender.example>", "auto-generated",
    )  # fmt: skip
    found = re.search(rf"http://127\.0\.0\.1:{site.port}(/y/\S+)", mail.get_content())
    assert found is not None
    assert "new@one.example" in site.ask(found[1])[1]
    await asyncio.sleep(1.0)  # twice what the campaign's process waits between looks
    assert site.consent("new@one.example") == []
    await until(site.campaign)
    await site.killed_after(lambda: site.ask(found[1], "POST", confirm="yes"))
    await until(lambda: len(site.consent("new@one.example")) == 2)
    wording = "version 1: I agree to get the weekly news."
    assert site.consent("new@one.example") == [("asked", "offers", wording), ("confirmed", "offers", wording)]
    with audience(site.data_dir) as connection:
        person = profile(connection, find(connection, "new@one.example") or 0)
    assert [(one["type"], one["state"]) for one in person["subscriptions"]] == [("offers", "confirmed")]
    assert [(one["kind"], one["name"]) for one in person["sources"]] == [("form", "newsletter")]
    assert (person["name"], person["language"], person["attributes"]["age"]) == ("New", "en", 33)
    assert len(sink.messages) == 3


async def unsubscribed(site: Site, sink: Sink) -> None:
    """Soon after the answer nothing waits for the person any more and the list refuses the type; killed between
    wish and carrying, the campaign's process loses nothing: it is done by the next one."""

    took = []
    for number in (1, 2):
        email, post = PEOPLE[number], partial(site.ask, f"/u/{token(site.data_dir, number)}", "POST")
        assert site.waits(8, email)
        assert (await asyncio.to_thread(lambda post=post: post(**{"List-Unsubscribe": "One-Click"})))[0] == 200
        answered = time.monotonic()
        await until(lambda email=email: site.left(email) and not site.waits(7, email) and not site.waits(8, email))
        took.append(time.monotonic() - answered)
        assert [one[:2] for one in site.consent(email)] == [("withdrawn", "news")]
    assert min(took) < WITHIN, took
    post = partial(site.ask, f"/u/{token(site.data_dir, 3)}", "POST")
    waited = []

    def wish() -> None:
        post(**{"List-Unsubscribe": "One-Click"})
        waited.append(site.waits(8, PEOPLE[3]))

    await site.killed_after(wish)
    assert waited == [True]
    await until(lambda: site.left(PEOPLE[3]) and not site.waits(8, PEOPLE[3]))
    await until(lambda: site.consent(PEOPLE[3]))
    with opened(site.data_dir, 8) as connection:
        kinds = connection.execute("SELECT kind, count(*) FROM journal GROUP BY kind ORDER BY kind").fetchall()
    assert kinds == [(Kind.DELIVERED.value, 1), (Kind.SUPPRESSED.value, 3)]
    assert len(sink.messages) == 3


def test_asked(tmp_path: Path) -> None:
    """What people ask for has its effect at once and once, whatever is killed: signing up, and leaving."""

    async def story() -> None:
        port = free_port()
        async with Sink() as sink:
            web = f'[web]\npublic_url = "http://127.0.0.1:{port}"\npublic_address = "127.0.0.1:{port}"\n'
            with Program(tmp_path, to(sink) + SETTINGS + web) as program:
                site = Site(program, tmp_path, port)
                people_and_types(site.data_dir)
                put(site.data_dir, NEWSLETTER)
                now = time.time()
                for number in (7, 8):  # of both a first wave goes at once, the others wait
                    handed_over(site.data_dir, number, PEOPLE, now, terms=Terms(mail_type="news"), waves=(1, 3))
                await site.start()
                for number in (7, 8):
                    await asyncio.to_thread(ask, program.run_dir, "mailing.open", number=number)
                await sink.wait_for(2)
                await signed_up(site, sink)
                await unsubscribed(site, sink)
                program.send(signal.SIGTERM)
                await asyncio.to_thread(program.ended)

    asyncio.run(story())
