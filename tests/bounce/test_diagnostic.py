"""Replies as people paste them and reports quote them."""

from __future__ import annotations

import pytest

from postduif.bounce.diagnostic import read_diagnostic
from postduif.reply import Reply


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("550 5.1.1 no such user", Reply(550, "5.1.1", "no such user")),
        ("smtp; 550 5.1.1 no such user", Reply(550, "5.1.1", "no such user")),
        ("550-5.1.1 no such\n550 5.1.1 user", Reply(550, "5.1.1", "no such\nuser")),
        ("550 no such user", Reply(550, "", "no such user")),
        ("421", Reply(421, "", "")),
        ("550 #5.1.0 Address rejected.", Reply(550, "5.1.0", "Address rejected.")),
        ("X-Notes; no such user", Reply(0, "", "X-Notes; no such user")),
        ("no such user", Reply(0, "", "no such user")),
        ("", Reply(0, "", "")),
    ],
)
def test_read(text: str, reply: Reply) -> None:
    """Code and enhanced code are taken from the beginning; a text without one has code 0."""
    assert read_diagnostic(text) == reply
