"""Pictures of mails over real HTTP: to everybody, as what they are, and nothing else of the disk."""

from __future__ import annotations

import socket

from postduif.campaign.mailings.changing import By
from postduif.campaign.media import files, store
from postduif.campaign.media.connection import media
from postduif.campaign.media.look import Kind
from postduif.campaign.media.picture import Picture
from tests.campaign.media.samples import EVIL, gif, jpeg
from tests.campaign.public.served import Served


def on_file(pages: Served, name: str, octets: bytes) -> Picture:
    """One that is taken in."""
    with media(pages.data_dir) as connection:
        return store.keep(connection, pages.data_dir, name, octets, By("anna", 1.0), 10**8)[0]


def test_served(shared: Served) -> None:
    """The octets, with the type that they have; to be kept for ever; HEAD has no body; a new name breaks no mail."""
    octets = jpeg(comment=b"\0" * 60_000) + b"\0" * 300_000
    made = on_file(shared, "photo.png", octets)
    found = shared.ask(made.path)
    assert (found.status, found.body) == (200, octets)
    assert made.path.endswith("/photo.jpg")
    assert found.headers["content-type"] == "image/jpeg"
    assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert found.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "set-cookie" not in found.headers
    head = shared.ask(made.path, "HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(octets)))
    assert shared.ask(made.path.replace("photo", "other-name")).status == 200
    assert shared.ask(made.path, "POST", b"x").status == 405


def test_two_things_at_once(shared: Served) -> None:
    """A picture that is a page too is a picture: of its stored type, not to be guessed anew, in a sandbox."""
    made = on_file(shared, "page.html", gif(comment=EVIL))
    found = shared.ask(made.path)
    assert EVIL in found.body
    assert made.path.endswith("/page-html.gif")
    assert found.headers["content-type"] == "image/gif"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert found.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    for ending in ("html", "png", "svg", "gif.html", "gif%00.html", "GIF"):
        assert shared.ask(f"{made.path[:-3]}{ending}").status == 404


def test_nothing_else(shared: Served) -> None:
    """No list, no other file, no way up; what was deleted is gone; all of these get the same answer."""
    made = on_file(shared, "a.gif", gif(5, 5))
    odd = ["/m", "/m/", f"/m/{made.hash}", f"/m/{made.hash}/", f"/m/{made.hash}/x/a.gif", f"/m/{'0' * 40}/a.gif",
           f"/m/{made.hash.upper()}/a.gif", f"/m/{made.hash}/..%2f..%2fmedia.sqlite", f"/m/{made.hash}/a%0d%0ab.gif",
           f"/m/..%2f{made.hash}/a.gif", f"/m/{made.hash[:39]}/a.gif", f"/m/{made.hash}/{'a' * 81}.gif",
           f"/m/{made.hash}/%EF%BC%A1.gif", f"//m/{made.hash}/a.gif"]  # fmt: skip
    assert {shared.ask(path).status for path in odd} == {404}
    place = files.place_of(shared.data_dir, made.hash, Kind.GIF)
    place.rename(place.with_suffix(".kept"))
    place.symlink_to(place.with_suffix(".kept"))
    assert shared.ask(made.path).status == 404
    files.remove(place)
    assert shared.ask(made.path).status == 404


def test_who_goes_away(shared: Served) -> None:
    """One that leaves in the middle, and wants it in pieces, disturbs nobody: others get it whole."""
    made = on_file(shared, "large.gif", gif(7, 7, b"\0" * 3_000_000))
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", shared.port)) as gone:
            gone.sendall(f"GET {made.path} HTTP/1.1\r\nHost: x\r\nRange: bytes=0-0,0-0\r\n\r\n".encode())
            assert gone.recv(20).startswith(b"HTTP/1.1 200")
    assert len(shared.ask(made.path).body) == made.size
