"""Files that wait to be taken in, and the thread that does it."""

from __future__ import annotations

import io
import stat
import threading
import time
from pathlib import Path

import pytest

from postduif.campaign.audience import import_runs, uploads
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.heading import HeadingFault
from postduif.campaign.audience.import_choices import Choices, options_of
from postduif.campaign.audience.import_plan import Duplicates, digest, glance, plan
from postduif.campaign.audience.import_work import ImportWork
from postduif.campaign.audience.importing import CHUNK, Import
from postduif.campaign.audience.sheet import open_sheet
from postduif.campaign.audience.suppression_link import suppression_link
from postduif.campaign.audience.uploads import NoSuchUpload, Stage, Upload, UploadChanged, UploadFault
from postduif.campaign.database import transaction
from postduif.clock import SystemClock

PEOPLE = b"E-mail;Name;Stad\nbob@example.com;Bob;Utrecht\nann@example.com;Ann;Gent\nnobody;X;Y\n"
ALL = Choices(columns=("email", "name", "new:text"), selection="Fair")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A private folder."""
    tmp_path.chmod(0o700)
    return tmp_path


def kept(data_dir: Path, content: bytes = PEOPLE, choices: Choices = ALL) -> Upload:
    """A file that waits."""
    return uploads.keep(data_dir, "../../people list.csv", io.BytesIO(content), "anna", time.time(), choices)


def done(data_dir: Path, work: ImportWork, upload: Upload, *, trial: bool) -> Upload:
    """It is read, and over."""
    work.begin(upload, trial=trial)
    rested(work, upload)
    return uploads.find(data_dir, upload.id)


def rested(work: ImportWork, upload: Upload) -> None:
    """Nobody reads it any more."""
    end = time.monotonic() + 60
    while work.progress(upload) is not None and time.monotonic() < end:
        time.sleep(0.005)


def test_a_file_is_private_and_found_again(data_dir: Path) -> None:
    """Nobody else can read it, its name leads nowhere, and what is known of it comes back as it was."""
    made = kept(data_dir)
    assert made.name == "people list.csv"
    assert stat.S_IMODE(uploads.path_of(data_dir, made).stat().st_mode) == 0o600
    assert uploads.path_of(data_dir, made).read_bytes() == PEOPLE
    assert uploads.find(data_dir, made.id) == made
    assert uploads.waiting(data_dir) == [made]
    uploads.discard(data_dir, made)
    for id_ in (made.id, "../../etc", "", "a" * 24):
        with pytest.raises(NoSuchUpload):
            uploads.find(data_dir, id_)


def test_files_are_bounded_and_tidied(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too large, empty or too many is refused and leaves nothing; what is old goes when the next one comes."""
    monkeypatch.setattr(uploads, "MAX_SIZE", 10)
    with pytest.raises(UploadFault, match="larger than"):
        kept(data_dir)
    with pytest.raises(UploadFault, match="empty"):
        kept(data_dir, b"")
    assert not list(uploads.folder(data_dir).iterdir())
    for _ in range(uploads.MAX_WAITING):
        kept(data_dir, b"a@b.nl")
    with pytest.raises(UploadFault, match="wait already"):
        kept(data_dir, b"a@b.nl")
    uploads.tidy(data_dir, time.time() + uploads.KEPT + 60)
    assert not uploads.waiting(data_dir)


def test_a_trial_changes_nothing_and_the_real_one_does(data_dir: Path) -> None:
    """Both count the same; after the real one the file is gone, and the run is on record."""
    work = ImportWork(data_dir, SystemClock(), threading.Event())
    tried = done(data_dir, work, kept(data_dir), trial=True)
    assert (tried.stage, tried.counts["added"], tried.counts["rejected"]) == (Stage.TRIED, 2, 1)
    assert tried.refused[0][0] == 4
    with audience(data_dir) as connection:
        assert connection.execute("SELECT count(*) FROM contact").fetchone() == (0,)
    after = done(data_dir, work, tried, trial=False)
    assert (after.stage, after.counts) == (Stage.DONE, tried.counts)
    assert not uploads.path_of(data_dir, after).exists()
    with audience(data_dir) as connection:
        assert import_runs.found(connection, after.run).added == 2
        assert connection.execute("SELECT a_stad FROM contact ORDER BY id").fetchall() == [("Utrecht",), ("Gent",)]


