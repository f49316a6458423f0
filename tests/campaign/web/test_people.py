"""The rooms about people: who they are, their tokens, their own account, and what they did."""

from __future__ import annotations

from pathlib import Path

from tests.web_world import PASSWORD, Pages


def test_people(tmp_path: Path) -> None:
    """An administrator adds somebody, changes the role, which holds at once, shuts out, and removes."""
    with Pages(tmp_path) as pages:
        anna, piet = pages.signed_in(), pages.signed_in("piet", "viewer")
        assert piet.get("/people").status == 403
        answer = anna.post("/people", name="Maria@Example.com", title="<b>Maria</b>", role="editor")
        assert answer.location == "/people/maria@example.com"
        assert "was added" in anna.get(answer.location).text
        page = anna.get("/people").text
        assert "&lt;b&gt;Maria&lt;/b&gt;" in page
        assert "was added" not in page
        assert anna.post("/people", name="maria@example.com", role="editor").status == 422
        assert anna.post("/people", name="x", role="boss").status == 422
        anna.post("/people/piet", title="Piet", role="administrator")
        seen = anna.get("/people/piet").text.split('name="seen" value="')[1].split('"')[0]
        assert seen == "administrator False Piet"
        anna.post("/people/piet", title="Piet", role="administrator", seen=seen)
        anna.post("/people/piet", title="Late", role="viewer", seen="viewer False Piet")
        assert "changed this person meanwhile" in anna.get("/people/piet").text
        assert "administrator False Piet" in anna.get("/people/piet").text
        assert piet.get("/people").status == 200
        anna.post("/people/piet", title="Piet", role="administrator", disabled="true")
        assert piet.get("/").status == 303
        assert anna.post("/people/piet/remove").location == "/people"
        assert anna.get("/people/piet").status == 404
        assert anna.post("/people/anna/remove").status == 422


def test_tokens(tmp_path: Path) -> None:
    """A token is shown once, for no more than its owner may; others' are neither seen nor revoked by who may not."""
    with Pages(tmp_path) as pages:
        anna, piet = pages.signed_in(), pages.signed_in("piet", "editor")
        made = anna.post("/tokens", title="shop", scope=["look", "send"])
        token = made.text.split('id="made">')[1].split("<")[0]
        id_ = token.split("_")[1]
        assert token.startswith("pa_")
        assert token not in anna.get("/tokens").text
        assert id_ in anna.get("/tokens").text
        assert id_ not in piet.get("/tokens").text
        assert piet.post("/tokens", scope=["send"]).status == 422
        assert piet.post("/tokens").status == 422
        assert piet.post(f"/tokens/{id_}/revoke").status == 404
        assert anna.post(f"/tokens/{id_}/revoke").status == 303
        assert f"<code>{id_}</code>" not in anna.get("/tokens").text


def test_own_password(tmp_path: Path) -> None:
    """It takes the old one; it ends every other session, and this one goes on under a new secret."""
    with Pages(tmp_path) as pages:
        pages.add("anna", password=PASSWORD)
        here, there = pages.browser(), pages.browser()
        here.sign_in("anna")
        there.sign_in("anna")
        before = here.cookies["postduif_session"]
        new = "another long sentence"
        assert here.post("/own/password", old="wrong one", new=new, again=new).status == 422
        assert here.post("/own/password", old=PASSWORD, new=new, again=new + "x").status == 422
        assert here.post("/own/password", old=PASSWORD, new="short", again="short").status == 422
        assert "at most 1024 octets" in here.post("/own/password", old=PASSWORD, new="x" * 2001, again="x" * 2001).text
        assert here.post("/own/password", old=PASSWORD, new=new, again=new).status == 303
        assert here.cookies["postduif_session"] != before
        assert here.get("/own").status == 200
        assert there.get("/own").status == 303
        there.sign_in("anna", new)
        assert there.post("/own/sessions/end").status == 303
        assert here.get("/own").status == 303


def test_the_audit_trail(tmp_path: Path) -> None:
    """It shows what was done, in slices that follow each other without a gap, of one person when asked."""
    with Pages(tmp_path) as pages:
        anna = pages.signed_in()
        for number in range(60):
            pages.add(f"person{number}", "viewer")
        first = anna.get("/audit")
        assert first.text.count("person.added") == 50
        following = first.text.split('href="')[-1].split('"')[0]
        assert "before=" in following
        second = anna.get(following.replace("&amp;", "&"))
        assert second.text.count("person.added") == 61 - 50
        assert "From the beginning" in second.text
        one = anna.get("/audit?about=person%20person7")
        assert one.text.count("person.added") == 1
        assert anna.get("/audit?before=x").status == 422
        assert pages.signed_in("piet", "sender").get("/audit").status == 403
