"""What all calls of the API have in common: tokens, scopes, problems, bounds, keys, cursors, ETags."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from postduif.campaign.accounts import tokens
from postduif.campaign.accounts.roles import SCOPES
from postduif.campaign.mailings.changing import By
from postduif.campaign.web.api import calls, entrance, json_body
from postduif.campaign.web.api.answers import Answer, Key, begin, done
from postduif.campaign.web.api.app import routes, scope_of
from postduif.campaign.web.api.manual import manual
from postduif.campaign.web.api.problem import CODES, FAULTS, Problem
from tests.api_world import Program, caller
from tests.web_world import Pages

ROOT = Path(__file__).parents[3]


def test_page_is_up_to_date() -> None:
    """The manual's page is what the routes make; `make docs` writes it anew."""
    assert (ROOT / "docs" / "api.md").read_text(encoding="utf-8") == manual()


def test_every_route_names_its_scope() -> None:
    """To look needs `look`; what changes something needs more, and to send is not to edit."""
    scopes = {f"{method} {route.path}": scope_of(route) for route in routes() for method in route.methods or ()}
    assert set(scopes.values()) == {scope.value for scope in SCOPES}
    reading = {"POST /selections/count"}
    assert {call for call, scope in scopes.items() if scope == "look" and not call.startswith("GET")} == reading
    sending = {call for call, scope in scopes.items() if scope == "send"}
    assert {f"POST /mailings/{{number}}/actions/{name}" for name in ("send", "schedule", "pause", "stop")} < sending
    assert "PATCH /mailings/{number}" not in sending
    assert all(code in CODES for _, code in FAULTS)


def test_who_may(tmp_path: Path) -> None:
    """Without a token nothing is answered, a cookie is none; token and role are both a limit."""
    with Pages(tmp_path) as pages:
        anna = pages.signed_in("anna")
        assert Program(pages.port, "").get("/contacts").code == "unauthorized"
        refused = Program(pages.port, "pa_00000000_" + "a" * 43).get("/contacts")
        assert (refused.code, refused.headers["www-authenticate"]) == ("unauthorized", "Bearer")
        assert anna.get("/api/v1/contacts").status == 401
        assert anna.get("/api/v1/openapi.json").status == 200
        assert pages.browser().get("/api/v1/openapi.json").status == 401
        looks, edits = caller(pages, "look"), caller(pages, "look", "edit")
        assert looks.get("/openapi.json").json["openapi"] == "3.1.0"
        assert looks.post("/mailings", {"name": "x"}).json["scope"] == "edit"
        assert edits.post("/mailings", {"name": "x"}).status == 201
        assert edits.post("/mailings/1/actions/send").code == "scope_missing"
        assert edits.delete("/contacts/1?reason=x").code == "scope_missing"
        viewer = caller(pages, "look", "edit", name="piet", role="viewer")
        assert viewer.post("/mailings", {"name": "x"}).code == "not_allowed"
        with pages.desk.accounts() as connection:
            tokens.revoke(connection, looks.token.split("_")[1], By("a test", 0.0))
        assert looks.get("/token").status == 401


