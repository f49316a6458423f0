"""Mailings by the API: written, edited as seen, prepared, sent; results; single messages; what readers did."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

from postduif.campaign.mailings import editing
from postduif.campaign.mailings.changing import By
from postduif.campaign.mailings.connection import mailings
from postduif.campaign.mailings.record import Draft
from postduif.campaign.preparing.doing import do_prepare
from tests.api_filled import CONTENT, filled
from tests.api_world import Program, caller
from tests.campaign.forms.made import NEWSLETTER, put
from tests.campaign.tracking.readers import NOW, NUMBER, mailing, note, on_file, visit
from tests.mta_beside import LISTENER, MtaBeside
from tests.web_world import Pages

FEW_RULES = {"only": ["subject_empty", "content_fault"]}


def prepared(pages: Pages, program: Program, number: int = 1) -> str:
    """Have it prepared, as the campaign's process does; its ETag, which no longer is that of before."""
    seen = program.get(f"/mailings/{number}")
    edited = program.patch(f"/mailings/{number}", {"typology": FEW_RULES}, If_Match=seen.headers["etag"])
    assert edited.json["revision"] == seen.json["revision"] + 1
    begun = program.post(f"/mailings/{number}/actions/prepare", If_Match=edited.headers["etag"])
    assert begun.json["state"] == "preparing"
    do_prepare(pages.desk.config, number, "a test", pages.desk.clock)
    etag = program.get(f"/mailings/{number}").headers["etag"]
    assert etag == begun.headers["etag"] != edited.headers["etag"]
    return etag


def test_edit(tmp_path: Path) -> None:
    """An edit says what it has seen; what it leaves out stays; a file is part of it; a copy is a draft."""
    with Pages(tmp_path) as pages:
        shop = caller(pages)
        filled(shop)
        seen = shop.get("/mailings/1")
        assert seen.json["allowed"] == ["prepare"]
        assert shop.patch("/mailings/1", {"folder": "2026"}).code == "match_required"
        given = {"content": {"subject": "New"}, "target": {"exclude_domains": ["x.example"]}, "tags": ["a"]}
        edited = shop.patch("/mailings/1", given, If_Match=seen.headers["etag"]).json
        assert (edited["content"]["subject"], edited["content"]["body"]) == ("New", CONTENT["body"])
        assert (edited["target"]["selections"], edited["target"]["exclude_domains"]) == (["Some"], ["x.example"])
        assert shop.patch("/mailings/1", given, If_Match=seen.headers["etag"]).code == "changed"
        assert shop.patch("/mailings/1", {"content": {"subjekt": "x"}}, If_Match="*").code == "template"
        assert shop.patch("/mailings/1", {"stream": "none"}, If_Match="*").code == "invalid"
        assert shop.patch("/mailings/1", {"waves": {"shares": [2.0], "period": 60.0}}, If_Match="*").code == "invalid"
        assert shop.put("/mailings/1/files/logo.png", b"\x89PNG").json["files"][0]["size"] == 4
        got = shop.get("/mailings/1/files/logo.png")
        assert (got.body, got.headers["content-disposition"]) == (b"\x89PNG", "attachment")
        copy = shop.post("/mailings/1/clone", {"template": True}).json
        assert (copy["name"], copy["template"], len(copy["files"])) == ("Copy of November", True, 1)
        assert shop.delete("/mailings/1/files/logo.png").json["files"] == []
        assert shop.delete("/mailings/1/files/logo.png").code == "not_found"
        assert [one["number"] for one in shop.every("/mailings?template=true&limit=1")] == [3, 2]
        assert [one["number"] for one in shop.every("/mailings?state=draft&state=paused&tag=a")] == [1]
        put(pages.desk.data_dir, replace(NEWSLETTER, response=2))
        refused = shop.delete("/mailings/2")
        assert (refused.code, "who fills in the form newsletter" in refused.json["detail"]) == ("invalid", True)
        assert refused.json["remedy"] == "choose another template there, or none, first"
        assert shop.put("/mailings/3/archived", {"archived": True}).json["archived"] is True
        assert shop.delete("/mailings/3", If_Match='"9"').code == "changed"
        assert shop.delete("/mailings/3").status == 204
        assert [one["action"] for one in shop.every("/mailings/3/log?limit=1")][-1] == "delete"


