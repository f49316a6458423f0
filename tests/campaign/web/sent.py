"""A mailing that was sent, with its record, its content, what came of it and who read it: for pages of results."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from postduif.campaign.audience.gathering import Spec
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Draft
from postduif.queue.connection import FILE_NAME, connect_writer
from postduif.queue.mailing import directory_of
from tests.campaign.results.made import happens
from tests.campaign.tracking.readers import NOW, NUMBER, mailing, note, visit

HTML = (
    '<p>Dear {{ name }}</p><p><a href="https://shop.example/">The shop</a> <a href="https://shop.example/b">B</a></p>'
    '<img src="cid:logo">'
)
HOST = {"host": "mx.one.example[192.0.2.1]:25", "remote_mta": "mx.one.example", "tls": "TLSv1.3 AES"}


def sent(data_dir: Path, name: str = "November <b>news</b>") -> None:
    """Number 7: ann reads and clicks, bob opens and bounces late, cleo's is opened by a machine, dirk is unknown.

    Number 8 is a draft.
    """
    mailing(data_dir, delivered=False)
    content = {"subject": "News", "sender": {"address": "news@sender.example", "name": "News"}, "body": HTML}
    content |= {"attachments": [{"name": "l", "type": "image/png", "content": "UE5H", "content_id": "logo"}]}
    target = Spec(persons=("ann@one.example",))
    with mailings(data_dir) as connection:
        for _ in range(NUMBER + 1):
            editing.create(connection, Draft(name, target=target, content=json.dumps(content)), [], By("anna", NOW))
        values = (NOW - 100, NOW + 1000, NUMBER)
        connection.execute("UPDATE mailing SET state = 'finished', started = ?, ended = ? WHERE number = ?", values)
    with contextlib.closing(connect_writer(directory_of(data_dir, NUMBER) / FILE_NAME)) as connection:
        happens(connection, 0, "deferred", NOW - 60, code=451, text="come back", category="rate_limited", **HOST)
        for number in range(3):
            happens(connection, number, "delivered", NOW, code=250, text="Ok", connect=0.25, **HOST)
        words = "<dirk@one.example>: no such user <script>alert(1)</script>"
        happens(
            connection, 3, "failed", NOW, code=550, enhanced="5.1.1", text=words, category="recipient_unknown", **HOST
        )
        happens(connection, 1, "bounced", NOW + 900, code=552, text="full", category="mailbox_full")
        connection.execute(
            "INSERT INTO excluded (contact, child, address, cause) VALUES (0, 0, 'left@two.example', 'quarantine')"
        )
    note(
        data_dir,
        [visit(0, 60, "open"), visit(0, 100, link=1), visit(1, 70, "open"), visit(2, 70, "open", machine="proxy")],
    )
