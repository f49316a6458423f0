"""When a deferred recipient is tried again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postduif.mta.retry import MAX_ASKED, asked_wait, give_up, next_attempt
from postduif.reply import Reply

STEPS = (60.0, 300.0, 300.0, 3600.0)
BUSY = Reply(450, "4.2.1", "busy", "mx")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("Greylisted, please try again in 300 seconds", 300),
        ("4.7.1 retry after 5 minutes", 300),
        ("Please wait 1 hour", 3600),
        ("Deferred, try again in 10 min.", 600),
        ("Too busy, come back in 90s", 90),
        ("try again in 999999 hours", MAX_ASKED),
        ("mailbox busy", 0),
        ("you sent 300 messages, the limit is 100 per hour", 0),
    ],
)
def test_the_remotes_wish_is_read(text: str, seconds: float) -> None:
    """ "Try again in N s" is understood, and nothing else is taken for it."""
    assert asked_wait(Reply(451, "4.7.1", text, "mx")) == seconds


def test_our_own_words_are_no_wish() -> None:
    """A reply that we made asks nothing of us."""
    assert asked_wait(Reply(421, "4.4.2", "try again in 300 seconds")) == 0


@pytest.mark.parametrize(("attempts", "wait"), [(1, 60), (2, 300), (3, 300), (4, 3600), (5, 3600), (99, 3600)])
def test_the_schedule_is_followed(attempts: int, wait: float) -> None:
    """Each attempt takes the next step, and the last repeats."""
    assert next_attempt(STEPS, attempts, 1000.0, BUSY, jitter=0.0, chance=0.5) == 1000.0 + wait


@given(attempts=st.integers(1, 50), chance=st.floats(0, 1, exclude_max=True))
def test_jitter_stays_within_its_share(attempts: int, chance: float) -> None:
    """A wait is longer or shorter by at most the share that is set."""
    wait = next_attempt(STEPS, attempts, 0.0, BUSY, jitter=0.1, chance=chance)
    step = STEPS[min(attempts, 4) - 1]
    assert 0.9 * step - 1e-6 <= wait <= 1.1 * step + 1e-6


def test_a_wish_is_never_undercut() -> None:
    """When the remote asks for longer than the schedule has, jitter only adds to it."""
    asked = Reply(451, "4.7.1", "try again in 600 seconds", "mx")
    assert next_attempt(STEPS, 1, 0.0, asked, jitter=0.1, chance=0.0) == 600
    assert next_attempt(STEPS, 1, 0.0, asked, jitter=0.1, chance=0.5) == 630


def test_giving_up_names_the_last_words() -> None:
    """The verdict on what is too old says what was said about it last (RFC 3463 X.4.7)."""
    reply = give_up(BUSY)
    assert (reply.code, reply.enhanced, reply.remote_mta) == (550, "5.4.7", "mx")
    assert "busy" in reply.text
    assert give_up(None).permanent
