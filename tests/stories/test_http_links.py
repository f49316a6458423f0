"""Templates by HTTP are no mailings: they have no links of the recipient's own."""

from __future__ import annotations

import json
from pathlib import Path

from postduif.mta.merge.names import LINKS
from postduif.sink import Sink
from tests.http_world import TEMPLATE
from tests.stories.daemon import Daemon
from tests.stories.roads import to
from tests.stories.test_http import HTTP, people, post, token


async def test_names_of_mailings_are_refused(tmp_path: Path) -> None:
    """A value of such a name would not be shown, so who writes one is told to call it otherwise."""
    async with Sink() as sink, Daemon(tmp_path, HTTP + to(sink)) as daemon:
        who = {"Authorization": f"Bearer {token(tmp_path)}"}
        for name in sorted(LINKS):
            content = TEMPLATE["content"] | {"text": f"{{{{ {name} }}}}"}
            template = TEMPLATE | {"names": ["name", name], "content": content}
            status, said = await post(daemon, json.dumps([template, *people(1)]).encode(), **who)
            assert (status, said["code"]) == (422, "template")
            assert f"{name} is made in mailings only; give it another name" in said["detail"]
        assert not sink.messages
