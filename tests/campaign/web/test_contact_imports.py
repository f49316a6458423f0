"""Imports by the pages: uploaded, mapped, tried, taken in, gone on with, and their records."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from postduif.campaign.accounts import audit
from postduif.campaign.audience import contacts, import_runs, uploads
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.uploads import Stage
from tests.campaign.audience.workbook import write_workbook
from tests.campaign.web.audience_world import EVIL, with_people
from tests.web_world import Answer, Browser, Pages

CSV = f"Mail;Naam;Stad;Leeftijd;Rest\nbob@example.com;Bob;Gent;40;{EVIL}\np1@example.com;;Delft;;x\n=nobody;N;;;\n"
NEW = {"c0": "email", "c1": "name", "c2": "city", "c3": "age", "c4": "-"}


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    """Served, with some people."""
    with Pages(tmp_path) as pages:
        with_people(pages)
        yield pages


@pytest.fixture
def anna(pages: Pages) -> Browser:
    """Who may edit."""
    return pages.signed_in("anna", "editor")


def upload(browser: Browser, content: bytes, name: str = "people.csv", **fields: str) -> Answer:
    """A file by the form."""
    mark = "----------end-of-part"
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{text}\r\n'.encode()
        for field, text in {"csrf": browser.csrf, **fields}.items()
    ]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    body = b"".join(parts) + head.encode() + content + f"\r\n--{mark}--\r\n".encode()
    return browser.ask("POST", "/contacts/imports", body, {"Content-Type": f"multipart/form-data; boundary={mark}"})


def over(pages: Pages, path: str) -> uploads.Upload:
    """It is not at work any more."""
    found = uploads.find(pages.desk.data_dir, path.rpartition("/")[2])
    for _ in range(2000):
        if pages.desk.imports.progress(found) is None:
            break
        threading.Event().wait(0.005)
    return uploads.find(pages.desk.data_dir, found.id)


def test_a_file_is_mapped_tried_and_taken_in(pages: Pages, anna: Browser) -> None:
    """From the upload to its record: each step shows what it will do, and only the last one does it."""
    place = upload(anna, CSV.encode(), new="true").location
    page = anna.get(place).text
    assert '<option value="new:text" selected>' in page
    assert '<option value="email" selected>' in page
    assert EVIL not in page
    fields = NEW | {"selection": "Fair", "subscribe": "news"}
    wrong = anna.post(place, fields, do="run")
    assert wrong.status == 422
    assert "In which words" in wrong.text
    assert "Say in which words" in wrong.text
    assert anna.post(place, fields, wording="card", do="try").status == 303
    assert over(pages, place).stage is Stage.TRIED
    tried = anna.get(place).text
    assert "Would be rejected" in tried
    assert anna.post(place, fields, wording="c" * 1001, do="try").status == 422
    anna.post(place, fields, wording="by card", do="look")
    assert "Would be rejected" not in anna.get(place).text
    assert "nobody" in tried
    assert anna.post(place, fields, wording="card", do="run").location == place
    done = over(pages, place)
    assert done.stage is Stage.DONE
    assert "It is taken in" in anna.get(place).text
    assert anna.post(f"{place}/go-on").status == 422
    assert anna.post(place, fields, wording="card", do="run").status == 422
    assert over(pages, place).stage is Stage.DONE
    assert anna.get(f"{place}/progress").location == place
    run = anna.get(f"/contacts/imports/runs/{done.run}").text
    assert "no address" in run
    assert "p1@example.com" not in run
    download = anna.get(f"/contacts/imports/runs/{done.run}/rejected.csv")
    with pages.desk.accounts() as connection:
        assert [one.what for one in audit.listed(connection)][:2] == ["import.exported", "import.begun"]
    assert download.text.splitlines()[1].startswith("4,'=nobody,")
    assert "people.csv" in anna.get("/contacts/imports").text
    with audience(pages.desk.data_dir) as connection:
        bob = contacts.profile(connection, contacts.found(connection, "bob@example.com"))
        known = contacts.profile(connection, contacts.found(connection, "p1@example.com"))
    assert (bob["attributes"]["age"], bob["selections"], bob["consent"][0]["wording"]) == (
        40,
        [{"name": "Fair"}],
        "card",
    )
    assert (known["attributes"]["city"], known["name"]) == ("Delft", "Person 1")


def test_a_spreadsheet_and_another_way_to_read(pages: Pages, anna: Browser, tmp_path: Path) -> None:
    """A sheet is read as a file is; another sheet has other columns, so what was said of the first is forgotten."""
    sheets = {"One": [["mail", "age"], ["bob@example.com", "1,5"]], "Two": [["x"], ["eve.example.com"]]}
    book = write_workbook(tmp_path / "book.xlsx", sheets).read_bytes()
    place = upload(anna, book, "book.xlsx").location
    assert "sheet One" in anna.get(place).text
    anna.post(place, {"c0": "email", "c1": "age", "sheet": "Two"}, do="run")
    assert uploads.find(pages.desk.data_dir, place.rpartition("/")[2]).choices.columns == ()
    missing = anna.get(place).text
    assert "no column has addresses" in missing
    anna.post(place, sheet="Three", do="look")
    assert "Three" in anna.get(place).text
    assert str(pages.desk.data_dir) not in anna.get(place).text


def test_what_is_no_file_of_people_is_refused(pages: Pages, anna: Browser) -> None:
    """Nothing, no spreadsheet, a sheet of a text file, an unknown encoding: said in one line, and nothing is kept."""
    for content, name, fields in (
        (b"", "empty.csv", {}),
        (b"PK\x03\x04 no zip", "bad.xlsx", {}),
        (b"a@b.nl", "text.csv", {"sheet": "One"}),
        (b"a@b.nl", "text.csv", {"encoding": "klingon"}),
    ):
        answer = upload(anna, content, name, **fields)
        assert answer.status == 422, name
        assert 'role="alert"' in answer.text
        assert str(pages.desk.data_dir) not in answer.text
    assert not uploads.waiting(pages.desk.data_dir)
    assert upload(pages.signed_in("vera", "viewer"), b"a@b.nl").status == 403
    assert anna.get(f"/contacts/imports/{'a' * 24}").status == 404
    assert anna.get("/contacts/imports/runs/99").status == 404


def test_what_was_broken_off_goes_on(pages: Pages, anna: Browser) -> None:
    """After a crash the page offers to go on, and to discard the rest."""
    place = upload(anna, CSV.encode()).location
    found = uploads.find(pages.desk.data_dir, place.rpartition("/")[2])
    columns = tuple(NEW.values())
    broken = found._replace(stage=Stage.RUNNING, choices=found.choices._replace(columns=columns))
    uploads.save(pages.desk.data_dir, broken, pages.desk.clock.time())
    assert "It was broken off" in anna.get(place).text
    assert "broken off" in anna.get("/contacts/imports").text
    assert anna.post(f"{place}/go-on").status == 303
    done = over(pages, place)
    assert done.stage is Stage.DONE
    with audience(pages.desk.data_dir) as connection:
        assert import_runs.found(connection, done.run).added == 1
    other = upload(anna, CSV.encode()).location
    assert anna.post(f"{other}/discard").location == "/contacts/imports"
    assert anna.get(other).status == 404


def test_a_viewer_sees_records_and_begins_nothing(pages: Pages, anna: Browser) -> None:
    """Looking shows what was taken in; files that wait are of who may edit."""
    place = upload(anna, CSV.encode()).location
    vera = pages.signed_in("vera", "viewer")
    assert vera.get("/contacts/imports").status == 200
    assert place not in vera.get("/contacts/imports").text
    for path in (place, f"{place}/progress", "/contacts/imports/new"):
        assert vera.get(path).status == 403, path
    for path in (place, f"{place}/go-on", f"{place}/discard"):
        assert vera.post(path).status == 403, path
