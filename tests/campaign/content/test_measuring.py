"""How large the parts of a message are."""

from __future__ import annotations

from postduif.campaign.content.measuring import measured
from postduif.mta.merge.content import Attachment
from tests.mta.merge.mailing import rendered


def test_both_parts() -> None:
    """Octets as they were written, with CRLF, whatever encodes them; a file is no part of either."""
    file = Attachment("a.txt", "text/plain", b"x" * 5000)
    message = rendered(html="<p>é</p>\n" * 100, text="é\n" * 10, attachments=(file,))
    assert measured(message) == (1100, 40)


def test_one_part() -> None:
    """What is not there has no octets."""
    assert measured(rendered(text="abc\n")) == (0, 5)
    assert measured(rendered(text="", html="<p>")).text == 0