def test_one_token_has_a_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many requests are told when to come again; another token goes on."""
    monkeypatch.setattr(entrance, "A_MINUTE", 3)
    with Pages(tmp_path) as pages:
        shop, other = caller(pages, "look"), caller(pages, "look")
        last = [shop.get("/token") for _ in range(4)][-1]
        assert (last.code, last.headers["retry-after"]) == ("rate", "60")
        assert other.get("/token").status == 200


def test_unknown_is_refused(tmp_path: Path) -> None:
    """A field or parameter that is not there, a text for a number, an address that leads nowhere."""
    with Pages(tmp_path) as pages:
        shop = caller(pages)
        wrong = shop.post("/mailings", {"name": "x", "state": "prepared", "number": 7})
        assert wrong.code == "invalid"
        assert {one["field"] for one in wrong.json["errors"]} == {"body.state", "body.number"}
        assert shop.post("/mailings", {"name": "x", "rate": "5"}).code == "invalid"
        assert shop.get("/mailings?stat=sent").json["errors"][0]["field"] == "query.stat"
        assert shop.get("/mailings?limit=1001").code == "invalid"
        assert shop.get("/mailings/x").code == "invalid"
        assert shop.get("/nowhere").code == "not_found"
        assert shop.get("/no\nwhere".replace("\n", "%0A")).code == "not_found"
        assert shop.delete("/mailings").code == "method_not_allowed"
        assert shop.get("/mailings/7").code == "not_found"
        assert shop.post("/mailings", b"{}", Content_Type="text/plain").code == "unsupported_type"


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b'{"a": NaN}',
        b'{"a": 1, "a": 2}',
        b'{"a": 9223372036854775808}',
        b'{"a": 1e999}',
        b'{"a": "\\u0000"}',
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b"[" + b"1," * 100_001 + b"1]",
    ],
)
def test_no_such_json(body: bytes) -> None:
    """What is no JSON, or more or stranger than is taken, is refused before it is read by type."""
    with pytest.raises(Problem) as raised:
        json_body.judge(body)
    assert raised.value.code in ("malformed", "too_large")


def test_bounds(tmp_path: Path) -> None:
    """A body is refused by what it has, also when it does not say how long it is; a large mailing is taken."""
    with Pages(tmp_path) as pages:
        shop = caller(pages)
        assert shop.post("/contacts", b" " * (entrance.USUAL + 1), Content_Type="application/json").code == "too_large"
        large = {"name": "x", "content": {"subject": "x", "body": "a, b, " * 500_000}}
        assert shop.post("/mailings", large).status == 201
        looking = caller(pages, "look", name="vera")
        assert looking.post("/mailings", large).code == "too_large"
        assert (
            shop.post("/contacts", b'{"email": "jo@example.net"', Content_Type="application/json").code == "malformed"
        )


def test_once(tmp_path: Path) -> None:
    """With a key the same call is done once; another one with it is refused, and what failed may be tried again."""
    with Pages(tmp_path) as pages:
        shop, other = caller(pages), caller(pages)
        first = shop.post("/mailings", {"name": "x"}, Idempotency_Key="k-1")
        again = shop.post("/mailings", {"name": "x"}, Idempotency_Key='"k-1"')
        assert (first.status, first.body, first.headers["location"]) == (201, again.body, again.headers["location"])
        assert again.headers["idempotency-replayed"] == "true"
        assert again.headers["etag"] == '"1.0"'
        assert shop.post("/mailings", {"name": "y"}, Idempotency_Key="k-1").code == "key_reused"
        assert other.post("/mailings", {"name": "x"}, Idempotency_Key="k-1").json["number"] == 2
        assert shop.post("/mailings", {"name": ""}, Idempotency_Key="k-2").code == "invalid"
        assert shop.post("/mailings", {"name": "z"}, Idempotency_Key="k-2").status == 201
        assert shop.post("/mailings", {"name": "x"}, Idempotency_Key="a b").code == "malformed"
        assert len(shop.every("/mailings")) == 3


def test_keys_survive(tmp_path: Path) -> None:
    """Answers are on file for a day; what a crash broke off is not done again, unless who does it knows the key."""
    tmp_path.chmod(0o700)
    key = Key("1f0c9a3e", "k")
    with calls.calls(tmp_path) as connection:
        assert begin(connection, key, b"d", 0.0, "run 1", repeatable=False) is None
    with calls.calls(tmp_path) as connection:
        for run, code in (("run 1", "key_under_way"), ("run 2", "outcome_unknown")):
            with pytest.raises(Problem) as raised:
                begin(connection, key, b"d", 1.0, run, repeatable=False)
            assert raised.value.code == code
        assert begin(connection, key, b"d", 2.0, "run 2", repeatable=True) is None
        done(connection, key, Answer(201, [("etag", "1")], b"{}"))
    with calls.calls(tmp_path) as connection:
        assert begin(connection, key, b"d", 3.0, "run 3", repeatable=False) == Answer(201, [("etag", "1")], b"{}")
        calls.forget_old(connection, 3.0 + calls.KEPT)
        assert connection.execute("SELECT count(*) FROM call").fetchone() == (0,)


def test_cursors(tmp_path: Path) -> None:
    """Each part names the next; what comes meanwhile shifts nothing."""
    with Pages(tmp_path) as pages:
        shop = caller(pages)
        for number in range(5):
            shop.post("/mailings", {"name": f"number {number}"})
        part = shop.get("/mailings?limit=2&text=number").json
        shop.post("/mailings", {"name": "number 5"})
        assert [one["number"] for one in part["items"]] == [5, 4]
        assert part["next"] == "/api/v1/mailings?limit=2&text=number&before=4"
        assert [one["number"] for one in shop.get(part["next"]).json["items"]] == [3, 2]
        assert len(shop.every("/mailings?limit=2")) == 6


def test_mistakes_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw is a problem without innards, and a key that met it is not used again unseen."""

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret")

    with Pages(tmp_path) as pages:
        shop = caller(pages)
        monkeypatch.setattr("postduif.campaign.mailings.editing.create", fail)
        wrong = shop.post("/mailings", {"name": "x"}, Idempotency_Key="k")
        assert (wrong.status, wrong.code) == (500, "failure")
        assert "secret" not in json.dumps(wrong.json)
        monkeypatch.undo()
        assert shop.post("/mailings", {"name": "x"}, Idempotency_Key="k").code == "outcome_unknown"