def test_what_was_broken_off_goes_on(data_dir: Path) -> None:
    """A process that dies between two chunks leaves a run that the same upload goes on with."""
    rows = b"".join(b"p%d@example.com;P\n" % number for number in range(CHUNK + 10))
    upload = kept(data_dir, b"e-mail;name\n" + rows, Choices(columns=("email", "name")))
    with audience(data_dir) as connection, suppression_link(data_dir) as link:
        path = uploads.path_of(data_dir, upload)
        sheet = open_sheet(path)
        options = options_of(upload.choices, glance(sheet).heading)._replace(source=upload.name)
        work = Import(connection, link, plan(connection, sheet, options), options, time.time)
        first = next(work.run(upload.name, digest(path, options, sheet.described)))
    after = done(data_dir, ImportWork(data_dir, SystemClock(), threading.Event()), upload, trial=False)
    assert (after.run, after.counts["added"], after.counts["updated"]) == (first.id, CHUNK + 10, 0)


def test_a_process_that_ends_stops_behind_its_chunk(data_dir: Path) -> None:
    """Closing is asked between chunks; the upload stays one that is to go on."""
    closing = threading.Event()
    closing.set()
    after = done(data_dir, ImportWork(data_dir, SystemClock(), closing), kept(data_dir), trial=False)
    assert after.stage is Stage.RUNNING
    assert after.run


def test_only_what_was_seen_is_changed_begun_or_discarded(data_dir: Path) -> None:
    """Of two who looked at the same one is first; nothing takes the file from who reads it."""
    work = ImportWork(data_dir, SystemClock(), threading.Event())
    seen = kept(data_dir)
    now = work.choose(seen, ALL._replace(selection="First"))
    for late in (
        lambda: work.choose(seen, ALL._replace(selection="Late")),
        lambda: work.begin(seen, trial=True),
        lambda: work.discard(seen),
    ):
        with pytest.raises(UploadChanged, match="meanwhile"):
            late()
    assert uploads.find(data_dir, seen.id) == now
    with audience(data_dir) as connection:
        with transaction(connection):  # so that the import waits
            work.begin(now, trial=False)
            with pytest.raises(UploadFault, match="being read"):
                work.discard(now)
        rested(work, now)
    assert uploads.find(data_dir, seen.id).stage is Stage.DONE
    work.discard(now)
    with pytest.raises(NoSuchUpload):
        work.discard(now)


def test_what_goes_wrong_is_said(data_dir: Path) -> None:
    """A file without addresses fails with the remedy, and stays to be tried with other choices."""
    work = ImportWork(data_dir, SystemClock(), threading.Event())
    failed = done(data_dir, work, kept(data_dir, choices=Choices(columns=("name", "-", "-"))), trial=True)
    assert failed.stage is Stage.FAILED
    assert "no column has addresses" in failed.wrong
    assert uploads.path_of(data_dir, failed).exists()


def test_choices_become_options() -> None:
    """Each answer of the form has its place, and one that nothing offers is a fault."""
    choices = Choices(("email", "-", "new:number", "age"), comma=True, dates="dmy", duplicates="skip", wording=" x ")
    options = options_of(choices, ["A", "B", "id", "Age"])
    assert [wish.to for wish in options.wishes.values()] == ["email", "", "x_id", "age"]
    assert (options.conventions.decimal, options.duplicates, options.wording) == (",", Duplicates.SKIP, "")
    for bad in (choices._replace(dates="x"), choices._replace(columns=("new:x",))):
        with pytest.raises(HeadingFault, match=r"choose from the list|no kind of attribute"):
            options_of(bad, ["A"])
