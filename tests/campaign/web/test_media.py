"""The room of pictures: uploaded, named, put into mailings, let go; and what hostile files become."""

from __future__ import annotations

import html
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.campaign.accounts import audit
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.contacts import save
from postduif.campaign.audience.gathering import Spec
from postduif.campaign.database import transaction
from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.listing import find
from postduif.campaign.mailings.record import Draft
from postduif.campaign.media.store import MAX_SIZE
from postduif.campaign.web.pages.media import MAX_FILES, MAX_UPLOAD
from tests.api_world import caller
from tests.campaign.media.samples import EVIL, gif, jpeg, png
from tests.web_world import Answer, Browser, Pages

HOST = "https://news.sender.example"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    """Of an installation whose readers have pages."""
    with Pages(tmp_path, web=f'public_url = "{HOST}"\npublic_address = "127.0.0.1:0"') as made:
        yield made


def upload(browser: Browser, *files: tuple[str, bytes]) -> Answer:
    """By the form, several at once."""
    parts = [f'Content-Disposition: form-data; name="csrf"\r\n\r\n{browser.csrf}'.encode()]
    for name, octets in files:
        fields = f'Content-Disposition: form-data; name="uploads"; filename="{name}"\r\nContent-Type: text/html'
        parts.append(f"{fields}\r\n\r\n".encode() + octets)
    body = b"".join(b"--mark\r\n" + part + b"\r\n" for part in parts) + b"--mark--\r\n"
    return browser.ask("POST", "/media", body, {"Content-Type": "multipart/form-data; boundary=mark"})


def test_several_at_once(pages: Pages) -> None:
    """What is a picture is taken in under a plain name; of each other file the page says what is wrong with it."""
    anna = pages.signed_in("anna", "editor")
    assert "No picture yet" in anna.get("/media").text
    given = [
        ("C:\\\\pictures\\\\Logo.PNG", png()),
        ("../../../evil.php.gif", gif(comment=EVIL)),
        ("again.png", png()),
        ("drawing.svg", b"<svg onload='alert(1)'/>"),
        ("half.jpg", jpeg()[:-9]),
        ("huge.png", png(9000, 1)),
        ("large.png", png() + b"\0" * MAX_SIZE),
        ("<script>alert(1)</script>.png", b""),
    ]
    assert upload(anna, *given).location == "/media"
    page = anna.get("/media").text
    assert "2 pictures are stored. 1 was there already." in page
    for said in ("Logo.png", "evil-php.gif", "3 x 2", "drawing.svg: it is no PNG", "half.jpg: it breaks off; upload",
                 "huge.png: it has 9,000 x 1 pixels", "large.png: it is larger than 5 MB"):  # fmt: skip
        assert said in page
    assert EVIL.decode() not in page
    assert "<script>alert" not in page
    assert "No picture is like that" in anna.get("/media?text=nothing").text
    with pages.desk.accounts() as connection:
        told = [(one.who, one.what, one.about) for one in audit.listed(connection) if one.what.startswith("picture.")]
    assert told == [("anna", "picture.added", f"picture {name}") for name in ("evil-php.gif", "Logo.png")]


def test_too_many(pages: Pages) -> None:
    """More files, or more octets, than one upload may have; and none at all."""
    anna = pages.signed_in()
    upload(anna, *[(f"{n}.txt", b"no") for n in range(MAX_FILES + 2)])
    page = anna.get("/media").text
    assert "2 files are left out; upload 50 at once." in page
    assert "And 46 more." in page
    assert upload(anna, ("", b"")).status == 422
    large = {"Content-Length": str(MAX_UPLOAD + 10**6), "Content-Type": "multipart/form-data; boundary=mark"}
    assert anna.ask("POST", "/media", b"", large).status == 413


def test_the_file_in_the_grid(pages: Pages) -> None:
    """The octets as what they are, in a sandbox, for who is signed in alone."""
    anna = pages.signed_in()
    upload(anna, ("page.html", gif(comment=EVIL)))
    found = anna.get("/media/1/file")
    assert (found.status, EVIL.decode() in found.text) == (200, True)
    assert found.headers["content-type"] == "image/gif"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in found.headers["content-security-policy"]
    assert "private" in found.headers["cache-control"]
    assert pages.browser().get("/media/1/file").status == 303
    assert anna.get("/media/9/file").status == 404
    (place,) = (pages.desk.data_dir / "campaign" / "media").iterdir()
    place.unlink()
    assert anna.get("/media/1/file").status == 404
    assert anna.get("/media").status == 200


