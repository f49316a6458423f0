"""`postduif contact`: people, from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.installation import cells, run, written

PEOPLE = "E-mail;Naam;Punten\nann@example.com;Ann;12\nbob@example.com;Bob;3\nno;No;1\n"


def taken(directory: Path, *words: str) -> Path:
    """An installation with a file of people taken in."""
    path = written(directory)
    (directory / "people.csv").write_text(PEOPLE)
    result = run(path, "contact", "import", str(directory / "people.csv"), "--new", *words)
    assert (result.exit_code, result.stdout) == (1, "2 added, 0 updated, 0 skipped, 1 rejected\n")
    assert "line 4: 'no' is no address" in result.stderr
    return path


def shown(path: Path, *words: str) -> Any:
    """What a command prints with --json."""
    result = run(path, *words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_import(tmp_path: Path) -> None:
    """A file is looked at, tried, taken in; what became of it can be read later."""
    path = written(tmp_path)
    file = tmp_path / "people.csv"
    file.write_text(PEOPLE)
    preview = cells(run(path, "contact", "import", str(file), "--preview", "--new"))
    assert preview[0] == ["CSV, utf-8, separated by ;"]
    assert preview[3] == ["3", "Punten", "punten (new)", "number", "12 | 3 | 1"]
    assert shown(path, "contact", "import", str(file), "--preview")["columns"][2]["becomes"] == ""
    tried = run(path, "contact", "import", str(file), "--dry-run")
    assert tried.stdout == "dry run, nothing is changed: 2 added, 0 updated, 0 skipped, 1 rejected\n"
    assert cells(run(path, "contact", "list")) == []
    again = taken(tmp_path)
    ((_, name, state, _, added, *_),) = cells(run(again, "contact", "imports"))
    assert (name, state, added) == ("people.csv", "done", "2")
    assert cells(run(again, "contact", "imports", "--run", "1"))[0][:2] == ["4", "no"]
    assert shown(again, "contact", "imports", "--run", "1")[0]["line"] == 4
    assert [one["id"] for one in shown(again, "contact", "imports")] == [1]


def test_import_options(tmp_path: Path) -> None:
    """Columns can be said, everybody put into a selection, and the result had as JSON."""
    path = written(tmp_path)
    file = tmp_path / "x.csv"
    file.write_text("who|pts\nann@example.com|1,5\n")
    words = ("--map", "who=email", "--map", "2=points:number", "--decimal-comma", "--selection", "Fair")
    result = run(path, "contact", "import", str(file), *words, "--json")
    assert result.exit_code == 0, result.output
    assert (json.loads(result.stdout)["added"], json.loads(result.stdout)["state"]) == (1, "done")
    assert shown(path, "selection", "show", "fair")["members"] == [{"id": 1, "email": "ann@example.com", "name": None}]
    assert shown(path, "contact", "show", "#1")["attributes"] == {"points": 1.5}


def test_set_and_show(tmp_path: Path) -> None:
    """Somebody is entered and changed by hand, and everything about them is shown."""
    path = written(tmp_path)
    run(path, "contact", "attribute", "add", "age", "number", "--label", "Leeftijd")
    assert run(path, "contact", "set", "ann@example.com", "name=Ann", "AGE=12").stdout == "#1\n"
    assert run(path, "contact", "set", "#1", "age=", "--email", "anna@example.com").stdout == "#1\n"
    text = run(path, "contact", "show", "anna@example.com").stdout
    assert "name: Ann\n" in text
    assert "sources: kind hand" in text
    found = shown(path, "contact", "show", "#1")
    assert (found["email"], found["attributes"], found["suppression"]) == ("anna@example.com", {"age": None}, [])
    ((number, email, name, *_),) = cells(run(path, "contact", "list", "--where", "age is empty"))
    assert (number, email, name) == ("1", "anna@example.com", "Ann")


def test_correction_keeps_a_refusal(tmp_path: Path) -> None:
    """Who wants no mail at the old address wants none at the new one; that mail came back from the old one is over."""
    path = written(tmp_path)
    for name in ("ann", "bob", "eve"):
        run(path, "contact", "set", f"{name}@example.com")
    run(path, "suppress", "add", "ann@example.com", "--type", "news", "--reason", "she phoned")
    (tmp_path / "bounced.csv").write_text("address,cause\nbob@example.com,hard_bounce\n")
    assert run(path, "suppress", "import", str(tmp_path / "bounced.csv")).exit_code == 0
    result = run(path, "contact", "set", "ann@example.com", "--email", "ann@new.example")
    assert (result.exit_code, result.stdout) == (0, "#1\n")
    assert "ann@new.example is on the suppression list as the old address is: unsubscribe news" in result.stderr
    assert run(path, "contact", "set", "#2", "--email", "bob@new.example").stderr == ""
    assert run(path, "contact", "set", "#1", "--email", "eve@example.com").exit_code == 1
    listed = {(one["address"], one["cause"], one["type"]) for one in shown(path, "suppress", "list")}
    assert listed == {
        ("ann@example.com", "unsubscribe", "news"),
        ("ann@new.example", "unsubscribe", "news"),
        ("bob@example.com", "hard_bounce", ""),
    }


def test_nothing_moves_the_cursor(tmp_path: Path) -> None:
    """An address that is none may have anything in it; a terminal is shown nothing of that."""
    path = written(tmp_path)
    (tmp_path / "x.csv").write_text("email,name\n\x1b[2Jx,X\n")
    run(path, "contact", "import", str(tmp_path / "x.csv"), "--keep-invalid")
    assert "email: ?[2Jx" in run(path, "contact", "show", "#1").stdout


def test_left_out(tmp_path: Path) -> None:
    """Columns that are not known are named, with what can be done."""
    path = written(tmp_path)
    (tmp_path / "x.csv").write_text("email,shoe\na@example.com,38\n")
    result = run(path, "contact", "import", str(tmp_path / "x.csv"))
    assert (result.exit_code, "left out: shoe; --new takes in" in result.stderr) == (0, True)
    assert shown(path, "contact", "import", str(tmp_path / "x.csv"))["left_out"] == ["shoe"]
    assert run(path, "contact", "import", str(tmp_path / "x.csv"), "--map", "shoe=-").stderr == ""


def test_attributes(tmp_path: Path) -> None:
    """Attributes and child records are declared, listed and removed."""
    path = written(tmp_path)
    for words in (["add", "age", "number"], ["records", "orders", "--key", "number", "--kind", "number"]):
        assert run(path, "contact", "attribute", *words).exit_code == 0
    run(path, "contact", "attribute", "add", "total", "number", "--of", "orders")
    run(path, "contact", "attribute", "remove", "age")
    assert cells(run(path, "contact", "attribute", "list")) == [
        ["orders", "number", "number", "number"],
        ["orders", "total", "number", "total"],
    ]
    run(path, "contact", "set", "ann@example.com")
    file = tmp_path / "orders.csv"
    file.write_text("e-mail,number,total\nann@example.com,1,10\n")
    assert run(path, "contact", "import", str(file), "--records", "orders").stdout.startswith("1 added")
    assert "orders:\n  id: 1\n" in run(path, "contact", "show", "#1").stdout


def test_export(tmp_path: Path) -> None:
    """People are written to a file for us alone; one person's file has what they have a right to."""
    path = taken(tmp_path)
    target = tmp_path / "out.csv"
    assert run(path, "contact", "export", str(target), "--where", "punten > 5").exit_code == 0
    assert target.stat().st_mode & 0o777 == 0o600
    with target.open(newline="") as file:
        assert list(csv.reader(file)) == [["email", "name", "language", "Punten"], ["ann@example.com", "Ann", "", "12"]]
    target.chmod(0o644)
    assert run(path, "contact", "export", str(target)).exit_code == 0
    assert target.stat().st_mode & 0o777 == 0o600
    assert [one["email"] for one in shown(path, "contact", "export")] == ["ann@example.com", "bob@example.com"]
    own = json.loads(run(path, "contact", "export", "--person", "bob@example.com").stdout)
    assert own["sources"][0]["name"] == "people.csv"