def test_life(tmp_path: Path) -> None:
    """Prepared, sent, paused, stopped; what the state forbids is told with what is allowed; without an MTA it waits."""
    with Pages(tmp_path) as pages:
        shop, editor = caller(pages), caller(pages, "look", "edit")
        filled(shop)
        refused = shop.post("/mailings/1/actions/send")
        assert (refused.status, refused.code, refused.json["allowed"]) == (409, "not_now", ["prepare"])
        assert shop.get("/mailings/1/report").code == "no_results"
        etag = prepared(pages, editor)
        assert shop.get("/mailings/1").json["allowed"] == ["prepare", "send", "schedule"]
        assert shop.get("/mailings/1/report").json["to_deliver"] == 2
        assert editor.post("/mailings/1/actions/check").json["errors"] == 0
        assert "<p>" in editor.get("/mailings/1/preview").json["html"]
        assert editor.post("/mailings/1/actions/send").code == "scope_missing"
        assert shop.post("/mailings/1/actions/schedule", {"start": "soon", "zone": "UTC"}).code == "invalid"
        when = {"start": "2100-12-01T09:00:00", "zone": "Europe/Amsterdam"}
        assert shop.post("/mailings/1/actions/schedule", when).json["next"] == "2100-12-01T08:00:00.000Z"
        assert shop.post("/mailings/1/actions/unschedule").json["state"] == "prepared"
        before = '"2.0"'  # edited, and not prepared yet
        assert shop.post("/mailings/1/actions/send", If_Match=before).code == "changed"
        assert shop.put("/mailings/1/archived", {"archived": True}, If_Match=before).code == "changed"
        assert shop.post("/mailings/1/clone", {}, If_Match=before).code == "invalid"
        sent = shop.post("/mailings/1/actions/send", If_Match=etag, Idempotency_Key="k").json
        assert (sent["state"], sent["allowed"]) == ("sending", ["pause", "stop"])
        assert "daemon" in sent["waits"]
        assert shop.post("/mailings/1/actions/send", If_Match=etag, Idempotency_Key="k").json == sent
        assert shop.post("/mailings/1/actions/pause").json["state"] == "paused"
        assert shop.post("/mailings/1/actions/resume").json["state"] == "sending"
        assert shop.post("/mailings/1/actions/rate", {"rate": 60}).code == "mta_silent"
        assert shop.post("/mailings/1/actions/stop").json["state"] == "stopping"
        assert shop.post("/mailings/1/actions/wave", {"wave": 2}).code == "not_now"
        assert shop.get("/mailings/1/figures").json["figures"][0]["value"] == 2
        log = shop.every("/mailings/1/log?limit=3")
        assert {one["who"].split(" (token")[0] for one in log if one["action"] in ("send", "pause")} == {"shop"}


def test_results(tmp_path: Path) -> None:
    """Figures, links, recipients by what they did, a timeline, a selection of them, and visits by their cursor."""
    tmp_path.chmod(0o700)
    mailing(tmp_path)
    note(tmp_path, [visit(0, 60, "open"), visit(0, 100, link=1), visit(2, 70, "open", machine="proxy")])
    with mailings(tmp_path) as connection:
        for _ in range(NUMBER):
            editing.create(connection, Draft("November"), [], By("anna", NOW))
    with Pages(tmp_path) as pages:
        shop = caller(pages)
        path = f"/mailings/{NUMBER}"
        figures = shop.get(f"{path}/figures").json
        assert {one["name"]: one["value"] for one in figures["reading"]}["opened"] == 1
        assert {one["name"]: one["of"] for one in figures["figures"]}["delivered"] == "to_deliver"
        assert [one["clickers"] for one in shop.get(f"{path}/links").json["items"]] == [1, 0, 0]
        domains = shop.get(f"{path}/domains?limit=1").json
        assert {name: domains["items"][0][name] for name in ("domain", "delivered", "opened", "clicked")} == {
            "domain": "one.example", "delivered": 4, "opened": 1, "clicked": 1,
        }  # fmt: skip
        assert domains["next"] is None
        assert shop.get(f"{path}/domains?after=one.example").json["items"] == []
        enrolled = shop.post(f"{path}/projects", {"name": "Fair", "role": "guest", "did": "opened"}).json
        assert shop.get(f"/projects/{enrolled['project']}/members").json["items"][0]["role"] == "guest"
        times = shop.get(f"{path}/times?step=minute").json
        assert [one["delivered"] for one in times["ended"]] == [4]
        assert [(one["opens"], one["opens_with_machines"], one["clicks"]) for one in times["read"]] == [(1, 2, 1)]
        assert shop.get(f"{path}/recipients?did=responded").json["items"] == []
        assert [one["number"] for one in shop.every(f"{path}/recipients?limit=1")] == [0, 1, 2, 3]
        assert [one["number"] for one in shop.every(f"{path}/recipients?did=not%20opened&limit=2")] == [1, 2, 3]
        assert [one["number"] for one in shop.every(f"{path}/recipients?address=BOB@one.example")] == [1]
        assert shop.get(f"{path}/recipients?address=BOB@one.example&after=1").json["items"] == []
        for nonsense in ("state=sent", "link=1", "domain=a..b", "address=bob@one.example&did=opened"):
            assert shop.get(f"{path}/recipients?{nonsense}").code == "invalid", nonsense
        kinds = [one["kind"] for one in shop.get(f"{path}/recipients/0/timeline").json["events"]]
        assert kinds[-2:] == ["opened", "clicked"]
        assert shop.get(f"{path}/recipients/99/timeline").code == "not_found"
        assert shop.get(f"{path}/exclusions").json["items"] == []
        made = shop.post(f"{path}/selections", {"name": "Readers", "did": "opened"}).json
        assert made["added"] == 1
        assert shop.post(f"{path}/selections", {"name": "Readers", "did": "opened"}).json["added"] == 0
        visits = shop.every("/events/visits?limit=1")
        assert [(one["kind"], one["recipient"], one["machine"]) for one in visits] == [
            ("open", 0, ""),
            ("click", 0, ""),
            ("open", 2, "proxy"),
        ]
        assert [one["id"] for one in shop.every(f"/events/visits?kind=click&after={visits[0]['id']}")] == [2]
        with on_file(tmp_path) as connection:
            wish = "INSERT INTO wish VALUES (NULL, 0, 7, 1, ?, 'news', 'page', '', '', NULL)"
            connection.executemany(wish, [("erase",), ("unsubscribe",)])
        assert [one["kind"] for one in shop.every("/events/wishes?limit=1")] == ["erase", "unsubscribe"]
        seen = caller(pages, "look").get("/events/wishes?limit=1").json  # as the page of requests is for few
        assert ([one["kind"] for one in seen["items"]], seen["next"]) == (["unsubscribe"], None)
        assert shop.get("/mailings/1/figures").code == "no_results"


