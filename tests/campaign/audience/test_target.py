"""Who a mailing goes to, and why not to the others."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from postduif.bounce.address_state import Event, What
from postduif.campaign.audience import projects, subscriptions
from postduif.campaign.audience.erasing import erase
from postduif.campaign.audience.gathering import Spec, gather
from postduif.campaign.audience.selections import SelectionKind, add_addresses, add_members, create
from postduif.campaign.audience.subscriptions import Proof, SubscriptionType
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.audience.target import CHUNK, Recipient, target
from postduif.campaign.audience.upsert import Person, put_people
from postduif.campaign.database import transaction
from postduif.errors import PostduifError
from tests.campaign.audience.people import NOW, a_suppression_list, an_audience, order, person

NEWS = SubscriptionType("news", "News", "", everybody=False, confirm=True)
PROOF = Proof(NOW, "v1", "test")
EVERYBODY = Spec(condition="id > 0", attributes=())


def causes(connection: sqlite3.Connection, data_dir: Path, spec: Spec) -> dict[str, str]:
    """Address and cause of everybody in the target."""
    with suppression_link(data_dir) as link:
        return {one.address: one.cause for one in target(connection, data_dir, link, spec, NOW).recipients(())}


def ids(connection: sqlite3.Connection, data_dir: Path, spec: Spec) -> list[int]:
    """Contacts in the target, in their order."""
    with suppression_link(data_dir) as link:
        return [one.contact for one in target(connection, data_dir, link, spec, NOW).recipients(())]


def test_recipients(tmp_path: Path) -> None:
    """Each has an address for the envelope and the values of the columns asked for, as templates have them."""
    connection = an_audience()
    person(connection, "Ann@EXÄMPLE.com", name="Ann", vip="no", tags="a;b", born="2000-02-03")
    with suppression_link(tmp_path) as link:
        found = target(connection, tmp_path, link, Spec(condition="id = 1"), NOW)
        assert found.columns == ("email", "name", "language", "country", "age", "born", "vip", "tags")
        values = '["Ann@xn--exmple-cua.com","Ann",null,null,null,"2000-02-03",false,["a","b"]]'
        assert list(found.recipients(found.columns)) == [Recipient(1, 0, "Ann@xn--exmple-cua.com", values, "")]
        assert next(found.recipients(("born", "name", "born"))).values == '["2000-02-03","Ann","2000-02-03"]'
        few = target(connection, tmp_path, link, Spec(condition="id = 1", attributes=("born",)), NOW)
        assert few.columns == ("email", "name", "language", "born")


def test_address(tmp_path: Path) -> None:
    """The local part is as it was given, whatever is in it; what is no address is as it was given."""
    connection = an_audience()
    given = {
        "plain@example.com": "plain@example.com",
        '"A@b"@Exämple.com': '"A@b"@xn--exmple-cua.com',
        "Ünï@Example.com": "Ünï@example.com",
    }
    people = [Person(email, key.lower(), "", ()) for email, key in given.items()]
    put_people(connection, (), [*people, Person("No @ADDRESS", " no @address", "no @", ())], NOW)
    assert list(causes(connection, tmp_path, EVERYBODY)) == [*given.values(), "No @ADDRESS"]


def test_union(tmp_path: Path) -> None:
    """Sources together make one set: everybody once, in the order of their ids, counted where they came first."""
    connection = an_audience()
    for name in "abcd":
        person(connection, f"{name}@example.com", country="NL" if name in "ab" else "")
    with transaction(connection):
        add_members(connection, create(connection, "club", SelectionKind.STATIC, NOW), [2, 3], NOW)
        create(connection, "dutch", SelectionKind.DYNAMIC, NOW, 'country = "nl"')
    spec = Spec(selections=("club", "dutch"), persons=("D@example.com", "#1"))
    with suppression_link(tmp_path) as link:
        found = target(connection, tmp_path, link, spec, NOW)
        assert [one.contact for one in found.recipients(())] == [1, 2, 3, 4]
    assert [tuple(one) for one in found.gathered.sources] == [
        ("selection club", 2, 2),
        ("selection dutch", 2, 1),
        ("single persons", 2, 1),
    ]
    assert found.gathered.people == 4
    assert ids(connection, tmp_path, spec._replace(condition='country = "NL"')) == [1, 2]


def test_selection_over_project(tmp_path: Path) -> None:
    """When both are given only the selection counts, and a note says so; a project can be narrowed to a role."""
    connection = an_audience()
    for name in "abc":
        person(connection, f"{name}@example.com")
    with transaction(connection):
        fair = projects.create(connection, "Fair/26", NOW)
        projects.add(connection, fair, [1, 2], "guest")
        projects.add(connection, fair, [2], "speaker")
        add_members(connection, create(connection, "club", SelectionKind.STATIC, NOW), [3], NOW)
    both = Spec(selections=("club",), projects=("Fair/26",), mail_type="")
    with suppression_link(tmp_path) as link:
        found = target(connection, tmp_path, link, both, NOW)
        assert [one.contact for one in found.recipients(())] == [3]
        assert "a selection is given, so the projects do not count: Fair/26" in found.gathered.notes
    assert ids(connection, tmp_path, both._replace(selections=())) == [1, 2]
    assert ids(connection, tmp_path, both._replace(selections=(), projects=("fair/26/Speaker",))) == [2]


def test_causes(tmp_path: Path) -> None:
    """Nobody vanishes: each who gets nothing is there with the first cause that counts."""
    connection = an_audience()
    names = ["ok", "hard", "angry", "news", "all", "selected", "listed", "named", "domain", "below"]
    names += ["unasked", "unconfirmed"]
    for name in names:
        host = {"domain": "bad.example", "below": "a.worse.example"}.get(name, "example.com")
        person(connection, f"{name}@{host}")
    with transaction(connection):
        put_people(connection, (), [Person("no address", " no address", "no @", ())], NOW)
        subscriptions.save_type(connection, NEWS)
        subscriptions.confirm_all(connection, [number + 1 for number in range(len(names) - 2)], NEWS, PROOF)
        subscriptions.ask(connection, len(names), NEWS, PROOF)
        out = create(connection, "out", SelectionKind.STATIC, NOW)
        add_members(connection, out, [1 + names.index(name) for name in ("selected", "listed", "hard")], NOW)
        add_addresses(connection, create(connection, "list", SelectionKind.ADDRESSES, NOW), ["listed@example.com"], NOW)
    a_suppression_list(
        tmp_path,
        [
            Event("hard@example.com", What.HARD, NOW),
            Event("angry@example.com", What.COMPLAINT, NOW),
            Event("news@example.com", What.UNSUBSCRIBE, NOW, type="news"),
            Event("all@example.com", What.UNSUBSCRIBE, NOW),
        ],
    )
    spec = EVERYBODY._replace(
        mail_type="news",
        exclude_selections=("out", "list"),
        exclude_domains=("BAD.example", "*.worse.example"),
        exclude_addresses=("Named@example.com",),
    )
    found = causes(connection, tmp_path, spec)
    assert {address.partition("@")[0]: cause for address, cause in found.items()} == {
        "ok": "",
        "hard": "quarantine",
        "angry": "denylisted",
        "news": "unsubscribed",
        "all": "unsubscribed",
        "selected": "excluded_selection",
        "listed": "excluded_address",
        "named": "excluded_address",
        "domain": "excluded_domain",
        "below": "excluded_domain",
        "unasked": "not_subscribed",
        "unconfirmed": "unconfirmed",
        "no address": "invalid_syntax",
    }
    assert ids(connection, tmp_path, EVERYBODY._replace(condition="bounced or complained")) == [2, 3]
    assert ids(connection, tmp_path, EVERYBODY._replace(condition="unsubscribed")) == [4, 5]
    assert ids(connection, tmp_path, EVERYBODY._replace(condition='suppressed and "out" in selections')) == [2]
    subscribed = EVERYBODY._replace(condition='"NEWS" in subscriptions and id < 6')
    assert ids(connection, tmp_path, subscribed) == [1, 2, 3]


def test_type_for_everybody(tmp_path: Path) -> None:
    """Mail for everybody goes to who never asked, and not to who unsubscribed."""
    connection = an_audience()
    for name in "ab":
        person(connection, f"{name}@example.com")
    subscriptions.save_type(connection, NEWS._replace(everybody=True))
    a_suppression_list(tmp_path, [Event("b@example.com", What.UNSUBSCRIBE, NOW, type="news")])
    found = causes(connection, tmp_path, EVERYBODY._replace(mail_type="NEWS"))
    assert found == {"a@example.com": "", "b@example.com": "unsubscribed"}


def test_child_records(tmp_path: Path) -> None:
    """One mail a record, to its own address or its person's; one address gets one mail."""
    connection = an_audience()
    for name in "ab":
        person(connection, f"{name}@example.com")
    order(connection, "a@example.com", 1, 10)
    order(connection, "a@example.com", 2, 99, own="Work@example.com")
    order(connection, "b@example.com", 1, 99, own="work@example.com")
    order(connection, "b@example.com", 2, 99)
    order(connection, "a@example.com", 3, 99)
    spec = EVERYBODY._replace(collection="orders", child_condition="total > 20")
    with suppression_link(tmp_path) as link:
        found = target(connection, tmp_path, link, spec, NOW)
        assert found.columns == ("email", "name", "language", "orders.number", "orders.total", "orders.paid")
        assert list(found.recipients(("orders.number", "email"))) == [
            (1, 2, "Work@example.com", '[2,"Work@example.com"]', ""),
            (2, 3, "work@example.com", '[1,"work@example.com"]', "double"),
            (2, 4, "b@example.com", '[2,"b@example.com"]', ""),
            (1, 5, "a@example.com", '[3,"a@example.com"]', ""),
        ]
    assert len(ids(connection, tmp_path, spec._replace(child_condition=""))) == 5


