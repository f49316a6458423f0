"""People by the API: contacts, attributes, types of mail, selections, projects, imports, the suppression list."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.contacts import find
from postduif.mta.control import ControlError
from tests.api_filled import filled
from tests.api_world import Program, caller
from tests.mta_beside import LISTENER, MtaBeside
from tests.web_world import Pages

PATIENCE = 60.0  # real seconds


def test_contacts(tmp_path: Path) -> None:
    """Somebody is entered, found, read with an ETag, changed only as seen, replaced whole."""
    with Pages(tmp_path) as pages:
        shop = caller(pages)
        filled(shop)
        known = shop.post("/contacts", {"email": "JO@remote.example"})
        assert (known.code, known.json["id"]) == ("exists", 1)
        assert shop.post("/contacts", {"email": "nobody"}).code == "address"
        assert [one["id"] for one in shop.every("/contacts?limit=1")] == [2, 1]
        assert [one["id"] for one in shop.every("/contacts?selection=Delft")] == [1]
        assert [one["id"] for one in shop.every("/contacts?condition=city%20is%20empty")] == [2]
        assert shop.get("/contacts?condition=citty%20is%20empty").code == "condition"
        seen = shop.get("/contacts/jo%40remote.example")
        assert seen.json["attributes"] == {"city": "Delft", "interests": []}
        assert seen.json["projects"] == {"Fair": "guest"}
        assert seen.json["created"].endswith("Z")
        given = {"attributes": {"interests": ["a, b", "c"]}}
        changed = shop.patch("/contacts/1", given, If_Match=seen.headers["etag"])
        assert changed.json["attributes"] == {"city": "Delft", "interests": ["a, b", "c"]}
        assert shop.patch("/contacts/1", given, If_Match=seen.headers["etag"]).code == "changed"
        assert shop.patch("/contacts/1", {"attributes": {"city": 7}}).code == "invalid"
        assert shop.patch("/contacts/1", {"attributes": {"citty": "x"}}).code == "invalid"
        whole = shop.put("/contacts/1", {"name": "Johanna"}, If_Match=changed.headers["etag"]).json
        assert (whole["name"], whole["attributes"]) == ("Johanna", {"city": None, "interests": []})
        assert shop.put("/contacts/eva%40remote.example", {"name": "Eva"}).status == 201
        assert shop.put("/contacts/eva%40remote.example", {}, If_None_Match="*").code == "changed"
        assert shop.put("/contacts/99", {}).code == "not_found"
        told = shop.get("/audit?about=contact%201").json["items"]
        assert {one["what"] for one in told} == {"contact.added", "contact.changed"}
        assert "Johanna" not in str(told)


def cut_off(do: str, **request: object) -> object:
    """An MTA that hangs up without an answer."""
    raise ControlError(do)


def test_with_the_mta(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who withdraws or is erased is refused at once; a corrected address takes that along; the list lets go."""
    with Pages(tmp_path, LISTENER) as pages:
        shop = caller(pages)
        filled(shop)
        assert shop.delete("/contacts/1?reason=asked").code == "mta_silent"
        with monkeypatch.context() as hanging_up:
            hanging_up.setattr(pages.desk, "ask", cut_off)
            assert shop.get("/suppression").code == "mta_silent"
        with MtaBeside(pages.path):
            proof = {"type": "news", "event": "confirmed", "wording": "Yes, send me news", "origin": "192.0.2.1"}
            assert shop.post("/contacts/1/consent", proof).status == 201
            seen, withdrawn = shop.get("/contacts/1/consent").headers["etag"], proof | {"event": "withdrawn"}
            for given in (withdrawn, proof | {"event": "asked"}):
                assert shop.post("/contacts/1/consent", given, If_Match='"x"').code == "changed"
            told = shop.post("/contacts/1/consent", withdrawn, If_Match=seen).json["items"]
            assert [(one["type"], one["gets"]) for one in told] == [("news", False)]
            assert [one["event"] for one in shop.get("/contacts/1/consent").json["items"]] == ["confirmed", "withdrawn"]
            wrong = {"email": "elsewhere@remote.example", "attributes": {"nothing": 1}}
            assert shop.patch("/contacts/1", wrong).code == "invalid"
            assert shop.get("/suppression/elsewhere@remote.example").json["entries"] == []  # nothing was told before
            assert shop.patch("/contacts/1", {"email": ""}).code == "invalid"
            assert shop.delete("/contacts/1?reason=x", If_Match='"x"').code == "changed"
            assert shop.patch("/contacts/1", {"email": "johanna@remote.example"}).json["email"].startswith("johanna")
            entered = {"addresses": ["x@remote.example", "no address"], "reason": "they called"}
            assert shop.post("/suppression", entered).json["changed"] == 1
            listed = [one["address"] for one in shop.every("/suppression?limit=1")]
            assert listed == ["jo@remote.example", "johanna@remote.example", "x@remote.example"]
            assert shop.get("/suppression/x@remote.example").json["refused_by"]["cause"] == "manual"
            assert shop.get("/suppression/a%2Fb@remote.example").json["address"] == "a/b@remote.example"
            assert shop.get("/suppression/no").code == "refused"
            sends, edits = caller(pages, "look", "send"), caller(pages, "look", "edit")
            assert sends.delete("/suppression/x@remote.example?reason=x").code == "scope_missing"
            assert edits.delete("/suppression/x@remote.example?reason=mistake").json == {"changed": 1}
            assert shop.delete("/suppression/x@remote.example?reason=mistake").code == "not_found"
            assert shop.delete("/contacts/2").code == "invalid"
            for email, key in (("An.New@remote.example", "k-1"), ("jan.new@remote.example", "k-2")):
                assert shop.post("/contacts", {"email": email}, Idempotency_Key=key).status == 201
            assert shop.delete("/contacts/an.new@remote.example?reason=asked").status == 204
            again = shop.post("/contacts", {"email": "An.New@remote.example"}, Idempotency_Key="k-1")
            assert again.code == "outcome_unknown"
            assert shop.post("/contacts", {"email": "jan.new@remote.example"}, Idempotency_Key="k-2").status == 201
            for file in (tmp_path / "campaign").glob("calls.sqlite*"):
                assert b"An.New" not in file.read_bytes()
            assert shop.delete("/contacts/2?reason=asked").status == 204
            assert shop.get("/contacts/2").code == "not_found"
    with audience(tmp_path) as connection:
        assert find(connection, "an@remote.example") is None


