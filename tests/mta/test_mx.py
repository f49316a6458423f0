"""MX: RFC 5321 5.1 and RFC 7505 decided on records alone."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.mta.mx import MAX_HOSTS, MAX_NAME, Exchange, exchanges, matches, site_name
from postduif.reply import Reply

OWN = "mta.example.org"


def _decide(*records: tuple[int, str]) -> tuple[tuple[int, str], ...] | Reply:
    decided = exchanges("example.com", records, OWN, 25)
    return decided if isinstance(decided, Reply) else tuple((host.preference, host.name) for host in decided)


def test_hosts_come_by_preference() -> None:
    """The lowest preference first; ranks replace the numbers."""
    assert _decide((20, "b.example."), (10, "c.example."), (20, "a.example.")) == (
        (0, "c.example"),
        (1, "a.example"),
        (1, "b.example"),
    )


def test_only_the_order_of_preferences_matters() -> None:
    """10 and 20 lead to the same hosts as 1 and 500, in whatever order they are listed and cased."""
    assert _decide((10, "a.example."), (20, "b.example.")) == _decide((500, "B.Example."), (1, "a.example."))


def test_no_mx_is_implicit_mx() -> None:
    """Without MX records the domain is its own host."""
    assert exchanges("example.com", (), OWN, 2525) == (Exchange(0, "example.com", 2525),)


def test_null_mx_is_final() -> None:
    """`0 .` alone says that no mail is taken (RFC 7505 3), whatever its preference."""
    for preference in (0, 10):
        verdict = _decide((preference, "."))
        assert isinstance(verdict, Reply)
        assert (verdict.code, verdict.enhanced) == (556, "5.1.10")


def test_null_mx_among_others_is_ignored() -> None:
    """A real MX beside it counts."""
    assert _decide((0, "."), (10, "a.example.")) == ((0, "a.example"),)


def test_our_name_cuts_the_list() -> None:
    """We and everything less or equally preferred are left out."""
    assert _decide((10, "a.example."), (20, "MTA.example.org."), (20, "b.example."), (30, "c.example.")) == (
        (0, "a.example"),
    )


def test_our_name_first_is_a_loop() -> None:
    """Nothing is left: the mail would come back to us. Implicit MX is no exception."""
    for verdict in (_decide((10, "mta.example.org."), (20, "b.example.")), exchanges(OWN, (), OWN, 25)):
        assert isinstance(verdict, Reply)
        assert verdict.permanent
        assert verdict.enhanced == "5.4.6"


@pytest.mark.parametrize(
    "name", ["192.0.2.1.", "a b.example.", "a\\.b.example.", "-", "\\255.example.", "x" * 64, "*."]
)
def test_what_is_no_host_name_is_left_out(name: str) -> None:
    """An IP address or nonsense as MX is no host; nothing else is no route."""
    assert _decide((5, name), (10, "a.example.")) == ((0, "a.example"),)
    verdict = _decide((5, name))
    assert isinstance(verdict, Reply)
    assert (verdict.code, verdict.enhanced) == (550, "5.4.4")


def test_a_host_named_twice_has_its_best_preference() -> None:
    """It is tried once."""
    assert _decide((30, "a.example."), (10, "a.example."), (20, "b.example.")) == ((0, "a.example"), (1, "b.example"))


def test_ten_thousand_hosts_become_ten() -> None:
    """The best and alphabetically first ones, so that the site stays the same."""
    records = [(number % 7, f"mx{number:05}.example.") for number in range(10_000)]
    decided = _decide(*records)
    assert len(decided) == MAX_HOSTS
    random.Random(1).shuffle(records)
    assert _decide(*records) == decided


@given(st.lists(st.tuples(st.integers(0, 65535), st.text(max_size=20)), max_size=30))
def test_any_records_give_hosts_or_a_verdict(records: list[tuple[int, str]]) -> None:
    """At least one host, ranks from 0 without gaps, or a permanent reply; never anything else."""
    decided = _decide(*records)
    if isinstance(decided, Reply):
        assert decided.permanent
    else:
        ranks = [rank for rank, _ in decided]
        assert ranks == sorted(ranks)
        assert set(ranks) == set(range(ranks[-1] + 1))


def test_site_names_are_short_and_readable() -> None:
    """One host is its own name; several share their tail."""
    assert site_name(["mx.example.net"]) == "mx.example.net"
    assert site_name(["mx2.example.net", "mx1.example.net"]) == "(mx1|mx2).example.net"
    assert site_name(["alt1.aspmx.l.google.com", "aspmx.l.google.com"]) == "(alt1.aspmx|aspmx).l.google.com"
    assert site_name(["a.example", "b.test"]) == "(a.example|b.test)"


def test_long_site_names_are_cut() -> None:
    """Many long names become the first, a count and a hash; other names become another."""
    names = [f"{number}.{'x' * 60}.{'y' * 60}.example{number}" for number in range(10)]
    name = site_name(names)
    assert len(name) <= MAX_NAME + 150
    assert name.startswith(f"{names[0]}+9-")
    assert name != site_name([*names[:-1], "other.example"])


def test_suffixes_match_at_a_dot() -> None:
    """`.example.net` is what is below it, `mx.example.net` is one host."""
    assert matches(".google.com", "aspmx.l.google.com")
    assert not matches(".google.com", "google.com")
    assert not matches(".google.com", "evilgoogle.com")
    assert matches("mx.example.net", "mx.example.net")
    assert not matches("mx.example.net", "a.mx.example.net")
