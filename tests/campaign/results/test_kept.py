"""Tallies that are kept between two looks."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest

from postduif.campaign.results import kept as kept_
from postduif.campaign.results.figures import figures_of
from postduif.campaign.results.kept import MOST, Tallies, domains_behind
from postduif.campaign.results.spread import by_domain
from postduif.errors import StoreError
from tests.campaign.results.made import NUMBER, happens, mailing, person

PEOPLE = [person(1, "a@one.example"), person(2, "b@two.example")]


def test_kept_and_up_to_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same tally at the next look, which knows what happened since; what was made of it is made anew then."""
    monkeypatch.setattr(kept_, "REST", 0.0)
    tallies = Tallies(tmp_path)
    with contextlib.closing(mailing(tmp_path, PEOPLE)) as connection:
        with tallies.of(NUMBER) as kept:
            first = kept.tally
            domains = kept.made("domains", by_domain)
            assert kept.made("domains", by_domain) is domains
            others = kept.made("domains", by_domain, "something beside")
            assert others is not domains
            assert kept.made("domains", by_domain, "something beside") is others
            assert figures_of(kept.tally).delivered == 0
        happens(connection, 0, "delivered")
        with tallies.of(NUMBER) as kept:
            assert kept.tally is first
            assert figures_of(kept.tally).delivered == 1
    tallies.close()


def test_what_is_kept_of_domains_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of them are counted once for all pages; the list is the same whole one however few that are."""
    monkeypatch.setattr(kept_, "REST", 0.0)
    names = [f"{letter}.example" for letter in "abcde"]
    mailing(tmp_path, [person(number, f"x@{name}") for number, name in enumerate(names, 1)]).close()
    for most in (2, 5, 9):
        monkeypatch.setattr(kept_, "MOST_DOMAINS", most)
        with contextlib.closing(Tallies(tmp_path)) as tallies, tallies.of(NUMBER) as kept:
            for limit in (1, 2, 3, 9):
                read: list[str] = []
                while part := domains_behind(kept, read[-1] if read else "", limit):
                    read += [one.domain for one in part]
                assert read == names
            assert len(kept.made("first domains", by_domain)) == min(most, 5)


def test_another_file(tmp_path: Path) -> None:
    """A mailing that was prepared anew is read anew; one that is gone is an error, and so is none."""
    tallies = Tallies(tmp_path)
    mailing(tmp_path, PEOPLE).close()
    with tallies.of(NUMBER) as kept:
        assert kept.tally.size == 2
    shutil.rmtree(tmp_path / "mailings" / str(NUMBER))
    with pytest.raises(StoreError), tallies.of(NUMBER):
        pass
    mailing(tmp_path, PEOPLE[:1]).close()
    with tallies.of(NUMBER) as kept:
        assert kept.tally.size == 1
    for number in range(100, 101 + MOST):
        with pytest.raises(StoreError), tallies.of(number):
            pass
    with tallies.of(NUMBER) as again:
        assert again is not kept
    tallies.close()