def test_attributes_and_records(tmp_path: Path) -> None:
    """Attributes are declared and removed; child records are told apart by their key."""
    with Pages(tmp_path) as pages:
        shop = caller(pages)
        filled(shop)
        names = [(one["name"], one["collection"]) for one in shop.get("/attributes").json["items"]]
        assert names == [("city", ""), ("interests", ""), ("code", "orders")]
        assert shop.post("/attributes", {"name": "city", "kind": "number"}).code == "invalid"
        assert shop.post("/attributes", {"name": "total", "kind": "number", "collection": "orders"}).status == 201
        record = shop.post("/contacts/1/records/orders", {"values": {"code": "7", "total": 12.5}}).json
        (there,) = shop.get("/contacts/1/records/orders").json["items"]
        assert shop.get(f"/contacts/1/records/orders?after={there['id']}").json == {"items": [], "next": None}
        assert (there["id"], there["code"], there["total"]) == (record["id"], "7", 12.5)
        seen, given = shop.get(f"/contacts/1/records/orders/{record['id']}"), {"values": {"code": "7", "total": 8}}
        assert seen.json == there
        again = shop.post("/contacts/1/records/orders", given, If_Match=seen.headers["etag"])
        assert again.json == record
        assert shop.post("/contacts/1/records/orders", given, If_Match=seen.headers["etag"]).code == "changed"
        new = {"values": {"code": "8"}}
        assert shop.post("/contacts/1/records/orders", new, If_Match="*").code == "not_found"
        assert [one["total"] for one in shop.get("/contacts/1/records/orders").json["items"]] == [8]
        assert shop.post("/contacts/1/records/orders", {"values": {"total": 1}}).code == "invalid"
        assert shop.delete(f"/contacts/2/records/orders/{record['id']}").code == "not_found"
        mine = f"/contacts/1/records/orders/{record['id']}"
        assert shop.delete(mine, If_Match=seen.headers["etag"]).code == "changed"
        assert shop.delete(mine, If_Match=again.headers["etag"]).status == 204
        assert shop.get("/contacts/1/records/machines").code == "not_found"
        assert shop.delete("/attributes/nothing").code == "not_found"


