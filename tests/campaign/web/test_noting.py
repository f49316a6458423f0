"""The audit trail: the pages and the API say of the same deed the same, and neither names anybody."""

from __future__ import annotations

from pathlib import Path

from postduif.campaign.accounts import audit
from postduif.campaign.mailings.changing import By
from tests.api_world import Program, caller
from tests.campaign.web.answering import answering
from tests.campaign.web.audience_world import with_people
from tests.web_world import Browser, Pages

BY_HAND = {"addresses": "p1@example.com", "reason": "p1@example.com wrote"}
MANY = "p0@example.com\np2@example.com\nx@example.com\ny@example.com\n*@trap.example"


def by_pages(anna: Browser) -> None:
    """Each deed once, on the pages; people are #1 to #3."""
    assert anna.post("/selections/plain", kind="static", name="Some").location == "/selections/3"
    anna.post("/selections/3/members", people="#1\n#2")
    anna.get("/selections/3/export.csv")
    anna.post("/selections/new", do="store", mode="text", text='email = "p1@example.com"', name="One")
    anna.post("/selections/4/delete")
    anna.post("/projects", name="Fair")
    anna.post("/projects/1/members", people="#1", role="guest")
    anna.get("/projects/1/export.csv")
    anna.post("/projects/1/about", name="Fair 2")
    anna.post("/projects/1/delete")
    anna.post("/mail-types", name="tips", title="Tips")
    anna.post("/mail-types/tips", title="More tips")
    anna.post("/mail-types/tips/delete")
    anna.post("/attributes", label="Shoe", kind="number")
    anna.post("/attributes/records", name="orders", key="code", kind="text")
    anna.post("/attributes", label="Total", kind="number", of="orders")
    anna.post("/attributes/remove", name="total", of="orders")
    anna.post("/contacts/new", email="new@example.com")
    anna.get("/contacts/4")
    anna.post("/contacts/4", a_name="New")
    anna.post("/contacts/4/email", email="newer@example.com")
    anna.post("/suppression", BY_HAND)
    anna.post("/suppression", addresses=MANY, reason="asked")
    anna.post("/suppression/release", address="p1@example.com", reason="p1@example.com wrote")
    anna.get("/contacts/export.csv?where=email+%3D+%22p1%40example.com%22")
    anna.get("/contacts/4/export")
    anna.post("/contacts/4/erase", reason="by letter")


def by_api(shop: Program) -> None:
    """The same by calls."""
    shop.post("/selections", {"name": "Some", "kind": "static"})
    shop.post("/selections/3/members", {"contacts": [1, 2]})
    shop.get("/selections/3/export")
    shop.post("/selections", {"name": "One", "kind": "dynamic", "condition": 'email = "p1@example.com"'})
    shop.delete("/selections/4")
    shop.post("/projects", {"name": "Fair"})
    shop.post("/projects/1/members", {"contacts": [1], "role": "guest"})
    shop.get("/projects/1/export")
    shop.patch("/projects/1", {"name": "Fair 2"})
    shop.delete("/projects/1")
    shop.put("/mail-types/tips", {"everybody": False})
    shop.put("/mail-types/tips", {"everybody": True})
    shop.delete("/mail-types/tips")
    shop.post("/attributes", {"name": "shoe", "kind": "number"})
    shop.post("/collections", {"name": "orders", "key": "code"})
    shop.post("/attributes", {"name": "total", "kind": "number", "collection": "orders"})
    shop.delete("/attributes/total?collection=orders")
    shop.post("/contacts", {"email": "new@example.com"})
    shop.patch("/contacts/4", {"name": "New"})
    shop.patch("/contacts/4", {"email": "newer@example.com"})
    shop.post("/suppression", BY_HAND | {"addresses": ["p1@example.com"]})
    shop.post("/suppression", {"addresses": MANY.split(), "reason": "asked"})
    shop.delete("/suppression/p1@example.com?reason=p1@example.com%20wrote")
    shop.get("/contacts/export?condition=email+%3D+%22p1%40example.com%22")
    shop.get("/contacts/newer@example.com/copy")
    shop.delete("/contacts/4?reason=by%20letter")


def test_both_doors_say_the_same(tmp_path: Path) -> None:
    """What was done, and to what, in the same order and words; of addresses only who is a contact, by number."""
    said = []
    for door in ("pages", "api"):
        directory = tmp_path / door
        directory.mkdir(0o700)
        with Pages(directory) as pages, answering(pages.desk.config):
            with_people(pages)
            if door == "pages":
                by_pages(pages.signed_in("anna"))
            else:
                by_api(caller(pages))
            with pages.desk.accounts() as connection:
                audit.note(connection, By("anna", 0.0), "token.x", "", "csv address=p1%40example.com&did=opened")
                rows = [
                    one for one in audit.listed(connection, limit=1000)[::-1] if one.who.startswith(("anna", "shop"))
                ]
        said.append(
            [(one.what, one.about) for one in rows if one.what.partition(".")[0] not in ("person", "token", "session")]
        )
        assert "@example.com" not in str(rows)
        words = {one.what: one.words for one in rows}
        assert words["token.x"] == "csv address=(an address)&did=opened"
        assert words["project.changed"] == "Fair 2: was called Fair"
        assert words["contacts.exported"] == 'where email = "(an address)"'
        assert words["suppression.released"] == "(an address) wrote"
        assert words["suppression.added"] == "*@trap.example, #1, #3, 2 addresses more: asked"
    assert ("suppression.added", "contact 2") in said[0]
    assert len(said[0]) == 26
    assert said[0] == said[1]
