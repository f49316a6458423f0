"""`postduif selection`, `project` and `subscription`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.installation import cells, run, written


def people(directory: Path) -> Path:
    """An installation with two people."""
    path = written(directory)
    run(path, "contact", "attribute", "add", "age", "number")
    for name, age in (("ann", 40), ("bob", 12)):
        assert run(path, "contact", "set", f"{name}@example.com", f"age={age}").exit_code == 0
    return path


def test_dynamic(tmp_path: Path) -> None:
    """A condition is saved, counted, explained and changed."""
    path = people(tmp_path)
    assert run(path, "selection", "create", "Adults", "--where", "age >= 18").stdout == "Adults: dynamic, 1\n"
    assert run(path, "selection", "count", "adults").stdout == "1\n"
    assert run(path, "selection", "count", "--where", "not bounced").stdout == "2\n"
    text = run(path, "selection", "explain", "Adults").stdout
    assert text.startswith("those of whom it is true that age is at least 18\npeople: 1\nSQL: SELECT")
    assert "plan: SCAN contact" in text
    explained = json.loads(run(path, "selection", "explain", "--where", "age = 12", "--json").stdout)
    assert (explained["words"], explained["people"], explained["values"]) == ("age is 12", 1, [12])
    assert run(path, "selection", "change", "Adults", "--where", "age > 10").stdout == "Adults: 2\n"
    assert cells(run(path, "selection", "list"))[0][:4] == ["Adults", "dynamic", "2", "age > 10"]
    assert cells(run(path, "selection", "show", "Adults", "--limit", "1"))[1] == ["1", "ann@example.com", ""]


def test_static(tmp_path: Path) -> None:
    """People are put in and taken out one by one."""
    path = people(tmp_path)
    assert run(path, "selection", "create", "Club", "--note", "friends").stdout == "Club: static, 0\n"
    assert run(path, "selection", "add", "Club", "ann@example.com", "#2").stdout == "2 added\n"
    assert run(path, "selection", "remove", "Club", "#1").stdout == "1 removed\n"
    assert run(path, "selection", "count", "Club").stdout == "1\n"
    assert run(path, "selection", "explain", "Club").stdout.startswith("they were put there one by one\n")
    assert run(path, "selection", "change", "Club", "--name", "Circle", "--note", "").stdout == "Circle: 1\n"
    assert run(path, "selection", "change", "Circle").exit_code == 2
    assert run(path, "selection", "delete", "Circle").exit_code == 0
    assert json.loads(run(path, "selection", "list", "--json").stdout) == []


def test_addresses(tmp_path: Path) -> None:
    """A list of addresses is filled by hand and from a file; lines that are none are named."""
    path = written(tmp_path)
    run(path, "selection", "create", "Competitors", "--addresses")
    run(path, "selection", "add", "Competitors", "EVE@example.com")
    file = tmp_path / "list.txt"
    file.write_text("x@rival.example\n\nno\neve@example.com\n")
    result = run(path, "selection", "import", "Competitors", str(file))
    assert (result.exit_code, result.stdout) == (1, "1 added\n")
    assert "line 3: 'no' is no address" in result.stderr
    assert [row[1] for row in cells(run(path, "selection", "show", "Competitors"))[1:]] == [
        "eve@example.com",
        "x@rival.example",
    ]


def test_projects(tmp_path: Path) -> None:
    """A project has members with roles."""
    path = people(tmp_path)
    run(path, "project", "create", "Fair", "--note", "Utrecht")
    run(path, "project", "add", "fair", "ann@example.com", "#2", "--role", "guest")
    run(path, "project", "remove", "Fair", "#1")
    assert cells(run(path, "project", "show", "Fair")) == [["Fair: 1, Utrecht"], ["2", "bob@example.com", "guest"]]
    found = json.loads(run(path, "project", "show", "Fair", "--json").stdout)
    assert (found["people"], found["members"][0]["role"], found["mailings"]) == (1, "guest", [])
    assert cells(run(path, "project", "show", "Fair", "--after", "2")) == [["Fair: 1, Utrecht"]]
    assert cells(run(path, "project", "list"))[0][:3] == ["Fair", "1", "Utrecht"]
    assert run(path, "project", "change", "Fair").exit_code == 2
    assert json.loads(run(path, "project", "change", "Fair", "--name", "Gala", "--json").stdout)["name"] == "Gala"
    run(path, "project", "delete", "Gala")
    assert json.loads(run(path, "project", "list", "--json").stdout) == []


def test_subscriptions(tmp_path: Path) -> None:
    """A type of mail is made, and people are said to have agreed, with the proof."""
    path = people(tmp_path)
    run(path, "subscription", "set", "news", "--title", "News", "--description", "Monthly")
    words = ("subscription", "add", "news", "ann@example.com", "--wording", "form v2", "--from", "192.0.2.1")
    assert run(path, *words, "--asked").stdout == "ann@example.com: unconfirmed\n"
    assert run(path, *words).stdout == "ann@example.com: confirmed\n"
    assert run(path, "selection", "count", "--where", '"news" in subscriptions').stdout == "1\n"
    assert "wording form v2" in run(path, "contact", "show", "ann@example.com").stdout
    (listed,) = cells(run(path, "subscription", "list"))
    assert listed == ["news", "News", "who asked", "link", "every reader", "Monthly"]
    run(path, "subscription", "delete", "news")
    assert json.loads(run(path, "subscription", "list", "--json").stdout) == []


def test_changed_type(tmp_path: Path) -> None:
    """Of a type of mail only what is said changes."""
    path = people(tmp_path)
    run(path, "subscription", "set", "news", "--title", "News", "--description", "Monthly", "--everybody")
    run(path, "subscription", "set", "NEWS", "--no-confirm", "--not-offered")
    assert cells(run(path, "subscription", "list")) == [["news", "News", "everybody", "", "who asked", "Monthly"]]
    run(path, "subscription", "set", "news", "--who-asked")
    assert cells(run(path, "subscription", "list"))[0][2] == "who asked"


def test_nothing_is_said_that_is_not_so(tmp_path: Path) -> None:
    """When one of several is unknown nobody has agreed, and nobody is said to have."""
    path = people(tmp_path)
    run(path, "subscription", "set", "news")
    words = ("subscription", "add", "news", "ann@example.com", "x@example.com", "--wording", "v1")
    result = run(path, *words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "nobody is known as x@example.com" in result.stderr


def test_json(tmp_path: Path) -> None:
    """What changes something says what came of it, for programs too."""
    path = people(tmp_path)
    (tmp_path / "list.txt").write_text("x@rival.example\nno\n")

    def told(code: int, *words: str) -> object:
        result = run(path, *words, "--json")
        assert result.exit_code == code, result.output
        return json.loads(result.stdout)

    adults = told(0, "selection", "create", "Adults", "--where", "age >= 18")
    assert isinstance(adults, dict)
    assert (adults["kind"], adults["people"]) == ("dynamic", 1)
    changed = told(0, "selection", "change", "adults", "--where", "age > 1")
    assert isinstance(changed, dict)
    assert (changed["name"], changed["people"]) == ("Adults", 2)
    assert told(0, "selection", "count") == {"people": 2}
    told(0, "selection", "create", "Left", "--addresses")
    assert told(0, "selection", "add", "Left", "y@rival.example") == {"added": 1}
    found = told(1, "selection", "import", "Left", str(tmp_path / "list.txt"))
    assert isinstance(found, dict)
    assert (found["added"], len(found["problems"])) == (1, 1)
    assert told(0, "selection", "count", "Left") == {"people": 2}
    assert told(0, "selection", "remove", "Left", "Y@rival.example") == {"removed": 1}
    assert told(0, "selection", "delete", "left") == {"deleted": "Left"}
    told(0, "project", "create", "Fair")
    fair = told(0, "project", "add", "fair", "#1")
    assert isinstance(fair, dict)
    assert (fair["name"], fair["members"]) == ("Fair", 1)
    assert told(0, "project", "remove", "fair", "#1") == {"removed": 1}
    assert told(0, "project", "delete", "fair") == {"deleted": "Fair"}
    kind = told(0, "subscription", "set", "news")
    flags = {"everybody": False, "confirm": True, "offered": True}
    assert kind == {"name": "news", "title": "news", "description": "", **flags}
    agreed = told(0, "subscription", "add", "news", "#1", "--wording", "v1")
    assert agreed == [{"address": "#1", "state": "confirmed"}]
    assert told(0, "subscription", "delete", "news") == {"deleted": "news"}
    assert told(0, "contact", "attribute", "add", "city", "text") == {
        "name": "city", "kind": "text", "label": "city", "of": "",
    }  # fmt: skip
    assert told(0, "contact", "attribute", "remove", "city") == {"removed": "city", "of": ""}
    assert told(0, "contact", "attribute", "records", "orders") == {"name": "orders", "key": ""}
    assert told(0, "contact", "set", "ann@example.com") == {"id": 1}
    assert told(0, "contact", "erase", "ann@example.com", "--reason", "asked") == {"erased": 1}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["selection", "create", "x", "--where", "age >="], 1, "(at the end)"),
        (["selection", "create", "x", "--where", "ages > 1"], 1, "(at character 1, near 'ages > 1')"),
        (["selection", "create", "x", "--where", "age > 1", "--addresses"], 2, "has no condition"),
        (["selection", "count", "x", "--where", "age > 1"], 1, "not both"),
        (["selection", "show", "x"], 1, "there is no selection 'x'; there is none"),
        (["project", "show", "x"], 1, "there is no project 'x'"),
        (["project", "add", "x", "nobody@example.com"], 1, "nobody is known as"),
        (["subscription", "add", "x", "ann@example.com", "--wording", "x"], 1, "there is no type of mail 'x'"),
        (["subscription", "set", "a b"], 1, "is no name of a type"),
    ],
)
def test_wrong(tmp_path: Path, words: list[str], code: int, said: str) -> None:
    """What is wrong is one line that names the remedy, and the exit status of its kind."""
    result = run(people(tmp_path), *words)
    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr
