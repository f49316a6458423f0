"""Some people behind the pages, for tests of the rooms of the audience."""

from __future__ import annotations

from postduif.campaign.audience import attributes, contacts, selections, subscriptions
from postduif.campaign.audience.attributes import Kind
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.selections import SelectionKind
from postduif.campaign.audience.subscriptions import SubscriptionType
from postduif.campaign.database import transaction
from tests.web_world import Pages

EVIL = "<script>alert(1)</script>"


def with_people(pages: Pages, count: int = 3) -> list[int]:
    """The ids of some people p0@example.com and so on, aged from 20, each from Gent; attributes of each kind."""
    now = pages.desk.clock.time()
    kinds = (("city", Kind.TEXT), ("age", Kind.NUMBER), ("born", Kind.DATE), ("vip", Kind.BOOLEAN), ("tags", Kind.LIST))
    with audience(pages.desk.data_dir) as connection, transaction(connection):
        for name, kind in kinds:
            attributes.declare(connection, name, kind, name.capitalize())
        for name in ("news", "offers"):
            type_ = SubscriptionType(name, name.capitalize(), "", everybody=name == "offers", confirm=True)
            subscriptions.save_type(connection, type_)
        given = [{"name": f"Person {number or EVIL}", "city": "Gent"} for number in range(count)]
        ids = [
            contacts.save(connection, f"p{number}@example.com", one | {"age": str(20 + number)}, now, "hand", "test")
            for number, one in enumerate(given)
        ]
        fair = selections.create(connection, "Fair", SelectionKind.STATIC, now)
        selections.add_members(connection, fair, ids[:2], now)
        selections.create(connection, "Adults", SelectionKind.DYNAMIC, now, 'age >= 21 and "Fair" in selections')
    return ids
