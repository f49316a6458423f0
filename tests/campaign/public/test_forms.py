"""Signing up and answering on the public pages: what is kept, what is refused, and that nobody learns who is known."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from postduif import recipient_token
from postduif.bounce import keyring
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.contacts import find
from postduif.campaign.forms import confirmation, store
from postduif.campaign.forms.answers import MAILS, Answer
from postduif.campaign.forms.confirmation import LASTS, LATEST, SOONEST
from postduif.campaign.forms.connection import forms
from postduif.campaign.forms.counting import figures
from postduif.campaign.public import form_views
from postduif.campaign.public.app import LOOKS
from postduif.campaign.public.forms import OF_DAY, SENDING, SENT
from tests.campaign.forms.made import NEWSLETTER, SURVEY, answered, put
from tests.campaign.public.served import Reply, Served, served

SHOP = "https://shop.example"
GOOD = {"email": "new@one.example", "a_name": "New <b>", "a_age": "33", "consent": "yes"}


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Served]:
    """With a newsletter, and a survey for readers."""
    with served(tmp_path) as made:
        put(made.data_dir, replace(NEWSLETTER, origins=(SHOP,)), SURVEY)
        yield made


def hidden(page: str) -> dict[str, str]:
    """What the form itself sends along."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))


def sent(pages: Served, fields: dict[str, str | list[str]], *, name: str = "newsletter", **headers: str) -> Reply:
    """As a browser does, some time after it had the page."""
    shown = hidden(pages.ask(f"/f/{name}").text)
    pages.clock.advance(SOONEST + 1)
    return pages.post(f"/f/{name}", urlencode(shown | fields, doseq=True), **headers)


def link(pages: Served, answer: Answer) -> str:
    """As it stands in the mail."""
    key = keyring.load(pages.data_dir / recipient_token.KEY_FILE, create=True)[0]
    return f"/y/{confirmation.make(key, answer.link)}"


def test_signing_up(asking: Served) -> None:
    """The page asks in the reader's language; the answer is kept with form and version, and nobody is a contact yet."""
    page = asking.ask("/f/newsletter", headers={"Accept-Language": "nl"}).text
    assert "Uw naam" in page
    assert "Ik wil het weeknieuws." in page
    assert hidden(page)["language"] == "nl"
    found = sent(asking, GOOD)
    assert (found.status, "set-cookie" in found.headers) == (200, False)
    assert "Look into your mailbox" in found.text
    (kept,) = answered(asking.data_dir)
    assert (kept.email, kept.version, kept.types, kept.language) == ("new@one.example", 1, ("offers",), "en")
    assert (kept.values, kept.origin, kept.confirmed) == ({"name": "New <b>", "age": "33"}, "", None)
    with audience(asking.data_dir) as connection:
        assert find(connection, "new@one.example") is None


def test_nobody_learns_who_is_known(asking: Served) -> None:
    """Who is known, who signed up before, who did so too often and a program in the trap get the same octets."""
    answers = [sent(asking, GOOD | {"email": email}) for email in ("new@one.example", "ann@one.example")]
    answers += [sent(asking, GOOD) for _ in range(MAILS)]
    answers.append(sent(asking, GOOD | {"email": "new+1@one.example"}))
    answers.append(sent(asking, GOOD | {"email": "robot@one.example", "homepage": "https://x.example"}))
    assert len({(one.status, one.body) for one in answers}) == 1
    kept = [one.email for one in answered(asking.data_dir)]
    assert (kept.count("new@one.example"), kept.count("ann@one.example"), len(kept)) == (MAILS, 1, MAILS + 1)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"email": "nobody"}, "no e-mail address"), ({"email": ""}, "no e-mail address"),
        ({"a_age": ""}, "fill this in"), ({"a_age": "old"}, "cannot be read"), ({"a_likes": "money"}, "cannot be read"),
        ({"consent": ""}, "tick this"),
        ({"a_age": "1" * 2000}, "cannot be read"),
    ],
)  # fmt: skip
def test_what_cannot_be(asking: Served, changed: dict[str, str], says: str) -> None:
    """Is said beside its field, with what was typed kept and escaped; nothing is on file."""
    found = sent(asking, GOOD | changed)
    assert found.status == 422
    assert says in found.text
    assert "New &lt;b&gt;" in found.text
    assert answered(asking.data_dir) == []


