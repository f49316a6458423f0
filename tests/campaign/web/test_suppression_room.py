"""Who is not written to: searched, entered, let go by who may, carried over as a file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.mta.control import ControlError
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
    ids = re.findall(r'\bid="([^"]*)"', pages.signed_in("els", "editor").get("/suppression").text)
    assert len(ids) == len(set(ids))
    assert "From the beginning" in piet.get("/suppression?after=bob@example.net").text


def test_entering(pages: Pages) -> None:
    """Many at once, with a reason; what cannot be taken stays in the form, and the rest is entered."""
    emma = pages.signed_in("emma", "editor")
    assert pages.signed_in("vera", "viewer").post("/suppression", addresses="a@x.example", reason="r").status == 403
    assert emma.post("/suppression", addresses="a@x.example").status == 422
    long = emma.post("/suppression", addresses="a@x.example", reason="r" * 1001)
    assert "Reason: 1,001 characters" in long.text
    assert ">a@x.example</textarea>" in long.text
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


def test_letting_go_of_one_entry(pages: Pages) -> None:
    """What a host said of an address may be let go by an editor; that its owner unsubscribed as well stays."""
    both = [{"cause": "hard_bounce", "evidence": "550"}, {"cause": "unsubscribe", "type": "news", "reason": "r"}]
    pages.desk.ask("suppress.enter", rows=[{"address": "two@example.net", **one} for one in both])
    edith = pages.signed_in("edna", "editor")
    assert edith.post("/suppression/release", address="two@example.net", type="news", reason="r").status == 403
    gone = edith.post("/suppression/release", address="two@example.net", type="", reason="mended")
    assert "two%40example.net" in gone.location
    (known,) = pages.desk.ask("suppress.show", addresses=["two@example.net"])
    assert [(one["cause"], one["type"]) for one in known["entries"]] == [("unsubscribe", "news")]


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


def test_a_file_that_was_taken_in_to_a_part(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sent it hears how much of it is on the list, and why no more is; and so does the trail."""
    anna, ask, asked = pages.signed_in("agnes"), pages.desk.ask, list[str]()

    def failing(do: str, **request: object) -> object:
        asked.append(do)
        if asked.count("suppress.enter") > 1:
            raise ControlError("it hung up")
        return ask(do, **request)

    monkeypatch.setattr(pages.desk, "ask", failing)
    rows = "".join(f"p{number}@many.example\r\n" for number in range(600))
    page = sent_file(anna, "many.csv", f"address\r\n{rows}")
    assert "500 lines read, 500 changes" in page.text
    assert "many.csv was not read to its end: it hung up" in page.text
    assert "500 changes, stopped: it hung up" in anna.get("/audit").text


def test_an_export_from_a_silent_mta(tmp_path: Path) -> None:
    """It is no file, and the trail does not say that there was one."""
    with Pages(tmp_path) as alone:
        anna = alone.signed_in()
        assert anna.get("/suppression/export").status == 503
        assert "suppression.exported" not in anna.get("/audit").text