def test_into_a_mailing(pages: Pages) -> None:
    """What the page gives to copy is shown by the preview and keeps the picture; then it is let go."""
    anna = pages.signed_in("anna", "editor")
    upload(anna, ("logo.png", png()))
    wrong = anna.post("/media/1", name="Our logo", alt="x" * 501)
    assert (wrong.status, "longer than 500" in wrong.text) == (422, True)
    assert anna.post("/media/1", name="Our logo", alt='A "pigeon" & <more>').location == "/media/1"
    page = html.unescape(anna.get("/media/1").text)
    element = page[page.index('value="<img src=') + 7 :].split('" readonly')[0]
    assert element.startswith(f'<img src="{HOST}/m/')
    assert element.endswith('/Our-logo.png" alt="A &quot;pigeon&quot; &amp; &lt;more&gt;" width="3" height="2">')
    with mailings(pages.desk.data_dir) as connection:
        content = {"subject": "x", "sender": {"address": "news@sender.example"}, "body": f"<p>{element}</p>"}
        by = By("anna", 1.0)
        draft = Draft("May", target=Spec(condition="id > 0"), content=json.dumps(content))
        seen = editing.create(connection, draft, ["default"], by)
    with audience(pages.desk.data_dir) as connection, transaction(connection):
        save(connection, "ann@example.com", {}, 1.0, "hand", "x")
    step = html.unescape(anna.get("/mailings/1/edit/content").text)
    assert element in step
    frame = anna.get("/mailings/1/preview.html?person=ann@example.com")
    assert element in frame.text
    assert "img-src https: http: data:" in frame.headers["content-security-policy"]
    assert "May</a>" in anna.get("/media/1").text
    assert "in 1 mailing or template" in anna.get("/media").text
    refused = anna.post("/media/1/delete")
    assert (refused.status, "shown by mailing 1, May" in refused.text) == (409, True)
    with mailings(pages.desk.data_dir) as connection:
        editing.delete(connection, find(connection, seen.number), by)
    assert anna.post("/media/1/delete").location == "/media"
    assert anna.get("/media/1").status == 404


def test_by_program(pages: Pages) -> None:
    """Taken in once, found, let go; what is no picture, too large, in use or not for this token is a problem."""
    shop = caller(pages, "look", "edit")
    made = shop.post("/media?name=Logo.svg&alt=Our%20logo", png())
    assert made.status == 201
    one = made.json
    shown = {"name": "Logo-svg.png", "kind": "png", "width": 3, "height": 2, "alt": "Our logo"}
    assert one | shown == one
    assert one["url"].startswith(f"{HOST}/m/")
    again = shop.post("/media?name=other", png())
    assert (again.status, again.json) == (200, one)
    shop.post("/media?name=b", gif())
    assert [found["id"] for found in shop.every("/media?limit=1")] == [2, 1]
    assert shop.get("/media?text=logo").json["items"] == [one]
    assert shop.post("/media?name=a", b"<svg/>").code == "invalid"
    assert shop.post("/media?name=a", b"\0" * (MAX_SIZE + 1)).code == "too_large"
    draft = {"name": "May", "content": {"body": f"<img src='{one['url']}'>"}}
    assert shop.post("/mailings", draft).status == 201
    assert shop.delete("/media/1").code == "in_use"
    assert shop.delete("/media/2").status == 204
    assert shop.delete("/media/2").code == "not_found"
    looks = caller(pages, "look")
    assert (looks.post("/media?name=a", gif()).code, looks.delete("/media/1").code) == ("scope_missing",) * 2
    with pages.desk.accounts() as connection:
        (told,) = audit.listed(connection, about="picture b.gif", limit=1)
    assert (told.what, told.who.startswith("shop (token")) == ("picture.deleted", True)


def test_who_only_looks(tmp_path: Path) -> None:
    """A viewer sees them and changes nothing; without pages for readers there is no address to copy."""
    with Pages(tmp_path) as pages:
        upload(pages.signed_in(), ("logo.png", png()))
        vic = pages.signed_in("vic", "viewer")
        assert upload(vic, ("b.gif", gif())).status == 403
        assert (vic.post("/media/1", name="x").status, vic.post("/media/1/delete").status) == (403, 403)
        page = vic.get("/media/1").text
        assert "It has no address" in page
        assert "<button>Upload" not in vic.get("/media").text
        assert 'class="danger"' not in page
