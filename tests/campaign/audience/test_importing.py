"""Files of people, taken in."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from postduif.campaign.audience import import_runs, importing, projects, selections, subscriptions
from postduif.campaign.audience.attributes import AttributeFault
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.contacts import found, profile
from postduif.campaign.audience.heading import HeadingFault, Wish
from postduif.campaign.audience.import_plan import Duplicates, Options, digest, plan
from postduif.campaign.audience.import_runs import Run, RunState
from postduif.campaign.audience.importing import Import
from postduif.campaign.audience.sheet import open_sheet
from postduif.campaign.audience.sheet_fault import SheetFault
from postduif.campaign.audience.subscriptions import SubscriptionFault, SubscriptionType
from postduif.campaign.audience.suppression_link import suppression_link
from tests.campaign.audience.people import NOW, a_suppression_list, an_audience, person

PLAIN = Options()
SOME = """E-mail;Name;Age;Country
ann@example.com;Ann;40;NL
bob@example.com;;old;BE
;Nobody;1;NL
eve@@example.com;Eve;2;DE
Ann@Example.com;;41;
carl@example.com;Carl;;NL;extra
dora@example.com;'=Dora;'-5;
"""


def file(directory: Path, text: str = SOME) -> Path:
    """A file of people."""
    path = directory / "people.csv"
    path.write_text(text)
    return path


def take(connection: sqlite3.Connection, path: Path, options: Options = PLAIN, *, trial: bool = False) -> Run:
    """Take a file in; how it ended."""
    with suppression_link(path.parent) as link:
        planned = plan(connection, open_sheet(path), options)
        work = Import(connection, link, planned, options, lambda: NOW)
        *_, last = work.trial() if trial else work.run(path.name, digest(path, options, planned.sheet.described))
    return last


def counts(run: Run) -> tuple[int, int, int, int]:
    """Added, updated, skipped, rejected."""
    return run.added, run.updated, run.skipped, run.rejected


def test_import(tmp_path: Path) -> None:
    """Good rows are taken, the others are logged with line and reason; a later row completes an earlier one."""
    connection = an_audience()
    run = take(connection, file(tmp_path))
    assert counts(run) == (2, 1, 0, 4)
    ann = profile(connection, found(connection, "ann@example.com"))
    assert (ann["name"], ann["attributes"]["age"], ann["attributes"]["country"]) == ("Ann", 41, "NL")
    assert ann["sources"] == [{"kind": "import", "name": "people.csv", "at": NOW}]
    dora = profile(connection, found(connection, "dora@example.com"))
    assert (dora["name"], dora["attributes"]["age"]) == ("=Dora", -5)
    log = import_runs.rejected(connection, run.id, 10)
    assert [(one.line, one.address) for one in log] == [
        (3, "bob@example.com"),
        (4, ""),
        (5, " eve@@example.com"),
        (7, "carl@example.com"),
    ]
    assert "Age: 'old' is no number" in log[0].reason
    assert "no e-mail address" in log[1].reason
    assert "has 5 cells, and the heading 4" in log[3].reason
    assert import_runs.runs(connection, 5) == [run]


@pytest.mark.parametrize(
    ("policy", "expected", "age"),
    [
        (Duplicates.UPDATE, (1, 2, 0, 4), 41),
        (Duplicates.SKIP, (1, 0, 2, 4), 30),
        (Duplicates.ERROR, (1, 0, 0, 6), 30),
    ],
)
def test_duplicates(tmp_path: Path, policy: Duplicates, expected: tuple[int, ...], age: int) -> None:
    """Who is known is completed, left alone, or logged; a dry run counts the same and changes nothing."""
    connection = an_audience()
    person(connection, "ann@example.com", age="30")
    options = Options(duplicates=policy)
    path = file(tmp_path)
    assert counts(take(connection, path, options, trial=True)) == expected
    assert connection.execute("SELECT count(*) FROM contact").fetchone() == (1,)
    assert counts(take(connection, path, options)) == expected
    assert profile(connection, 1)["attributes"]["age"] == age


def test_new_attributes(tmp_path: Path) -> None:
    """With them allowed, columns become attributes; first and last name make the name."""
    connection = an_audience()
    path = file(tmp_path, "e-mail,Voornaam,Achternaam,Punten\nann@example.com,Ann,de Boer,1.5\nbob@example.com,,,2\n")
    assert counts(take(connection, path, Options(new_attributes=True))) == (2, 0, 0, 0)
    ann = profile(connection, 1)
    assert (ann["name"], ann["attributes"]["punten"], ann["attributes"]["last_name"]) == ("Ann de Boer", 1.5, "de Boer")
    assert profile(connection, 2)["name"] is None


def test_keep_invalid(tmp_path: Path) -> None:
    """People whose address is none can be taken, each once; they are known not to be valid."""
    connection = an_audience()
    path = file(tmp_path, "e-mail,name\neve@@example.com,Eve\nEVE@@example.com,\n")
    assert counts(take(connection, path, Options(keep_invalid=True))) == (1, 1, 0, 0)
    assert profile(connection, found(connection, "eve@@example.com"))["invalid"]


def test_ad_hoc(tmp_path: Path) -> None:
    """Of an ad-hoc file only name and e-mail of unknown people are taken; all of them are in the selection."""
    connection = an_audience()
    person(connection, "ann@example.com", name="Anna", age="30")
    run = take(connection, file(tmp_path), Options(ad_hoc=True, selection="Guests"))
    assert counts(run) == (2, 0, 2, 3)  # bob's age is nobody's business now
    assert (profile(connection, 1)["name"], profile(connection, 1)["attributes"]["age"]) == ("Anna", 30)
    assert profile(connection, found(connection, "dora@example.com"))["attributes"]["age"] is None
    guests = selections.named(connection, "guests")
    assert connection.execute("SELECT count(*) FROM selection_member WHERE selection = ?", (guests.id,)).fetchone() == (
        3,
    )


def test_enrolled(tmp_path: Path) -> None:
    """Everybody in the file gets into the project with the role, and is subscribed with the proof."""
    connection = an_audience()
    projects.create(connection, "Fair", NOW)
    subscriptions.save_type(connection, SubscriptionType("news", "News", "", everybody=False, confirm=True))
    options = Options(project="fair", role="guest", subscribe="news", wording="card 2026", source="the fair")
    take(connection, file(tmp_path), options)
    ann = profile(connection, 1)
    assert ann["projects"] == [{"name": "Fair", "role": "guest"}]
    assert [(one["event"], one["wording"], one["source"]) for one in ann["consent"]] == [
        ("confirmed", "card 2026", "import the fair")
    ]
    assert ann["sources"][0]["name"] == "the fair"


def test_records(tmp_path: Path) -> None:
    """Rows become child records of known people, told apart by their key."""
    connection = an_audience()
    person(connection, "ann@example.com")
    text = (
        "e-mail,number,total,work\nann@example.com,1,10,Ann@work.example\nANN@example.com,1,20,\n"
        "bob@example.com,1,5,\nann@example.com,,5,\nann@example.com,2,5,x@@y\n"
    )
    options = Options(collection="orders", wishes={"work": Wish("own_email", None)})
    path = file(tmp_path, text)
    assert counts(take(connection, path, options, trial=True)) == (1, 1, 0, 3)
    run = take(connection, path, options)
    assert counts(run) == (1, 1, 0, 3)
    (record,) = profile(connection, 1)["records"]["orders"]
    assert (record["email"], record["number"], record["total"]) == ("Ann@work.example", 1, 20)
    reasons = [one.reason for one in import_runs.rejected(connection, run.id, 9)]
    assert reasons[0] == "nobody has this address"
    assert reasons[1] == "no number"
    assert reasons[2].startswith("'x@@y' is no address")
    with pytest.raises(AttributeFault, match="no column has the number"):
        take(connection, file(tmp_path, "e-mail,total\nann@example.com,1\n"), options._replace(wishes={}))


def test_erased_people_stay_away(tmp_path: Path) -> None:
    """Who was erased is not taken in again, and is not even named in the log."""
    a_suppression_list(tmp_path, [], ["ann@example.com"])
    connection = an_audience()
    run = take(connection, file(tmp_path))
    assert counts(run) == (1, 0, 0, 6)
    log = import_runs.rejected(connection, run.id, 1)
    assert [(one.line, one.address, one.reason) for one in log] == [(2, "", "this person was erased")]


def test_broken_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An import that was broken off goes on behind its last chunk; another file begins anew."""
    monkeypatch.setattr(importing, "CHUNK", 2)
    connection = an_audience()
    path = file(tmp_path)
    options = Options()
    with suppression_link(tmp_path) as link:
        planned = plan(connection, open_sheet(path), options)
        work = Import(connection, link, planned, options, lambda: NOW)
        steps = work.run(path.name, digest(path, options, planned.sheet.described))
        next(steps)
        assert counts(next(steps)) == (1, 0, 0, 3)
        steps.close()
    assert [one.state for one in import_runs.runs(connection, 5)] == [RunState.RUNNING]
    run = take(connection, path)
    assert (run.id, run.state, counts(run)) == (1, RunState.DONE, (2, 1, 0, 4))
    assert [one.line for one in import_runs.rejected(connection, 1, 9)] == [3, 4, 5, 7]
    assert take(connection, path).id == 2
    assert counts(take(connection, path, Options(duplicates=Duplicates.SKIP))) == (0, 0, 3, 4)


