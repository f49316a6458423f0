"""Pictures on file: once by content, private, bounded, and not let go while something is to be sent with them."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from sqlite3 import Connection

import pytest

from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Draft
from postduif.campaign.media import files, store
from postduif.campaign.media.connection import media
from postduif.campaign.media.look import Kind
from postduif.campaign.media.picture import MediaFault, Picture, PictureInUse, name_of
from postduif.campaign.media.uses import missing, still_to_go, where
from tests.campaign.media.samples import gif, png

BY = By("anna", 1_800_000_000.0)
HOST = "https://news.example"
ROOM = 1_000_000


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A private folder."""
    tmp_path.chmod(0o700)
    return tmp_path


@pytest.fixture
def connection(data_dir: Path) -> Iterator[Connection]:
    """The list."""
    with media(data_dir) as opened:
        yield opened


def kept(connection: Connection, data_dir: Path, name: str = "logo.png", octets: bytes = b"", alt: str = "") -> Picture:
    """One that is taken in."""
    return store.keep(connection, data_dir, name, octets or png(), BY, ROOM, alt=alt)[0]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("logo.PNG", "logo"),
        ("../../etc/passwd.png", "passwd"),
        ("C:\\pictures\\Été à la mer.png", "Ete-a-la-mer"),
        ("invoice.pdf.exe", "invoice-pdf-exe"),
        ("evil.php.jpeg", "evil-php"),
        ("a\r\nSet-Cookie: x\0<script>.png", "a-Set-Cookie-x-script"),
        ("..", "picture"),
        (".png", "picture"),
        ("図.png", "picture"),
        ("x" * 5000, "x" * 80),
    ],
)
def test_names(given: str, name: str) -> None:
    """A name is never a path, a header field, markup or a second ending."""
    assert name_of(given) == name


def test_kept_once(connection: Connection, data_dir: Path) -> None:
    """The same octets are one picture, for us alone on disk; what a crash left goes; a lost file is healed."""
    made = kept(connection, data_dir, "../Logo.jpeg", alt=" Our\n logo ")
    assert (made.file_name, made.alt, made.size, made.by) == ("Logo.png", "Our logo", len(png()), "anna")
    place = files.place_of(data_dir, made.hash, Kind.PNG)
    assert place.read_bytes() == png()
    assert [stat.S_IMODE(one.stat().st_mode) for one in (place, place.parent)] == [0o600, 0o700]
    place.unlink()
    place.with_suffix(".0.new").write_bytes(b"half")
    files.place_of(data_dir, "0" * 40, Kind.GIF).write_bytes(gif())  # killed before its row was kept
    assert store.keep(connection, data_dir, "other.png", png(), BY, ROOM) == (made, False)
    store.tidy(data_dir)
    assert [one.name for one in place.parent.iterdir()] == [place.name]
    second = kept(connection, data_dir, "b.gif", gif())
    assert store.listed(connection, limit=9) == [second, made]
    assert store.listed(connection, limit=9, before=second.id) == [made]
    assert store.listed(connection, limit=9, text="OUR logo") == [made]
    assert store.change(connection, made, "new name.png", "").file_name == "new-name.png"


def test_no_room(connection: Connection, data_dir: Path) -> None:
    """One that is too large, or one too many, is refused, and nothing of it stays."""
    with pytest.raises(MediaFault, match="larger than 5 MB"):
        kept(connection, data_dir, octets=png() + b"\0" * store.MAX_SIZE)
    store.keep(connection, data_dir, "a", png(), BY, len(png()))
    with pytest.raises(MediaFault, match="media_space"):
        store.keep(connection, data_dir, "b", gif(), BY, len(png()) + 1)
    with pytest.raises(MediaFault, match="longer than 500"):
        kept(connection, data_dir, octets=gif(), alt="x" * 501)
    assert store.room(connection) == (1, len(png()))
    assert len(list((data_dir / "campaign" / "media").iterdir())) == 1


def test_in_use(connection: Connection, data_dir: Path) -> None:
    """A draft or a template keeps its picture; one that nobody sends any more lets it go, and then it is missing."""
    made = kept(connection, data_dir)
    address = HOST + made.path
    content = f'{{"body": "<td style=\\"background:url({address})\\">"}}'
    with mailings(data_dir) as known:
        template = editing.create(known, Draft("Spring", content=content), ["default"], BY, template=True)
        draft = editing.create(known, Draft("May", content=content), ["default"], BY)
        assert [one.number for one in still_to_go(known)[made.hash]] == [draft.number, template.number]
        with pytest.raises(PictureInUse, match="mailing 2, May"):
            store.delete(connection, known, data_dir, made)
        editing.delete(known, draft, BY)
        known.execute("UPDATE mailing SET state = 'finished'")  # a template never ends
        with pytest.raises(PictureInUse, match="template 1, Spring"):
            store.delete(connection, known, data_dir, made)
        known.execute("UPDATE mailing SET template = 0")
        assert [one.over for one in where(known, made.hash)] == [True]
        assert missing(data_dir, HOST, content) == ()
        store.delete(connection, known, data_dir, made)
    assert missing(data_dir, HOST, content) == (address,)
    assert store.room(connection) == (0, 0)


def test_missing(connection: Connection, data_dir: Path) -> None:
    """Ours that is not there, and what is there but not at that address; what is of others is not our business."""
    path = kept(connection, data_dir).path
    gone = f"/m/{'0' * 40}/a.png"
    wrong = [HOST + gone, HOST + path[:-3] + "svg", HOST + path + ".html", f"https://old.example{path}", path]
    fine = [HOST.upper() + path, f"{HOST}{path}?x", "https://other.example" + gone]
    text = " ".join(f'<img src="{one}">' for one in (*wrong, *fine))
    assert missing(data_dir, HOST, text) == tuple(wrong)
    assert missing(data_dir, "", path) == (path,)