def test_too_soon_and_too_late(asking: Served) -> None:
    """Without the page, at once, or a day later the page comes again, filled in; one more press is enough."""
    shown = hidden(asking.ask("/f/newsletter").text)
    at_once = asking.post("/f/newsletter", urlencode(shown | GOOD))
    without = asking.post("/f/newsletter", urlencode(GOOD))
    asking.clock.advance(LATEST + 1)
    late = asking.post("/f/newsletter", urlencode(shown | GOOD))
    for found in (at_once, without, late):
        assert "press the button once more" in found.text
        assert 'value="new@one.example"' in found.text
    assert answered(asking.data_dir) == []
    asking.clock.advance(SOONEST + 1)
    assert "mailbox" in asking.post("/f/newsletter", urlencode(hidden(late.text) | GOOD)).text


def test_from_other_sites(asking: Served) -> None:
    """A site that may have the form sends it at once and shows it in a frame; any other is refused."""
    body = urlencode(GOOD | {"version": "1"})
    assert asking.post("/f/newsletter", body, Origin="https://evil.example").status == 403
    assert answered(asking.data_dir) == []
    assert asking.post("/f/newsletter", body, Origin=SHOP).status == 200
    assert len(answered(asking.data_dir)) == 1
    assert f"frame-ancestors {SHOP}" in asking.ask("/f/newsletter").headers["content-security-policy"]


def test_the_version_that_was_shown(asking: Served) -> None:
    """Who had the page before the form was changed agreed to what stood there; where people are led stays ours."""
    shown = hidden(asking.ask("/f/newsletter").text)
    with forms(asking.data_dir) as connection:
        there = store.find(connection, "newsletter")
        store.change(connection, replace(there.form, redirect=f"{SHOP}/thanks?a=é", fields=()), 1, "anna", 2.0)
    asking.clock.advance(5)
    assert asking.post("/f/newsletter", urlencode(shown | GOOD)).status == 200
    found = sent(asking, {"email": "b@one.example", "consent": "yes"})
    assert (found.status, found.headers["location"]) == (303, f"{SHOP}/thanks?a=%C3%A9")
    assert f"form-action 'self' {SHOP};" in asking.ask("/f/newsletter").headers["content-security-policy"]
    assert [one.version for one in answered(asking.data_dir)] == [1, 2]


