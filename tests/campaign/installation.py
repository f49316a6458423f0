"""An installation with people and mailings, for tests of what is made of both."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.contacts import save
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.content.draft import Draft as Content
from postduif.campaign.content.draft import Seed, written
from postduif.campaign.database import transaction
from postduif.campaign.mailings import editing, running
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import Draft, Mailing
from postduif.campaign.preparing.places import Places
from postduif.config.schema import Config
from postduif.mta.merge.content import Mailbox
from tests.dns_server import DnsServer

NOW = 1_790_000_000.0
WHO = "anna"
CONTENT = Content(
    "For {{ name }}", Mailbox("news@sender.example", "News"), text="Dear {{ customer.name }},\n\nHello.\n"
)
FEW_RULES = '{"only": ["subject_empty", "content_fault"]}'


class Installation:
    """With a name server that knows nobody."""

    def __init__(self, directory: Path, dns: DnsServer, people: Sequence[str], more: str = "") -> None:
        directory.chmod(0o700)
        self.data_dir = directory / "data"
        self.config = Config.model_validate(
            {
                "server": {
                    "hostname": "mta.sender.example",
                    "data_dir": str(self.data_dir),
                    "run_dir": str(directory / "run"),
                },
                "dns": {"nameservers": [dns.endpoint], "timeout": "2s"},
                "bounce": {"domain": "bounce.sender.example"},
                "listener": [{"address": "127.0.0.2:0", "role": "inbound"}],
            }
        )
        self.places = Places(self.data_dir)
        with audience(self.data_dir) as connection, transaction(connection):
            for email in people:
                save(connection, email, {"name": email.partition("@")[0].title()}, NOW, "hand", "test")

    def mailing(
        self, content: Content = CONTENT, target: Spec | None = None, typology: str = "{}", **more: object
    ) -> Mailing:
        """A new one."""
        draft = Draft(
            "a mailing",
            target=target or Spec(condition="id > 0"),
            content=written(content).decode(),
            typology=typology,
            **more,
        )  # type: ignore[arg-type]
        with mailings(self.data_dir) as connection:
            return editing.create(connection, draft, ("default",), By(WHO, NOW))

    def begun(self, mailing: Mailing) -> Mailing:
        """It is to be prepared."""
        with mailings(self.data_dir) as connection:
            return running.prepare(connection, find(connection, mailing.number), By(WHO, NOW))

    def look(self, number: int) -> Mailing:
        """As it is now."""
        with mailings(self.data_dir) as connection:
            return find(connection, number)


__all__ = ["CONTENT", "FEW_RULES", "NOW", "WHO", "Content", "Installation", "Mailbox", "Seed", "Spec"]
