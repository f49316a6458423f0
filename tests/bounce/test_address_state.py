"""What each event makes of an address: the thresholds, and what never happens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.bounce.address_state import (
    EVERY_TYPE,
    VALID,
    Cause,
    Entry,
    Event,
    Standing,
    State,
    Thresholds,
    What,
    after,
    over,
    refusing,
    type_of,
)
from postduif.config.schema import Bounce

DAY = 86400.0
NOW = 1_800_000_000.0
DEFAULTS = Thresholds.of(Bounce())


def event(what: What, day: float = 0.0, **values: object) -> Event:
    """Something that happens on that day."""
    return Event("bob@example.com", what, NOW + day * DAY, **values)  # type: ignore[arg-type]


def course(*events: Event, start: State = VALID) -> State:
    """The state after all of them."""
    for one in events:
        start = after(start, one, DEFAULTS)
    return start


def errors(*days: float, what: What = What.SOFT) -> list[Event]:
    """An error on each day."""
    return [event(what, day, evidence=f"day {day}") for day in days]


def test_hard() -> None:
    """A hard bounce puts an address in quarantine at once, for good, and says why."""
    state = course(event(What.HARD, source="smtp", evidence="550 5.1.1 no such user"))
    assert state == State(Standing.QUARANTINED, "hard_bounce", "smtp", "550 5.1.1 no such user", at=NOW)


@pytest.mark.parametrize(
    ("days", "standing"),
    [
        ((0, 1, 2, 3), Standing.WITH_ERRORS),
        ((0, 1, 2, 3, 4), Standing.QUARANTINED),
        ((0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5), Standing.WITH_ERRORS),
        ((0, 0.99, 1.98, 2.97, 3.96), Standing.WITH_ERRORS),
        ((0, 2.5, 5, 7.5, 10), Standing.QUARANTINED),
        ((0, 2.5, 5, 7.5, 10.1), Standing.WITH_ERRORS),
        ((0, 3, 6, 9, 12, 15, 18, 21), Standing.WITH_ERRORS),
        ((0, 11, 12, 13, 14), Standing.WITH_ERRORS),
        ((0, 11, 12, 13, 14, 15), Standing.QUARANTINED),
        ((4, 3, 2, 1, 0), Standing.WITH_ERRORS),
    ],
)
def test_soft(days: tuple[float, ...], standing: Standing) -> None:
    """Five soft errors at least a day apart within ten days make a quarantine; fewer, closer or older ones do not."""
    state = course(*errors(*days))
    assert state.standing is standing
    assert state.cause == ("soft_bounces" if standing is Standing.QUARANTINED else "")


def test_storm() -> None:
    """A thousand bounces in a day count once."""
    assert course(*errors(*(number / 1000 for number in range(1000)))).errors == (NOW,)


def test_delivery_resets() -> None:
    """A delivery makes the count begin anew when no error follows it for a day, whatever else is delivered."""
    errors_of_four_days = course(*errors(0, 1, 2, 3))
    delivered = course(event(What.DELIVERED, 3.5), event(What.DELIVERED, 4), start=errors_of_four_days)
    assert course(event(What.LAPSE, 4.4), start=delivered) == delivered
    assert course(event(What.LAPSE, 4.5), start=delivered) == VALID
    assert course(event(What.DELIVERED, 3.5)) == VALID


@pytest.mark.parametrize("every", [0.9, 1, 2])
@pytest.mark.parametrize("hours", [1, 4, 20])
def test_taken_and_bounced_later(every: float, hours: float) -> None:
    """Mail that is taken each time, and each time comes back some hours later, ends in quarantine like any other."""
    state = VALID
    for number in range(10):
        taken = number * every
        for one in (event(What.DELIVERED, taken), event(What.SOFT, taken + (hours + number % 2) / 24)):
            state = course(event(What.LAPSE, one.at / DAY - NOW / DAY), one, start=state)
    assert (state.standing, state.cause) == (Standing.QUARANTINED, "soft_bounces")


def test_errors_are_forgotten() -> None:
    """Errors end by themselves ten days after the last one that counted."""
    state = course(*errors(0, 3))
    assert state.at == NOW
    assert state.until == NOW + 13 * DAY
    assert course(event(What.LAPSE, 12.9), start=state) == state
    assert course(event(What.LAPSE, 13), start=state) == VALID


def test_mailbox_full() -> None:
    """A full mailbox counts as a soft error, and its quarantine ends after thirty days, unless one is hard."""
    state = course(*errors(0, 1, 2, 3, 4, what=What.MAILBOX_FULL))
    assert (state.standing, state.cause, state.until) == (Standing.QUARANTINED, "mailbox_full", NOW + 34 * DAY)
    assert course(event(What.LAPSE, 33.9), start=state) == state
    assert over(state, NOW + 34 * DAY)
    assert course(event(What.LAPSE, 34), start=state) == VALID
    assert course(event(What.HARD, 5), start=state).until is None


def test_block_never_counts() -> None:
    """What is not the recipient's fault changes nothing, in whatever state."""
    for before in (VALID, course(*errors(0)), course(event(What.HARD)), course(event(What.COMPLAINT))):
        assert course(*(event(What.BLOCK, day) for day in range(100)), start=before) == before