def test_who_sees_it(asking: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each person who looks is counted, soon; HEAD, programs and what comes back to be corrected are not."""
    monkeypatch.setattr(form_views, "NOTED", 0.01)
    for _ in range(3):
        asking.ask("/f/newsletter")
    asking.ask("/f/newsletter", "HEAD")
    asking.ask("/f/newsletter", headers={"User-Agent": "curl/8.0"})
    asking.ask("/f/newsletter", headers={"Sec-Purpose": "prefetch"})
    asking.post("/f/newsletter", "email=x")
    asking.ask(f"/f/{asking.token(2)}/survey")
    with forms(asking.data_dir) as connection:
        until = time.monotonic() + 60
        while len(figures(connection)) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        assert {name: one.seen for name, one in figures(connection).items()} == {"newsletter": 3, "survey": 1}


def test_the_link(asking: Served) -> None:
    """Following it, or asking with HEAD, changes nothing; the button confirms, once; after its time it is over."""
    sent(asking, GOOD)
    (kept,) = answered(asking.data_dir)
    path = link(asking, kept)
    asking.ask(path, "HEAD")
    page = asking.ask(path).text
    assert "Press the button to confirm new@one.example." in page
    assert answered(asking.data_dir)[0].confirmed is None
    for _ in range(2):
        assert asking.post(path, "confirm=yes").status == 200
        assert answered(asking.data_dir)[0].confirmed == asking.clock.time()
    asking.clock.advance(LASTS + 1)
    assert [asking.ask(path).status, asking.post(path, "confirm=yes").status] == [410, 410]


def test_a_link_of_nobody(asking: Served) -> None:
    """One that was changed anywhere is unknown, and so is one of another use of the key; nothing is confirmed."""
    sent(asking, GOOD)
    path = link(asking, answered(asking.data_dir)[0])
    for place in range(3, len(path)):
        changed = path[:place] + ("x" if path[place] != "x" else "y") + path[place + 1 :]
        found = asking.post(changed, "confirm=yes", **{"X-Forwarded-For": f"192.0.2.{place}"})
        assert found.status == 404
    assert asking.ask(f"/y/{asking.token()}").status == 404
    with forms(asking.data_dir) as connection:
        connection.execute("UPDATE answer SET subject = 'other@one.example'")
    assert asking.post(path, "confirm=yes").status == 410
    assert answered(asking.data_dir)[0].confirmed is None


def test_a_reader_answers(asking: Served) -> None:
    """No address is asked and nothing is shown of what is known; a later answer takes the place of the first."""
    path = f"/f/{asking.token(2)}/survey"
    page = asking.ask(path).text
    assert 'name="email"' not in page
    assert "Cleo" not in page
    for age in ("30", "31"):
        found = asking.post(path, urlencode(hidden(page) | {"a_age": age, "type": "offers"}))
        assert "We have your answer" in found.text
    (kept,) = answered(asking.data_dir, "survey")
    assert (kept.mailing, kept.number, kept.values, kept.types) == (7, 2, {"age": "31"}, ("offers",))
    assert kept.confirmed == asking.clock.time()


def test_who_may_not(asking: Served) -> None:
    """A form for readers is unknown to all others, a closed one says so, a wrong token or name is unknown."""
    token = asking.token()
    for path in (
        "/f/survey",
        f"/f/{'B' * 32}/survey",
        f"/f/{token}/nothing",
        "/f/nothing",
        "/f",
        f"/f/{token}/survey/x",
    ):
        assert asking.ask(path).status == 404
        assert asking.post(path, "a_age=3").status == 404
    with forms(asking.data_dir) as connection:
        store.close(connection, "newsletter", closed=True)
    assert [asking.ask("/f/newsletter").status, asking.post("/f/newsletter", urlencode(GOOD)).status] == [410, 410]
    assert answered(asking.data_dir) == []


def test_a_link_again_and_again(asking: Served) -> None:
    """Whoever follows a link without end, or sends to forms, gets 429 before a file is read; others go on."""
    sent(asking, GOOD)
    path = link(asking, answered(asking.data_dir)[0])
    here, there = ({"X-Forwarded-For": f"192.0.2.{number}"} for number in (1, 2))
    assert {asking.ask(path, headers=here).status for _ in range(LOOKS)} == {200}
    assert asking.ask(path, headers=here).status == 429
    assert [asking.post(one, "confirm=yes", **here).status for one in (path, "/f/nothing")] == [429, 429]
    assert [asking.post(one, "confirm=yes", **there).status for one in (path, "/f/nothing")] == [200, 404]


def test_too_often(asking: Served) -> None:
    """From one address there are bounds, of a few minutes and of a day; from another it goes on."""
    here = {"X-Forwarded-For": "192.0.2.1"}
    found = {asking.post("/f/newsletter", "email=x", **here).status for _ in range(SENT)}
    assert (found, asking.post("/f/newsletter", "email=x", **here).status) == ({422}, 429)
    assert asking.post("/f/newsletter", "email=x", **{"X-Forwarded-For": "192.0.2.2"}).status == 422
    for number in range(OF_DAY + 1):
        if number % SENT == 0:
            asking.clock.advance(SENDING)
        body = urlencode(GOOD | {"email": f"p{number}@one.example"})
        last = asking.post("/f/newsletter", body, **here, Origin=SHOP)
    assert (last.status, last.headers["retry-after"], len(answered(asking.data_dir))) == (429, "86400", OF_DAY)
    assert asking.post("/f/newsletter", body, **{"X-Forwarded-For": "192.0.2.2"}, Origin=SHOP).status == 200