def test_the_same_file_twice_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One takes it in to its end; the other stops where that one went on, changes nothing, and the file ends again."""
    monkeypatch.setattr(importing, "CHUNK", 2)
    connection, path = an_audience(), file(tmp_path)
    with suppression_link(tmp_path) as link:
        planned = plan(connection, open_sheet(path), PLAIN)
        name = digest(path, PLAIN, planned.sheet.described)
        one, other = (Import(connection, link, planned, PLAIN, lambda: NOW).run("f", name) for _ in range(2))
        next(one)
        *_, last = other
        with pytest.raises(import_runs.ImportFault, match=r"at the same time; .* import 1"):
            list(one)
    assert import_runs.runs(connection, 9) == [last]
    assert (last.state, counts(last)) == (RunState.DONE, (2, 1, 0, 4))
    assert [one.line for one in import_runs.rejected(connection, 1, 9)] == [3, 4, 5, 7]
    assert take(connection, path).id == 2
    assert [number for number, _ in import_runs.ended_since(connection, 0, 9)] == [1, 2]


def test_a_run_that_ended_before(tmp_path: Path) -> None:
    """What an older version left running after its end, ends; it is told as the one time that it ended."""
    connection, path = an_audience(), file(tmp_path)
    run = take(connection, path)
    import_runs.save(connection, run._replace(state=RunState.RUNNING), ())
    again = take(connection, path)
    assert (again.id, again.state) == (run.id, RunState.DONE)
    assert [one.id for _, one in import_runs.ended_since(connection, 0, 9)] == [run.id]


def test_read_otherwise(tmp_path: Path) -> None:
    """A run that was broken off is not gone on with in another sheet or encoding: its lines are others."""
    path = file(tmp_path)
    assert digest(path, PLAIN, "spreadsheet, sheet A") == digest(path, PLAIN, "spreadsheet, sheet A")
    assert digest(path, PLAIN, "spreadsheet, sheet A") != digest(path, PLAIN, "spreadsheet, sheet B")


def test_parts_of_a_name(tmp_path: Path) -> None:
    """Without attributes for them, first and last name are the name, in the order in which it is said."""
    connection = an_audience()
    take(connection, file(tmp_path, "Achternaam;Voornaam;E-mail\nJansen;'=Jan;jan@example.com\n;Els;els@example.com\n"))
    take(connection, file(tmp_path, "姓;名;メール\n山田;太郎;taro@example.jp\n"), Options(ad_hoc=True))
    assert connection.execute("SELECT name FROM contact ORDER BY id").fetchall() == [
        ("=Jan Jansen",),
        ("Els",),
        ("山田 太郎",),
    ]


def test_left_out(tmp_path: Path) -> None:
    """A plan says which columns nobody knows; what somebody leaves out is not among them."""
    heading = "E-mail;Shoe;E-mail;;Hat\na@example.com;38;b@example.com;;L\n"
    options = Options(wishes={"hat": Wish("", None)})
    assert plan(an_audience(), open_sheet(file(tmp_path, heading)), options).left_out == ("Shoe", "E-mail")


def test_selection_as_people_write_it(tmp_path: Path) -> None:
    """Spaces and capitals of the name of a selection make no other one, and a list of addresses is refused at once."""
    connection = an_audience()
    for name in (" Fair   2026 ", "fair 2026"):
        take(connection, file(tmp_path, "email\na@example.com\n"), Options(selection=name))
    assert [one.name for one in selections.listed(connection)] == ["Fair 2026"]
    selections.create(connection, "Left out", selections.SelectionKind.ADDRESSES, NOW)
    with pytest.raises(selections.SelectionFault, match="is addresses, not static"):
        take(connection, file(tmp_path, "email\nnew@example.com\n"), Options(selection="Left out"))
    assert connection.execute("SELECT count(*) FROM contact").fetchone() == (1,)


def test_erased_address_of_a_record(tmp_path: Path) -> None:
    """An erased address does not come back as that of somebody else's child record either."""
    connection = an_audience()
    person(connection, "ann@example.com")
    a_suppression_list(tmp_path, erased=["gone@example.com"])
    orders = "e-mail;number;at work\nann@example.com;1;Gone@example.com\nann@example.com;2;ok@example.com\n"
    run = take(connection, file(tmp_path, orders), Options(collection="orders", wishes={"3": Wish("own_email", None)}))
    assert counts(run) == (1, 0, 0, 1)
    assert connection.execute("SELECT email FROM c_orders").fetchall() == [("ok@example.com",)]
    (log,) = import_runs.rejected(connection, run.id, 5)
    assert (log.line, log.address, log.reason) == (2, "", "this person was erased")


