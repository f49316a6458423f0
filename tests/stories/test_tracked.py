"""A mailing with links that are tracked: what each of its people gets, and whom that names."""

from __future__ import annotations

import asyncio
import re
from email import message_from_bytes, policy
from pathlib import Path

from postduif.bounce import keyring
from postduif.campaign.content.composing import composed
from postduif.campaign.content.draft import Draft
from postduif.campaign.content.list_fields import Facts
from postduif.campaign.tracking.links import destination
from postduif.mta.control import ask
from postduif.mta.merge.content import Mailbox
from postduif.queue.inspect import looking
from postduif.queue.mailing import directory_of
from postduif.queue.rows import first_recipient
from postduif.recipient_token import KEY_FILE, Whom, read
from postduif.sink import Sink
from tests.stories.daemon import Daemon
from tests.stories.mailings import NAMES, handed_over
from tests.stories.roads import to
from tests.stories.test_returned import SETTINGS

PUBLIC = "https://news.example.com"
WEB = f'[web]\npublic_url = "{PUBLIC}"\n'
PEOPLE = [f"p{number}@one.example" for number in range(5)]
BODY = '<p>Dear {{ name }}, <a href="https://x.example/?who={{ email }}&amp;n=1">look</a></p>'
TOKEN = re.compile(rf"{PUBLIC}/[cou]/([\w-]{{32}})")


async def test_every_link_names_its_reader(tmp_path: Path) -> None:
    """All links of a message have the one token of its recipient, which the key in data_dir believes."""
    draft = Draft("News", Mailbox("news@sender.example"), BODY)
    made = composed(draft, Facts(7, frozenset(NAMES), "b.sender.example", public_url=PUBLIC))
    async with Sink() as sink, Daemon(tmp_path, to(sink) + SETTINGS + WEB) as daemon:
        handed_over(tmp_path / "data", 7, PEOPLE, daemon.clock.time(), content=made.content)
        with looking(directory_of(tmp_path / "data", 7)) as connection:
            numbers = dict(connection.execute("SELECT address, id FROM recipient").fetchall())
        await asyncio.to_thread(ask, daemon.path.parent / "run", "mailing.open", number=7)
        await sink.wait_for(len(PEOPLE))
    keys = keyring.load(tmp_path / "data" / KEY_FILE, create=False)
    for one in sink.messages:
        message = message_from_bytes(one.content, policy=policy.default)
        (address,) = one.recipients
        html, text = (message.get_body((kind,)) for kind in ("html", "plain"))
        assert html is not None
        assert text is not None
        shown = f"{message['List-Unsubscribe']} {html.get_content()} {text.get_content()}"
        (token,) = set(TOKEN.findall(shown))
        assert len(TOKEN.findall(shown)) == 4
        assert read(keys, token) == Whom(7, numbers[address] - first_recipient(7))
        assert f'href="{PUBLIC}/c/{token}/1?a={address.replace("@", "%40")}"' in html.get_content()
        assert destination(made.tracked[0], {"a": address}) == f"https://x.example/?who={address}&n=1"
        assert message["List-Unsubscribe"].startswith(f"<{PUBLIC}/u/{token}>, <mailto:u1")
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
