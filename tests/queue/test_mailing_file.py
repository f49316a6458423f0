"""The queue file of a mailing: who is in which wave, and what is left of it after a crash."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from postduif.address import parse
from postduif.envelope import Envelope
from postduif.queue import directory
from postduif.queue.inspect import looking
from postduif.queue.mailing import Terms
from postduif.queue.mailing_file import MailingFile, Target, _step, hand_over

JOURNAL = "journal@ours.example"


def begun(directory: Path, journal: str = "") -> MailingFile:
    """An empty one."""
    sender = Envelope(parse("news@sender.example"), header_from="sender.example")
    return MailingFile(directory / "prepared", 1, b"template", sender, Terms(), journal)


def people(count: int, domains: int) -> list[Target]:
    """Of that many domains, in turn; each with values of their own."""
    return [Target(f"p{number}@d{number % domains}.example", f'["{number}"]', number + 1) for number in range(count)]


def asked(directory: Path, query: str) -> list[tuple[object, ...]]:
    """What the finished file says."""
    with looking(directory / "prepared" / "1") as connection:
        return connection.execute(query).fetchall()


_HOLDS = "FROM recipient r JOIN person p ON p.number = r.id & 16777215"


@pytest.mark.parametrize("journal", ["", JOURNAL])
def test_each_wave_has_exactly_its_people(tmp_path: Path, journal: str) -> None:
    """As many as was said, whatever there is besides: seeds are in the first, copies with the person they are of."""
    tmp_path.chmod(0o700)
    file = begun(tmp_path, journal)
    file.add(people(1500, 7))
    file.add(Target(f"seed{number}@d1.example", '["seed"]', 0, seed=True) for number in range(5))
    file.finish((100, 900, 500))
    waves = asked(tmp_path, f"SELECT hold, count(*) {_HOLDS} WHERE NOT seed GROUP BY hold")
    assert waves == [(0, 100), (2, 900), (3, 500)]
    assert asked(tmp_path, f"SELECT hold, count(*) {_HOLDS} WHERE merge LIKE '%seed%' GROUP BY hold") == [(0, 5)]
    copies = dict(asked(tmp_path, f"SELECT merge, hold {_HOLDS} WHERE address = '{JOURNAL}'"))
    originals = dict(asked(tmp_path, f"SELECT merge, hold {_HOLDS} WHERE NOT seed"))
    assert copies == (originals if journal else {})


def test_each_wave_is_of_all_domains(tmp_path: Path) -> None:
    """Every domain has its share of a wave, to within three people."""
    tmp_path.chmod(0o700)
    file = begun(tmp_path)
    file.add(people(1000, 10))
    file.finish((100, 900))
    query = f"SELECT count(*) {_HOLDS} JOIN scheduled_queue q ON q.id = queue WHERE hold = 0 GROUP BY domain"
    counts = [int(str(count)) for (count,) in asked(tmp_path, query)]
    assert (len(counts), sum(counts)) == (10, 100)
    assert all(abs(count - 10) <= 3 for count in counts), counts


@pytest.mark.parametrize("count", [7, 100, 1002, 166_667, 333_334, 500_001, 1_000_002, 2_000_003])
def test_neighbours_are_far_apart(count: int) -> None:
    """For every size the permutation takes those of one domain to places far from each other."""
    step = _step(count)
    assert math.gcd(step, count) == 1
    assert 0.5 < step / count < 0.75


def test_a_hand_over_is_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The move and the folder it goes to are put on disk; by a second call too, as the first may have been killed."""
    tmp_path.chmod(0o700)
    file = begun(tmp_path)
    file.add(people(1, 1))
    prepared = file.finish()
    for _ in range(2):
        synced: list[Path] = []
        monkeypatch.setattr(directory, "sync", synced.append)
        hand_over(prepared, tmp_path / "data", at=1.0, expires_at=2.0, waves=())
        assert synced == [tmp_path / "data", tmp_path / "data" / "mailings", tmp_path / "prepared"]
