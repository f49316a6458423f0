"""The links of a mailing on disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from postduif.campaign.tracking.links import FILE_NAME, TrackedLink, destination, links_of, location, write
from postduif.errors import StoreError
from postduif.queue.mailing import directory_of

LINK = TrackedLink(1, ("https://x.nl/?q=", "&r=", ""), "https://x.nl/?q={{ q }}&r={{ r }}", "x", "", "html", 3)


def test_they_come_back(tmp_path: Path) -> None:
    """What was written down for a mailing is read for it, and for no other."""
    folder = directory_of(tmp_path, 7)
    folder.mkdir(parents=True)
    write(folder, (LINK,))
    assert links_of(tmp_path, 7) == (LINK,)
    assert links_of(tmp_path, 8) == ()
    assert (folder / FILE_NAME).stat().st_mode & 0o077 == 0


def test_nothing_tracked_is_no_file(tmp_path: Path) -> None:
    """A mailing without tracked links has none."""
    write(tmp_path, ())
    assert not list(tmp_path.iterdir())


def test_damage_is_said(tmp_path: Path) -> None:
    """A file that is damaged is not taken for a mailing without links."""
    folder = directory_of(tmp_path, 7)
    folder.mkdir(parents=True)
    (folder / FILE_NAME).write_bytes(b'[{"number":1')
    with pytest.raises(StoreError, match="is damaged"):
        links_of(tmp_path, 7)


def test_a_link_needs_its_folder(tmp_path: Path) -> None:
    """What cannot be written is an error of the store."""
    with pytest.raises(StoreError, match="No such file"):
        write(tmp_path / "none", (LINK,))


def test_what_is_missing_is_empty() -> None:
    """A query that was cut off leads to the page without that value; what was never asked for is not looked at."""
    assert destination(LINK, {}) == "https://x.nl/?q=&r="
    assert destination(LINK, {"b": "2", "z": "3"}) == "https://x.nl/?q=&r=2"


def test_no_header_is_split() -> None:
    """Line ends of a value are blanks, as in the mail, and what goes into a header is ASCII in one piece."""
    address = destination(LINK, {"a": "x\r\nSet-Cookie: a=b", "b": "é\x00\u2028"})
    assert location(address) == "https://x.nl/?q=x%20Set-Cookie:%20a=b&r=%C3%A9"


def test_what_is_encoded_stays_so() -> None:
    """Nothing is encoded twice."""
    assert location("https://x.nl/%2F?a=%20&b=[1]#c") == "https://x.nl/%2F?a=%20&b=[1]#c"