def test_the_file_is_in_the_proof(tmp_path: Path) -> None:
    """Who vouches is the file, when nothing else is said."""
    connection = an_audience()
    subscriptions.save_type(connection, SubscriptionType("news", "News", "", everybody=False, confirm=True))
    take(connection, file(tmp_path, "email\na@example.com\n"), Options(subscribe="news", wording="card"))
    assert connection.execute("SELECT source FROM consent").fetchall() == [("import people.csv",)]


def test_no_such_run() -> None:
    """A run that never was is not one that took every line."""
    with pytest.raises(import_runs.ImportFault, match="there is no import 7"):
        import_runs.found(an_audience(), 7)


KILLED = """
import sys
from pathlib import Path
from postduif.campaign.audience import importing
from postduif.campaign.audience.connection import audience
from postduif.campaign.audience.import_plan import Options, digest, plan
from postduif.campaign.audience.sheet import open_sheet
from postduif.campaign.audience.suppression_link import suppression_link
importing.CHUNK = 100
data_dir, path, options = Path(sys.argv[1]), Path(sys.argv[2]), Options(selection="All")
with audience(data_dir) as connection, suppression_link(data_dir) as link:
    planned = plan(connection, open_sheet(path), options)
    work = importing.Import(connection, link, planned, options, lambda: 1.0)
    for run in work.run(path.name, digest(path, options, planned.sheet.described)):
        print(run.line, flush=True)
"""