def test_complaint() -> None:
    """A complaint suppresses at once, over a quarantine too."""
    state = course(event(What.HARD), event(What.COMPLAINT, 1, source="arf"))
    assert (state.standing, state.cause, state.source, state.at) == (Standing.SUPPRESSED, "complaint", "arf", NOW + DAY)


def test_release() -> None:
    """A release needs a reason; without one it changes nothing."""
    for what in (What.HARD, What.COMPLAINT):
        state = course(event(what))
        assert course(event(What.RELEASE, 1), start=state) == state
        assert course(event(What.RELEASE, 1, reason=" "), start=state) == state
        assert course(event(What.RELEASE, 1, reason="he asked"), start=state) == VALID


@pytest.mark.parametrize("cause", Cause)
def test_entry(cause: Cause) -> None:
    """What is entered stands as if it had happened; it never weakens what is there."""
    state = course(event(What.ENTRY, cause=cause, reason="moved here", source="old.csv"))
    assert (state.standing, state.cause, state.reason) == (cause.standing, cause.value, "moved here")
    complaint = course(event(What.COMPLAINT))
    assert course(event(What.ENTRY, 1, cause=cause), start=complaint) == complaint


def test_types() -> None:
    """An unsubscribe is about one type of mail, or every type; all else but its release is about all mail."""
    assert type_of(event(What.UNSUBSCRIBE, type="news")) == "news"
    assert type_of(event(What.UNSUBSCRIBE)) == EVERY_TYPE
    assert type_of(event(What.ENTRY, type="news", cause=Cause.UNSUBSCRIBE)) == "news"
    assert type_of(event(What.ENTRY, type="news")) == ""
    assert type_of(event(What.HARD, type="news")) == ""
    assert type_of(event(What.RELEASE, type="news")) == "news"


def test_refusing() -> None:
    """What refuses mail of a type: the address itself first, then an unsubscribe from it or from every type."""

    def entries(**types: What) -> list[Entry]:
        named = {"all_mail": "", "every": EVERY_TYPE}
        return [Entry("bob@example.com", named.get(one, one), course(event(what))) for one, what in types.items()]

    assert refusing([], "news", NOW) is None
    assert refusing(entries(all_mail=What.SOFT), "news", NOW) is None
    assert refusing(entries(news=What.UNSUBSCRIBE), "offers", NOW) is None
    assert refusing(entries(news=What.UNSUBSCRIBE, every=What.UNSUBSCRIBE), "", NOW) is None
    (news,) = entries(news=What.UNSUBSCRIBE)
    (every,) = entries(every=What.UNSUBSCRIBE)
    (bounced,) = entries(all_mail=What.HARD)
    assert refusing([news], "news", NOW) == news
    assert refusing([every], "anything", NOW) == every
    assert refusing([news, bounced], "news", NOW) == bounced
    assert refusing([bounced], "", NOW) == bounced
    full = Entry("bob@example.com", "", course(event(What.ENTRY, cause=Cause.MAILBOX_FULL)))
    assert refusing([full, news], "", NOW + 29 * DAY) == full
    assert refusing([full], "", NOW + 30 * DAY) is None


@given(
    st.lists(
        st.builds(
            event,
            st.sampled_from([what for what in What if what is not What.UNSUBSCRIBE]),
            st.floats(-5, 60),
            cause=st.sampled_from(Cause),
            reason=st.sampled_from(["", "because"]),
        ),
        max_size=30,
    )
)
def test_never(events: list[Event]) -> None:
    """Whatever happens in whatever order: nothing but a reasoned release or an announced lapse lets an address go."""
    state = VALID
    for one in events:
        before, state = state, after(state, one, DEFAULTS)
        assert (state.standing is Standing.VALID) == (state == VALID)
        assert state.standing.refuses == bool(state.cause)
        assert len(state.errors) <= 5
        assert list(state.errors) == sorted(state.errors)
        if before.standing.refuses and not state.standing.refuses:
            assert (one.what is What.RELEASE and one.reason) or (one.what is What.LAPSE and over(before, one.at))
            assert state == VALID
        if before.standing is Standing.SUPPRESSED:
            assert state == before or one.what is What.RELEASE
        if state.standing is Standing.QUARANTINED and state.until is None and state != before:
            assert one.what in (What.HARD, What.SOFT, What.ENTRY)
        if one.what is What.BLOCK:
            assert state == before
        assert after(state, one, DEFAULTS) == state or one.what in (What.RELEASE, What.LAPSE, What.DELIVERED)
