"""`postduif mailing`: what is written of one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.campaign.forms.made import NEWSLETTER, put
from tests.cli.installation import cells, run, written
from tests.cli.mailings import created, done, people, shown


def test_create_and_show(tmp_path: Path) -> None:
    """What is given as options is in the mailing, and shown."""
    path = written(tmp_path)
    words = (
        "--reply-to",
        "ann@sender.example",
        "--preheader",
        "look",
        "--to-name",
        "{{ name }}",
        "--seed",
        "s@x.example",
    )
    words += ("--rate", "50/s", "--validity", "2d", "--waves", "10%, 30% every 2h", "--canary", "20 wait 30m bounce 5%")
    words += ("--exclude-domain", "x.example", "--tag", "a", "--tag", "b", "--folder", "2026", "--policy", "newest")
    assert created(path, *words) == 1
    found = shown(path, "show", "1")
    draft = found["draft"]
    assert (found["state"], found["revision"], found["possible"][0]) == ("draft", 1, "edit")
    assert draft["content"]["sender"] == {"address": "news@sender.example", "name": "News"}
    assert draft["content"]["to"] == {"address": "{{ email }}", "name": "{{ name }}"}
    assert draft["content"]["seeds"] == [{"address": "s@x.example"}]
    assert (draft["rate"], draft["validity"], draft["policy"], draft["tags"]) == (3000, 172800.0, "newest", ["a", "b"])
    assert draft["waves"]["shares"] == [0.1, 0.3]
    assert draft["waves"]["canary"]["bounce"] == 0.05
    text = done(run(path, "mailing", "show", "1"))
    assert "waves: 10%, 30% every 2h; canary 20 wait 30m bounce 5.0% block 2.0% defer 30.0%\n" in text
    assert "selections: All\n" in text


def test_content_of_a_file(tmp_path: Path) -> None:
    """A JSON file is all of the content; options beside it change it."""
    path = written(tmp_path)
    file = tmp_path / "content.json"
    file.write_text(json.dumps({"subject": "a", "sender": {"address": "a@b.example"}, "text": "Hi", "precedence": ""}))
    assert created(path, "--content", str(file)) == 1
    content = shown(path, "show", "1")["draft"]["content"]
    assert (content["subject"], content["precedence"], content["text"]) == ("For {{ name }}", "", "Hi")


def test_tracking(tmp_path: Path) -> None:
    """What is counted is all, unless one says otherwise; consent need not be asked for any more."""
    path = written(tmp_path)
    assert created(path) == 1
    done(run(path, "mailing", "edit", "1", "--tracking", "links", "--no-track-text", "--tracking-consent", "agreed"))
    content = shown(path, "show", "1")["draft"]["content"]
    assert [content[name] for name in ("tracking", "track_text", "tracking_consent")] == ["links", False, "agreed"]
    done(run(path, "mailing", "edit", "1", "--tracking-consent", ""))
    assert shown(path, "show", "1")["draft"]["content"]["tracking_consent"] == ""


def test_edit(tmp_path: Path) -> None:
    """Only what is given changes, an empty text empties; who saw an older revision is told so."""
    path = written(tmp_path)
    created(path, "--tag", "a", "--waves", "5 every 1h")
    changed = run(path, "mailing", "edit", "1", "--name", "Winter", "--tag", "", "--waves", "none", "--rate", "60")
    assert done(changed) == 'mailing 1 "Winter" is a draft, revision 2\n'
    draft = shown(path, "show", "1")["draft"]
    assert (draft["tags"], draft["waves"]["counts"], draft["rate"]) == ([], [], 60)
    assert draft["target"]["selections"] == ["All"]
    late = run(path, "mailing", "edit", "1", "--subject", "x", "--revision", "1")
    assert (late.exit_code, "edited by" in late.stderr, "revision 2" in late.stderr) == (1, True, True)
    assert shown(path, "edit", "1", "--subject", "x", "--revision", "2")["revision"] == 3


def test_list(tmp_path: Path) -> None:
    """The latest first, by state and by words; templates apart."""
    path = written(tmp_path)
    created(path)
    created(path, "--tag", "winter")
    run(path, "mailing", "create", "Frame", "--template")
    assert [row[:3] for row in cells(run(path, "mailing", "list"))] == [
        ["2", "Autumn", "draft"],
        ["1", "Autumn", "draft"],
    ]
    assert [one["number"] for one in shown(path, "list", "--find", "winter")] == [2]
    assert [one["name"] for one in shown(path, "list", "--templates")] == ["Frame"]
    assert cells(run(path, "mailing", "list", "--state", "sending")) == []


def test_clone_and_delete(tmp_path: Path) -> None:
    """A copy is a draft of its own; of a template a mailing; a deleted one is gone, but for its history."""
    path = written(tmp_path)
    created(path)
    assert done(run(path, "mailing", "clone", "1")) == "2\n"
    assert shown(path, "show", "2")["name"] == "Copy of Autumn"
    assert done(run(path, "mailing", "clone", "1", "--name", "Frame", "--template")) == "3\n"
    assert shown(path, "clone", "3")["template"] is False
    assert done(run(path, "mailing", "delete", "2")) == 'mailing 2 "Copy of Autumn" is deleted\n'
    assert run(path, "mailing", "show", "2").exit_code == 1
    assert [one["action"] for one in shown(path, "log", "2")] == ["create", "delete"]
    put(tmp_path / "data", replace(NEWSLETTER, response=3))
    refused = run(path, "mailing", "delete", "3")
    assert (refused.exit_code, "who fills in the form newsletter" in refused.stderr) == (1, True)


def test_files(tmp_path: Path) -> None:
    """Files are attached by their names and taken away by them."""
    path = written(tmp_path)
    created(path)
    (tmp_path / "price.txt").write_text("12")
    attached = run(path, "mailing", "attach", "1", str(tmp_path / "price.txt"), str(tmp_path / "mail.html"))
    assert done(attached).startswith('mailing 1 "Autumn" has 2 files, ')
    assert "price.txt (2 octets)" in done(run(path, "mailing", "show", "1"))
    assert done(run(path, "mailing", "detach", "1", "mail.html")) == 'mailing 1 "Autumn" has 1 file\n'


def test_what_a_date_waits_for(tmp_path: Path) -> None:
    """A selection that a planned mailing goes to is not deleted, nor is a project; one of a draft is."""
    path = written(tmp_path)
    run(path, "contact", "set", "gone@example.com")
    run(path, "project", "create", "Fair")
    for kind in ("--selection", "--project"):
        name = {"--selection": "All", "--project": "Fair"}[kind]
        run(path, "selection", "create", "All")
        number = done(run(path, "mailing", "create", "M", "--policy", "newest", kind, name, "--person", "#1")).strip()
        at = ("--at", "2038-01-05 09:00", "--zone", "UTC")
        done(run(path, "mailing", "schedule", number, *at))
        refused = run(path, kind.removeprefix("--"), "delete", name)
        assert (refused.exit_code, f'mailing {number} "M" is planned and goes to {name}' in refused.stderr) == (1, True)
        done(run(path, "mailing", "unschedule", number))
        done(run(path, kind.removeprefix("--"), "delete", name))
    done(run(path, "contact", "erase", "gone@example.com", "--reason", "asked"))
    assert shown(path, "show", "1")["draft"]["target"]["persons"] == []


def test_a_file_of_windows(tmp_path: Path) -> None:
    """The mark that some programs put before UTF-8 is no part of the message."""
    path = written(tmp_path)
    created(path)
    (tmp_path / "mail.html").write_bytes(b"\xef\xbb\xbf<p>Caf\xc3\xa9</p>")
    done(run(path, "mailing", "edit", "1", "--html", str(tmp_path / "mail.html")))
    assert shown(path, "show", "1")["draft"]["content"]["body"] == "<p>Caf\u00e9</p>"


def test_preview(tmp_path: Path) -> None:
    """The message as somebody gets it; what is not known of them is said; the HTML goes to a file for us alone."""
    path = written(tmp_path)
    people(path, ["ann@example.com", "bob@example.com"])
    created(path)
    first = run(path, "mailing", "preview", "1")
    assert "To: ann@example.com\nSubject: For ann\n" in done(first)
    assert "Date: " in first.stdout
    assert "1970" not in first.stdout
    assert "nothing is known of ann@example.com for city" in first.stderr
    target = tmp_path / "out.html"
    found = shown(path, "preview", "1", "--person", "bob@example.com", "--html", str(target))
    assert (found["address"], found["empty"]) == ("bob@example.com", [])
    assert "Dear bob in Gouda" in target.read_text()
    assert target.stat().st_mode & 0o777 == 0o600


@pytest.fixture(scope="module")
def a_draft(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation with a draft, to nobody; what is done to it here is refused."""
    path = written(tmp_path_factory.mktemp("draft"))
    run(path, "selection", "create", "All", "--where", "valid")
    created(path)
    return path


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["show", "9"], 1, "there is no mailing 9"),
        (["log", "9"], 1, "there is no mailing 9"),
        (["edit", "1"], 2, "say what is to change"),
        (["edit", "1", "--waves", "10%"], 2, 'write "10%, 30% every 2h"'),
        (["edit", "1", "--canary", "10"], 2, 'write "200 wait 30m"'),
        (["edit", "1", "--rate", "fast"], 2, "is not a rate"),
        (["edit", "1", "--validity", "1s"], 1, "validity is 1 minute"),
        (["edit", "1", "--stream", "x"], 1, 'no stream is named "x"'),
        (["edit", "1", "--typology", "mail.html"], 1, "typology cannot be read"),
        (["edit", "1", "--content", "mail.html"], 1, "is no JSON"),
        (["edit", "1", "--html", "mail.html", "--mjml", "mail.html"], 1, "one of --html and --mjml"),
        (["edit", "1", "--canary", " "], 2, 'write "200 wait 30m"'),
        (["edit", "1", "--waves", "1.2.3% every 2h"], 2, 'write "10%, 30% every 2h"'),
        (["edit", "1", "--rate", "9" * 5000], 2, "at most 10,000,000 messages a minute"),
        (["edit", "1", "--html", "/dev/zero"], 1, "larger than 20,000,000 characters; make it smaller"),
        (["attach", "1", "/dev/zero"], 1, "50 MB together; leave some out"),
        (["show", "9" * 30], 1, "larger than any there can be"),
        (["list", "--before", "9" * 30], 1, "larger than any there can be"),
        (["list", "--find", "x\udcff"], 1, "no UTF-8"),
        (["detach", "1", "x"], 1, "has no file 'x'"),
        (["preview", "1"], 1, "nobody to show mailing 1 for"),
        (["preview", "1", "--person", "x@y.example"], 1, "nobody is known as x@y.example"),
        (["send", "1"], 1, "which rules out: send; possible now: edit, prepare"),
        (["pause", "1"], 1, "rules out: pause"),
        (["rate", "1", "60"], 1, "not under way; before it is sent, edit it"),
        (["results", "1"], 1, "prepare it first"),
        (["checks", "1"], 1, "never prepared"),
        (["schedule", "1"], 2, "say when"),
        (["schedule", "1", "--at", "2026-12-01 09:00", "--zone", "Mars"], 1, "no time zone 'Mars'"),
        (["schedule", "1", "--at", "2038-12-01 09:00"], 1, "prepare it first, or let it be prepared at its time"),
    ],
)
def test_wrong(a_draft: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, said: str) -> None:
    """What is wrong is one line that names the remedy, and the exit status of its kind."""
    monkeypatch.chdir(a_draft.parent)
    result = run(a_draft, "mailing", *words)
    assert (result.exit_code, said in result.stderr) == (code, True), result.output
    if code == 1:
        assert result.stderr.count("\n") == 1