def test_messages(tmp_path: Path) -> None:
    """One message by a template, or with its own content; the same key is one message; who left gets none."""
    with Pages(tmp_path, LISTENER) as pages:
        shop, editor = caller(pages), caller(pages, "look", "edit")
        filled(shop)
        content = {"subject": "Order {{ order.id }}", "text": "{% for one in lines %}{{ one.title }} {% endfor %}"}
        edited = shop.patch("/mailings/2", {"content": content | {"body": None}}, If_Match="*")
        assert edited.status == 200
        given = {
            "to": "jo@remote.example",
            "template": 2,
            "values": {"order": {"id": 7}, "lines": [{"title": "Grain"}]},
        }
        assert shop.post("/messages", given).code == "mta_silent"
        with MtaBeside(pages.path):
            first = shop.post("/messages", given, Idempotency_Key="order-7")
            assert first.status == 202
            assert shop.post("/messages", given, Idempotency_Key="order-7").json == first.json
            assert shop.post("/messages", given).json != first.json
            assert editor.post("/messages", given).code == "scope_missing"
            wrong = shop.post("/messages", given | {"values": {"order": {"number": 7}}})
            assert (wrong.code, "is not known" in wrong.json["detail"]) == ("template", True)
            assert shop.post("/messages", given | {"template": 1}).code == "invalid"
            own = {"sender": {"address": "shop@sender.example"}, "subject": "Hi {{ x }}", "text": "Hello."}
            assert shop.post("/messages", {"to": "jo@remote.example", "message": own}).status == 202
            assert (
                shop.post("/messages", {"to": "jo@remote.example", "message": own | {"subjct": "x"}}).code == "invalid"
            )
            assert shop.post("/messages", {"to": "jo@remote.example"}).code == "invalid"
            assert shop.post("/messages", {"to": "jo", "message": own}).code == "refused"
            shop.post("/suppression", {"addresses": ["jo@remote.example"], "reason": "called"})
            assert shop.post("/messages", given).code == "refused"


def test_proof(tmp_path: Path) -> None:
    """A proof goes to anybody's address, and the mailing knows of it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    settings = LISTENER.replace("127.0.0.1:0", f"127.0.0.1:{port}")
    with Pages(tmp_path, settings) as pages, MtaBeside(pages.path):
        shop = caller(pages, "look", "edit")
        filled(shop)
        sent = shop.post("/mailings/1/actions/proof", {"to": ["me@x.example"], "seen_by": "jo@remote.example"})
        assert (sent.status, sent.json["number"], len(sent.json["ids"])) == (202, 1, 1)
        assert "proof 1 to 1 address" in shop.every("/mailings/1/log")[-1]["words"]
        assert shop.post("/mailings/1/actions/proof", {"to": ["no address"]}).code == "address"
        assert shop.post("/mailings/1/actions/proof", {"to": ["me@x.example"], "seen_by": "#9"}).status == 422