def many(count: int) -> sqlite3.Connection:
    """So many people with an order each, every tenth of them with the same address."""
    connection = an_audience()
    people = [Person(f"{number}@example.com", f"{number}@example.com", "", ()) for number in range(count)]
    put_people(connection, (), people, NOW)
    connection.execute(
        'INSERT INTO "c_orders" (contact, email, subject, created, changed, a_number) SELECT id, '
        "iif(id % 10, NULL, 'same@example.com'), iif(id % 10, NULL, 'same@example.com'), 0, 0, 1 "
        "FROM contact ORDER BY id"
    )
    return connection


def test_chunks(tmp_path: Path) -> None:
    """Chunk after chunk everybody comes once, and an address that comes again is a double in any chunk."""
    count = 2 * CHUNK + 1
    connection = many(count)
    assert ids(connection, tmp_path, EVERYBODY) == list(range(1, count + 1))
    with suppression_link(tmp_path) as link:
        found = list(target(connection, tmp_path, link, EVERYBODY._replace(collection="orders"), NOW).recipients(()))
    assert [one.contact for one in found] == list(range(1, count + 1))
    assert sum(one.cause == "double" for one in found) == count // 10 - 1


def test_changes_meanwhile(tmp_path: Path) -> None:
    """Who is erased while the stream is read is not in what comes after; the file can be written to all the while."""
    connection = many(CHUNK + 5)
    with suppression_link(tmp_path) as link:
        stream = target(connection, tmp_path, link, EVERYBODY, NOW).recipients(())
        assert next(stream).contact == 1
        erase(connection, CHUNK + 2, [])
        assert [one.contact for one in stream][CHUNK - 1 :] == [CHUNK + 1, CHUNK + 3, CHUNK + 4, CHUNK + 5]


