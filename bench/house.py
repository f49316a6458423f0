"""An installation that sends mailings: its settings, its people, its name server, its daemon.

As in `bench.postduif`: twenty connections, kept; what is not said here is the default.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from bench import newsletter, readers
from bench.errors import BenchError
from bench.peer import SELECTOR
from bench.program import Program, free_port, wait_for_greeting
from bench.proof import make_key
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.content.draft import Draft as Content
from postduif.campaign.content.draft import written
from postduif.campaign.mailings import editing, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import Draft, Mailing
from postduif.campaign.preparing.places import Places
from postduif.config.load import load
from postduif.config.schema import Config
from postduif.mta.merge.content import Mailbox

WHO = "bench"
_PUBLIC = ("dkim_record", "ptr_missing", "sender_unreachable", "returns_lost", "source_missing", "dmarc_missing_bulk")
TYPOLOGY = json.dumps({"levels": dict.fromkeys(_PUBLIC, "off")})
"""All checks but those of what is in public DNS."""
CONTENT = Content(
    newsletter.SUBJECT,
    Mailbox(newsletter.SENDER, "Pigeon news"),
    body=newsletter.HTML,
    text=newsletter.TEXT,
    list_id=f"news.{newsletter.DOMAIN}",
    list_name="Pigeon news",
)
"""What everybody gets."""
_NOWHERE = 9  # the port "discard": where mail would go that is only prepared
_SETTINGS = f"""\
[server]
hostname = "mta.{newsletter.DOMAIN}"
data_dir = "{{root}}/data"
run_dir = "{{root}}/run"
log_level = "warning"

[[listener]]
address = "127.0.0.1:{{port}}"
role = "inbound"

[dns]
nameservers = ["127.0.0.1:{{dns}}"]

[bounce]
domain = "bounce.{newsletter.DOMAIN}"

[[next_hop]]
domain = "*"
hosts = ["127.0.0.1:{{next_hop}}"]

[delivery]
connections = 20
messages_per_connection = 0

[[dkim]]
domain = "{newsletter.DOMAIN}"
selector = "{SELECTOR}"
key = "{{root}}/key.pem"
"""


class House:
    """One installation below `root`, with so many people. Its name server runs while the context lasts."""

    def __init__(self, root: Path, people: int) -> None:
        self.root = root
        self.people = people
        self.settings = root / "postduif.toml"
        self.more = ""
        """Settings beside the usual ones, from the next `furnish` on."""
        self.key = root / "key.pem"
        self.places = Places(root / "data")
        self._dns = free_port()
        for name in ("", "data", "run"):
            (root / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        make_key(self.key)

    def __enter__(self) -> House:
        command: list[str | Path] = [sys.executable, "-m", "bench.nameserver", f"--port={self._dns}"]
        self._server = Program([*command, "--place==127.0.0.1"], self.root / "dns.log")
        try:
            self._wait_for_answer()
            self.furnish()
            readers.take_in(self.places.data_dir, self.people, self.root)
        except BaseException:
            self._server.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def furnish(self, next_hop: int = _NOWHERE) -> None:
        """Write settings by which all mail goes to that port of 127.0.0.1."""
        self.port = free_port()
        values = {"root": self.root, "port": self.port, "dns": self._dns, "next_hop": next_hop}
        self.settings.write_text(_SETTINGS.format(**values) + self.more, encoding="utf-8")

    @property
    def config(self) -> Config:
        """The settings."""
        return load(self.settings)

    def mailing(self) -> int:
        """The number of a new mailing to everybody, that is to be prepared."""
        draft = Draft(
            "measured",
            target=Spec(condition="valid", mail_type=readers.TYPE),
            content=written(CONTENT).decode(),
            typology=TYPOLOGY,
        )
        with mailings(self.places.data_dir) as connection:
            made = editing.create(connection, draft, ("default",), self.by())
            return running.prepare(connection, made, self.by()).number

    def look(self, number: int) -> Mailing:
        """The mailing's record as it is now."""
        with mailings(self.places.data_dir) as connection:
            return find(connection, number)

    @contextmanager
    def daemon(self) -> Iterator[Program]:
        """`postduif serve`, ready, and ended afterwards."""
        command: list[str | Path] = [sys.executable, "-m", "postduif", "serve", "--config", self.settings]
        program = Program(command, self.root / "log")
        try:
            wait_for_greeting(self.port, program)
            yield program
        finally:
            program.stop()

    def by(self) -> By:
        """Us, now."""
        return By(WHO, time.time())

    def _wait_for_answer(self, patience: float = 10.0) -> None:
        question = dns.message.make_query(newsletter.DOMAIN, "MX")
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            self._server.check()
            try:
                dns.query.udp(question, "127.0.0.1", timeout=0.2, port=self._dns)
            except (dns.exception.Timeout, OSError):
                time.sleep(0.02)
            else:
                return
        raise BenchError(f"the name server did not answer within {patience:.0f} s")
