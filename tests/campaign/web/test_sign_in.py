"""Signing in and out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from postduif.campaign.accounts import audit
from tests.fakes import FakeClock
from tests.web_world import PASSWORD, Pages

TRIES = "[auth]\nfree_failures = 3\n"


def test_by_password(tmp_path: Path) -> None:
    """The right one leads to the page that was asked for, under a new secret each time; leaving ends it for good."""
    with Pages(tmp_path) as pages:
        pages.add("anna", "viewer", password=PASSWORD)
        anna = pages.browser()
        anna.cookies["postduif_session"] = planted = "x" * 43
        answer = anna.sign_in("Anna", next="/tokens")
        assert (answer.status, answer.location) == (303, "/tokens")
        first = anna.cookies["postduif_session"]
        assert first != planted
        assert "HttpOnly" in answer.headers["set-cookie"] or "postduif_form" in answer.headers["set-cookie"]
        assert anna.get("/").status == 200
        assert anna.post("/sign-out").location == "/sign-in"
        assert "postduif_session" not in anna.cookies
        anna.cookies["postduif_session"] = first
        assert anna.get("/").status == 303


def test_what_is_wrong(tmp_path: Path) -> None:
    """Name and password alike get the same words; guessers wait, also with the right one, and others do not.

    Nothing is written for either, which would take a time that tells; who signs in at last has them in the trail.
    """
    clock = FakeClock()
    with Pages(tmp_path, TRIES, clock) as pages:
        pages.add("anna", "viewer", password=PASSWORD)
        browser = pages.browser()
        proxied = {"X-Forwarded-For": "192.0.2.7"}
        wrong = browser.sign_in("anna", "wrong password")
        assert wrong.status == 401
        file = sqlite3.connect(pages.desk.data_dir / "campaign" / "accounts.sqlite")
        version = file.execute("PRAGMA data_version").fetchone()
        assert browser.sign_in("nobody", "wrong password").text.count("not right") == wrong.text.count("not right") == 1
        browser.sign_in("anna", "wrong password")
        assert browser.sign_in("anna").status == 429
        assert file.execute("PRAGMA data_version").fetchone() == version
        file.close()
        body = f"csrf={browser.csrf}&name=anna&password={PASSWORD.replace(' ', '+')}".encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        assert browser.ask("POST", "/sign-in", body, kind | proxied).status == 303
        clock.advance(7200)
        assert pages.browser().sign_in("anna").status == 303
        with pages.desk.accounts() as connection:
            said = [one.words for one in audit.listed(connection) if one.what == "session.refused"]
        assert said == ["2 wrong passwords before"]


def test_by_an_address(tmp_path: Path) -> None:
    """It shows a button and changes nothing until that is pressed; it works once; then a password is asked for."""
    with Pages(tmp_path) as pages:
        anna = pages.signed_in()
        pages.add("piet", "sender")
        page = anna.post("/people/piet/link").text
        path = "/enter/" + page.split("/enter/")[1].split("<")[0]
        piet = pages.browser()
        for _ in range(2):
            assert piet.get(path).status == 200
        assert piet.post(path).location == "/own"
        assert "Choose a password" in piet.get("/own").text
        other = pages.browser()
        other.get(path)
        assert other.post(path).status == 404


def test_a_form_needs_its_cookie(tmp_path: Path) -> None:
    """Nobody can make a stranger's browser sign in as somebody else."""
    with Pages(tmp_path) as pages:
        pages.add("anna", "viewer", password=PASSWORD)
        victim, attacker = pages.browser(), pages.browser()
        victim.get("/sign-in")
        attacker.get("/sign-in")
        victim.csrf = attacker.csrf
        assert victim.post("/sign-in", name="anna", password=PASSWORD).status == 403
