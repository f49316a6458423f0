"""How figures and times are written."""

from __future__ import annotations

import pytest

from postduif.attempt import Kind
from postduif.campaign.mailings.changing import NOTE
from postduif.campaign.mailings.record import State
from postduif.campaign.mailings.states import Action
from postduif.campaign.web import wording


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [
        (0, 0, "\u2013"),
        (0, 9, "0.0%"),
        (1, 3, "33.3%"),
        (1, 10_000, "<\u202f0.1%"),
        (9_999, 10_000, "99.9%"),
        (7, 7, "100.0%"),
    ],
)
def test_share(part: float, whole: float, text: str) -> None:
    """A few are not none, and not quite all are not all."""
    assert wording.share(part, whole) == text


def test_tones() -> None:
    """Each state that mailings, recipients and events can be in has its colour in one place."""
    assert [wording.tone(one) for one in ("delivered", "handing over", "hard")] == ["good", "busy", "bad"]
    calm = {one for one in (*State, *(kind.value for kind in Kind)) if wording.tone(one) == "calm"}
    assert calm == {"absent", "draft", "stopped", "finished", "answered"}


def test_actions() -> None:
    """The history says what was done in words of people: none is missing, none is said twice."""
    said = {wording.acted(one) for one in (*Action, NOTE)}
    assert len(said) == len(Action) + 1
    assert not said & {"create", "due", "give back", "hold", "miss", "spawn", "note"}


def test_code_in_words() -> None:
    """What stands between backticks is shown as code; whatever somebody wrote is escaped, there and beside it."""
    said = wording.coded("<b> has none; `postduif <i>` makes `one`, `")
    assert said == "&lt;b&gt; has none; <code>postduif &lt;i&gt;</code> makes <code>one</code>, `"


def test_figures_and_times() -> None:
    """Groups of three, UTC by name, the largest unit that says enough."""
    assert wording.number(1234567) == "1\u202f234\u202f567"
    assert (wording.number(None), wording.moment(None)) == ("\u2013", "\u2013")
    assert wording.moment(0) == "1970-01-01 00:00 UTC"
    assert (wording.exact(61), wording.day(86400)) == ("1970-01-01T00:01:01Z", "1970-01-02")
    spans = [wording.span(seconds) for seconds in (45, 720, 3 * 3600, 5 * 86400)]
    assert spans == ["45\u202fs", "12\u202fmin", "3\u202fh", "5 days"]
    assert (wording.ago(None, 9), wording.ago(5, 9), wording.ago(0, 600)) == ("never", "just now", "10\u202fmin ago")
    assert [wording.size(n) for n in (820, 12_300, 3_565_158)] == ["820\u202fB", "12\u202fKB", "3.4\u202fMB"]
    assert (wording.plural(1, "person", "people"), wording.plural(2, "contact")) == ("1 person", "2 contacts")