def test_who_is_no_more(tmp_path: Path) -> None:
    """A single person who was erased does not keep the others from their mail; that is said."""
    connection = many(3)
    erase(connection, 2, [])
    spec = Spec(persons=("#1", "#2", "#3"))
    assert ids(connection, tmp_path, spec) == [1, 3]
    assert gather(connection, tmp_path, spec, NOW).notes[0] == "1 of the single persons are no more: #2"


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (Spec(), "nobody is meant"),
        (Spec(selections=("x",)), "there is no selection 'x'"),
        (Spec(projects=("x",)), "there is no project 'x'"),
        (Spec(persons=("x@example.com", "#1")), "nobody is known as x@example.com"),
        (Spec(persons=("#98", "#99")), "nobody is known as #98, #99"),
        (Spec(selections=("list",)), "is a list of addresses"),
        (EVERYBODY._replace(mail_type="x"), "there is no type of mail 'x'"),
        (EVERYBODY._replace(collection="x"), "there are no child records 'x'"),
        (EVERYBODY._replace(child_condition="paid"), "needs their kind"),
        (EVERYBODY._replace(attributes=("x",)), "there is no attribute 'x'"),
        (EVERYBODY._replace(exclude_addresses=("x",)), "@"),
        (EVERYBODY._replace(condition="x ="), "a value"),
    ],
)
def test_faults(tmp_path: Path, spec: Spec, said: str) -> None:
    """What is named and not there is said before anybody is computed."""
    connection = an_audience()
    create(connection, "list", SelectionKind.ADDRESSES, NOW)
    with pytest.raises(PostduifError, match=said):
        causes(connection, tmp_path, spec)