def test_erase(tmp_path: Path) -> None:
    """An erased person is gone, refused by a hash, and stays away from later imports."""
    path = taken(tmp_path)
    run(path, "suppress", "add", "ann@example.com", "--type", "news", "--reason", "she phoned")
    assert [one["reason"] for one in shown(path, "contact", "show", "ann@example.com")["suppression"]] == ["she phoned"]
    words = ("ann@example.com", "stranger@example.com", "--reason", "by letter")
    assert run(path, "contact", "erase", *words).stdout == "1 person erased\n"
    assert run(path, "contact", "show", "ann@example.com").exit_code == 1
    assert all(one["address"].startswith("#") for one in shown(path, "suppress", "list"))
    again = run(path, "contact", "import", str(tmp_path / "people.csv"))
    assert "line 2: this person was erased" in again.stderr
    assert cells(run(path, "selection", "count")) == [["1"]]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["show", "ann@example.com"], 1, "nobody is known as ann@example.com"),
        (["set", "ann"], 1, "@-sign"),
        (["set", "ann@example.com", "age"], 2, "'age' is not NAME=TEXT"),
        (["set", "ann@example.com", "age=1"], 1, "there is no attribute 'age'"),
        (["list", "--where", "age > 1 and", "--selection", "x"], 1, "not both"),
        (["list", "--where", "age > 1"], 1, "contacts have no 'age'"),
        (["list", "--where", "valid and"], 1, "(at the end)"),
        (["list", "--selection", "x\udcff"], 1, "no UTF-8"),
        (["erase", "#5", "--reason", "x"], 1, "nobody is known as #5"),
        (["erase", "ann@example.com", "--reason", " "], 1, "say why"),
        (["erase", "nobody", "--reason", "x"], 1, "nobody is known as nobody, and it is no address; correct it"),
        (["export", "--person", "#1", "--where", "valid"], 2, "leave --person or the others out"),
        (["imports", "--run", "9"], 1, "there is no import 9"),
        (["import", "/nowhere.csv"], 2, "does not exist"),
        (["export", "/nowhere/x.csv"], 1, "cannot be written"),
        (["export", "/dev/full"], 1, "No space left on device; choose another place, or make room"),
        (["list", "--after", "9" * 30], 1, "larger than any there can be"),
        (["attribute", "add", "a b", "text"], 1, "cannot be a name; write one of letters, digits and _, as a_b"),
    ],
)
def test_wrong(tmp_path: Path, words: list[str], code: int, said: str) -> None:
    """What is wrong is one line that names the remedy, and the exit status of its kind."""
    result = run(written(tmp_path), "contact", *words)
    assert (result.exit_code, said in result.stderr) == (code, True), result.stderr
