"""Who is not written to: searched, entered, let go by who may, carried over as a file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api_world import caller
from tests.mta_thread import running
from tests.web_world import Answer, Browser, Pages


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """With an MTA whose list has some people."""
    with running(tmp_path_factory.mktemp("suppression")) as (pages, _):
        rows = [
            {"address": "bob@example.net", "cause": "complaint", "evidence": "<script>alert(1)</script>"},
            {"address": "eve@example.net", "cause": "hard_bounce", "evidence": "550 5.1.1 no such user"},
            {"address": "*@trap.example", "cause": "manual", "reason": "a trap"},
        ]
        pages.desk.ask("suppress.enter", rows=rows)
        yield pages


def sent_file(browser: Browser, name: str, content: str) -> Answer:
    """The form of the import, with a file."""
    fields = {"csrf": browser.csrf, "cause": "manual", "reason": ""}
    parts = [f'--x\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}' for key, value in fields.items()]
    head = f'--x\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: text/csv\r\n\r\n'
    body = "\r\n".join([*parts, f"{head}{content}", "--x--", ""]).encode()
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    return browser.ask("POST", "/suppression/import", body, headers)


def test_searching(pages: Pages) -> None:
    """By a part of the address, the cause, the state; one address has its evidence, escaped, and its history."""
    piet = pages.signed_in("piet", "viewer")
    page = piet.get("/suppression?find=OB@ex").text
    assert "bob@example.net" in page
    assert "eve@example.net" not in page
    assert "eve@example.net" in piet.get("/suppression?state=quarantined").text
    assert "Nobody like that" in piet.get("/suppression?cause=expired&find=none").text
    assert "Do not write to these" not in page
    one = piet.get("/suppression/of?address=bob@example.net").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in one
    assert "valid → suppressed" in one
    assert "/suppression/release" not in one
    meant = piet.get("/suppression/of?address=x@trap.example").text
    assert "address=%2A%40trap.example" in meant
    assert piet.get("/suppression/of?address=nobody").status == 422
    assert piet.get("/suppression").text.count("<tr>") == 4
    assert "From the beginning" in piet.get("/suppression?after=bob@example.net").text


def test_entering(pages: Pages) -> None:
    """Many at once, with a reason; what cannot be taken stays in the form, and the rest is entered."""
    emma = pages.signed_in("emma", "editor")
    assert pages.signed_in("vera", "viewer").post("/suppression", addresses="a@x.example", reason="r").status == 403
    assert emma.post("/suppression", addresses="a@x.example").status == 422
    wrong = emma.post("/suppression", addresses="a@x.example\n<b>nobody</b>", reason="by phone")
    assert wrong.status == 422
    assert "1 entered" in wrong.text
    assert ">&lt;b&gt;nobody&lt;/b&gt;</textarea>" in wrong.text
    assert emma.post("/suppression", addresses="c@x.example\nd@x.example", reason="r").location == "/suppression"
    (known,) = pages.desk.ask("suppress.show", addresses=["c@x.example"])
    assert (known["entries"][0]["source"], known["entries"][0]["cause"]) == ("emma", "manual")
    emma.post("/suppression", addresses="c2@x.example", reason="r", type="news")
    (known,) = pages.desk.ask("suppress.show", addresses=["c2@x.example"])
    assert (known["entries"][0]["cause"], known["entries"][0]["type"]) == ("unsubscribe", "news")


def test_letting_go(pages: Pages) -> None:
    """A hard bounce by an editor, a complaint only by an administrator and no other token; a pattern by its name."""
    edith, anna = pages.signed_in("edith", "editor"), pages.signed_in("anna")
    assert edith.post("/suppression/release", address="eve@example.net").status == 422
    assert edith.post("/suppression/release", address="bob@example.net", reason="r").status == 403
    assert edith.post("/suppression/release", address="x@trap.example", reason="r").status == 422
    for scopes, role in ((("edit",), "administrator"), (("edit", "administer"), "editor")):
        token = caller(pages, *scopes, name=role, role=role)
        assert token.delete("/suppression/bob@example.net?reason=r").code == "not_allowed"
    assert edith.post("/suppression/release", address="eve@example.net", reason="mended").status == 303
    assert anna.post("/suppression/release", address="bob@example.net", reason="asked for it").status == 303
    (known,) = pages.desk.ask("suppress.show", addresses=["bob@example.net"])
    assert known["refused_by"] is None
    assert (known["history"][0]["source"], known["history"][0]["reason"]) == ("anna", "asked for it")
    assert "suppression.released" in anna.get("/audit").text


def test_files(pages: Pages) -> None:
    """An export is CSV without formulas and goes in again; lines that cannot be taken are named."""
    edgar, adam = pages.signed_in("edgar", "editor"), pages.signed_in("adam")
    page = sent_file(edgar, "list.csv", "address,cause,reason\r\nf@x.example,manual,=1+1\r\nnobody,manual,r\r\n")
    assert "2 lines read, 1 change" in page.text
    assert "Line 3" in page.text
    assert sent_file(edgar, "list.csv", "name\r\nBob\r\n").status == 422
    assert edgar.post("/suppression/import").status == 422
    assert edgar.get("/suppression/export").status == 403
    exported = adam.get("/suppression/export")
    assert exported.headers["content-disposition"].startswith("attachment")
    assert exported.text.splitlines()[0] == "address,cause,at,source,reason,type,evidence"
    assert ",'=1+1," in exported.text
    assert "0 changes" in sent_file(adam, "again.csv", exported.text).text
