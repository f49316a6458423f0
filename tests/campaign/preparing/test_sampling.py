"""What is seen of the messages of many."""

from __future__ import annotations

import pytest

from postduif.campaign.audience.target import Recipient
from postduif.campaign.preparing.sampling import Sampling
from postduif.mta.merge.content import Content, Mailbox
from postduif.mta.merge.message import compile_content
from postduif.mta.merge.value import blank
from postduif.mta.merged import order_of, packed

MERGE = compile_content(
    Content(
        Mailbox("news@example.com"),
        Mailbox("{{ email }}"),
        "News",
        text="{{ name }}{% for x in l %}{{ x }}{% endfor %}",
    ),
    {"email", "name", "l[]"},
)


def holes(name: object, many: object = ("x",)) -> dict[str, int]:
    """What is found of one recipient."""
    sampling = Sampling(MERGE, 1, None)
    values = {"email": "ann@example.com", "name": name, "l[]": many}
    row = packed([values[one] for one in order_of(MERGE)])
    sampling.look([Recipient(1, 0, "ann@example.com", row, "")])
    return dict(sampling.found().empty)


@pytest.mark.parametrize(
    "name",
    [None, "", " ", "\t\r\n", "\u00a0", "\u3000 ", "\x1f", " x", "\t.", '"', "\\", 'a "b" c', "null", "[]", 0, False],
)
def test_what_is_blank_is_a_hole(name: object) -> None:
    """What a message calls blank is counted, and nothing else: nothing, no letters, white space of every kind."""
    assert holes(name) == ({"name": 1} if blank(name) else {})


def test_an_empty_list_is_a_hole() -> None:
    """A list that is shown and has nothing in it."""
    assert holes("Ann", []) == {"l[]": 1}
