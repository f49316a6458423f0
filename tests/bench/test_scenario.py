"""What is measured, and how much of it."""

from __future__ import annotations

from bench.scenario import MAX_OCTETS, Scenario, chosen, scenarios

ROWS = scenarios([10240, 102400], [1, 100])


def test_names_are_unique() -> None:
    """Every row has a name of its own."""
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_rows_cover_the_product() -> None:
    """Accepting by size; submitting unsigned and signed by size and number of domains; draining unsigned and signed."""
    assert [row.name for row in ROWS] == [
        "accept-10k",
        "accept-100k",
        "submit-10k",
        "submit-10k-100d",
        "submit-100k",
        "submit-100k-100d",
        "signed-submit-10k",
        "signed-submit-10k-100d",
        "signed-submit-100k",
        "signed-submit-100k-100d",
        "drain-10k",
        "signed-drain-10k",
    ]


def test_patterns_choose() -> None:
    """A pattern takes the rows whose whole name matches; no pattern takes all."""
    assert [row.name for row in chosen(ROWS, ["drain-*", "accept-10k"])] == ["accept-10k", "drain-10k"]
    assert chosen(ROWS, []) == ROWS
    assert chosen(ROWS, ["nothing"]) == []


def test_messages_fill_the_time_and_not_the_disk() -> None:
    """A run has as many messages as fit the time, one GiB at most and a hundred at least."""
    row = Scenario("submit", signed=False, size=102400, domains=1)
    assert row.messages(712.0, 5.0) == 3600
    assert row.messages(1.0, 5.0) == 100
    assert row.messages(1e6, 5.0) == MAX_OCTETS // 102400
