"""How often mail may come back to one address."""

from __future__ import annotations

from postduif.mta.return_rates import (
    DAY,
    MINUTE,
    PER_ADDRESS,
    PER_CLIENT,
    REMEMBERED,
    TOO_OFTEN,
    Allowance,
    ReturnRates,
)


def test_a_stretch_begins_with_its_first_event() -> None:
    """Two in ten seconds, for each key: a third has to wait until the first one's ten seconds are over."""
    allowance = Allowance(2, 10.0)
    assert [allowance.take("a", now) for now in (0.0, 9.0, 9.9)] == [True, True, False]
    assert allowance.take("b", 9.9)
    assert [allowance.take("a", now) for now in (10.0, 11.0, 12.0, 20.0)] == [True, True, False, True]


def test_memory_is_bounded() -> None:
    """Only so many keys are remembered; the oldest is forgotten."""
    allowance = Allowance(1, 10.0)
    for key in range(REMEMBERED + 1):
        assert allowance.take(key, 0.0)
    assert allowance.take(0, 0.0)
    assert not allowance.take(REMEMBERED, 0.0)


def test_one_address() -> None:
    """However it is written and whoever brings it, a signed address takes so many a day."""
    rates = ReturnRates()
    for number in range(PER_ADDRESS):
        written = "b1abc" if number % 2 else "B1ABC"
        assert rates.refusal(written, f"192.0.2.{number}", 0.0) is None
    assert rates.refusal("b1abc", "192.0.2.99", 1.0) == TOO_OFTEN
    assert rates.refusal("b1abd", "192.0.2.99", 1.0) is None
    assert rates.refusal("b1abc", "192.0.2.99", DAY) is None


def test_one_client_of_the_feedback_address() -> None:
    """The feedback address is everybody's: what counts is who brings the reports, an IPv6 /64 as one."""
    rates = ReturnRates()
    for number in range(PER_CLIENT):
        assert rates.refusal("Feedback", f"2001:db8::{number:x}", 0.0) is None
    assert rates.refusal("feedback", "2001:db8::ffff:1", 1.0) == TOO_OFTEN
    assert rates.refusal("feedback", "2001:db8:0:1::1", 1.0) is None
    assert rates.refusal("feedback", "", 1.0) is None
    assert rates.refusal("feedback", "2001:db8::1", MINUTE) is None