def test_killed(tmp_path: Path) -> None:
    """Killed in the midst of it, whole chunks are on file; taken in again, everybody is there once."""
    (tmp_path / "data").mkdir(mode=0o700)
    path = file(tmp_path, "e-mail,name\n" + "".join(f"u{number}@example.com,U{number}\n" for number in range(2000)))
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path / "data"), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        said = [child.stdout.readline() for _ in range(3)]
        child.kill()
        said += child.stdout.readlines()
    whole = [int(line) for line in said if line.endswith("\n")]
    query = (
        "SELECT (SELECT count(*) FROM contact), (SELECT count(*) FROM origin), (SELECT count(*) FROM selection_member)"
    )
    with audience(tmp_path / "data") as connection:
        (run,) = import_runs.runs(connection, 5)
        assert run.line >= whole[-1]
        assert connection.execute(query).fetchone() == (run.added,) * 3
        assert run.added == run.line - 1
    ended = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert int(ended[0]) > run.line or run.state is RunState.DONE
    with audience(tmp_path / "data") as connection:
        assert connection.execute(query).fetchone() == (2000,) * 3
        assert import_runs.runs(connection, 1)[0].state is RunState.DONE


def test_faults(tmp_path: Path) -> None:
    """What cannot be taken in is said before anything is changed."""
    connection = an_audience()
    with pytest.raises(SheetFault, match="is empty"):
        take(connection, file(tmp_path, "\n\n"))
    with pytest.raises(HeadingFault, match="no column has addresses; say which: --map 'Name=email'"):
        take(connection, file(tmp_path, "Name,Age\nAnn,12\n"))
    subscriptions.save_type(connection, SubscriptionType("news", "News", "", everybody=False, confirm=True))
    with pytest.raises(SubscriptionFault, match="--wording"):
        take(connection, file(tmp_path), Options(subscribe="news"))
    assert import_runs.runs(connection, 5) == []


def test_no_heading(tmp_path: Path) -> None:
    """A list of addresses without a heading is taken from its first line."""
    connection = an_audience()
    assert counts(take(connection, file(tmp_path, "ann@example.com\nbob@example.com\n"))) == (2, 0, 0, 0)