def test_selections_projects_types(tmp_path: Path) -> None:
    """Selections of each kind, with who is in them; projects; types of mail."""
    with Pages(tmp_path) as pages:
        shop = caller(pages)
        filled(shop)
        assert shop.get("/selections/1/count").json == {"count": 2}
        assert [one["id"] for one in shop.every("/selections/1/members?limit=1")] == [1, 2]
        assert shop.post("/selections/1/members/remove", {"contacts": [2, 7]}).json == {"changed": 1}
        assert shop.post("/selections/2/members", {"contacts": [2]}).code == "invalid"
        seen, given = shop.get("/selections/2").headers["etag"], {"condition": 'name = "An"'}
        assert shop.patch("/selections/2", given, If_Match=seen).json["condition"] == 'name = "An"'
        assert shop.patch("/selections/2", given, If_Match=seen).code == "changed"
        other = shop.patch("/selections/2", {"name": "Ans", "note": "x"}).json
        assert (other["name"], other["note"], other["condition"]) == ("Ans", "x", 'name = "An"')
        assert shop.patch("/selections/2", {"name": "Some"}).code == "invalid"
        assert [one["id"] for one in shop.every("/selections/2/members")] == [2]
        assert shop.post("/selections/count", {"condition": 'name = "Jo"'}).json == {"count": 1}
        assert shop.post("/selections", {"name": "Some", "kind": "static"}).code == "invalid"
        assert shop.post("/selections/3/addresses", {"addresses": ["a@b.example"]}).json == {"changed": 1}
        assert shop.get("/selections/3/addresses").json == {"items": ["a@b.example"], "next": None}
        assert shop.get("/selections/3/addresses?after=a@b.example").json["items"] == []
        assert shop.delete("/selections/3", If_Match=seen).code == "changed"
        assert shop.delete("/selections/3").status == 204
        assert [one["id"] for one in shop.every("/selections?limit=1")] == [1, 2]
        assert shop.post("/projects/1/members", {"contacts": [1, 2], "role": "host"}).json == {"changed": 1}
        assert {one["role"] for one in shop.every("/projects/1/members?limit=1")} == {"host"}
        seen = shop.get("/projects/1").headers["etag"]
        assert shop.patch("/projects/1", {"name": "Gala"}, If_Match=seen).json["members"] == 2
        assert shop.patch("/projects/1", {"note": "x"}, If_Match=seen).code == "changed"
        assert shop.delete("/projects/1", If_Match=seen).code == "changed"
        assert shop.delete("/projects/1").status == 204
        assert shop.put("/mail-types/news", {"everybody": False, "confirm": True}).json["offered"] is True
        seen, given = shop.get("/mail-types/news").headers["etag"], {"everybody": False, "confirm": True}
        hidden = shop.put("/mail-types/news", given | {"offered": False}, If_Match=seen).json
        assert (hidden["confirm"], hidden["offered"]) == (True, False)
        assert shop.put("/mail-types/news", given, If_Match=seen).code == "changed"
        assert shop.put("/mail-types/none", given, If_Match="*").code == "not_found"
        assert shop.put("/mail-types/two%20words", {"everybody": False}).code == "invalid"
        told = shop.put("/mail-types/News", given | {"title": "The news"})
        assert (told.json["name"], told.headers["etag"]) == ("news", shop.get("/mail-types/news").headers["etag"])
        assert shop.delete("/mail-types/news", If_Match=seen).code == "changed"
        assert shop.delete("/mail-types/news").status == 204
        assert shop.get("/mail-types").json == {"items": []}


def test_imports(tmp_path: Path) -> None:
    """A file is uploaded once, tried, and taken in; the log says which lines were not."""
    with Pages(tmp_path) as pages:
        shop = caller(pages)
        text = b"email;city\nann@one.example;Delft\nnobody;Leiden\n"
        made = shop.post("/imports?name=people.csv", text, Idempotency_Key="k")
        assert shop.post("/imports?name=people.csv", text, Idempotency_Key="k").json["id"] == made.json["id"]
        assert shop.post("/imports?name=people.csv", b"").code == "invalid"
        path = f"/imports/{made.json['id']}"
        assert shop.patch(path, {"selection": "New", "duplicates": "no"}).code == "invalid"
        seen = made.headers["etag"]
        assert shop.patch(path, {"selection": "New"}, If_Match=seen).json["choices"]["selection"] == "New"
        assert shop.patch(path, {"selection": "Old"}, If_Match=seen).code == "changed"
        for refused in (shop.post(f"{path}/actions/run", If_Match=seen), shop.delete(path, If_Match=seen)):
            assert refused.code == "changed"
        assert shop.post(f"{path}/actions/try").status == 202
        tried = _rested(shop, path)
        assert (tried["stage"], tried["counts"]["added"], tried["refused"][0]["line"]) == ("tried", 1, 3)
        assert shop.get("/contacts").json["items"] == []
        assert shop.post(f"{path}/actions/run").status == 202
        run = _rested(shop, path)["run"]
        assert shop.get(f"/import-runs/{run}").json["rejected"] == 1
        assert [one["line"] for one in shop.every(f"/import-runs/{run}/rejected?limit=1")] == [3]
        assert [one["email"] for one in shop.every("/contacts?selection=New")] == ["ann@one.example"]
        assert shop.post(f"{path}/actions/run").code == "not_now"


def _rested(shop: Program, path: str) -> dict[str, object]:
    """The upload, once nobody reads it."""
    end = time.monotonic() + PATIENCE
    while (found := shop.get(path).json)["stage"] in ("new", "trying", "running"):
        assert time.monotonic() < end, found
        time.sleep(0.02)
    return dict(found)
