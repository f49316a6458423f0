"""What spam filters are given."""

from __future__ import annotations

from postduif.campaign.checks.spam_scores import dated


def test_a_sample_is_of_now() -> None:
    """The Date of a preview becomes that of now; a line of the body that looks so stays, and so does all else."""
    old = b"Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n"
    new = b"Date: Thu, 26 Mar 2026 13:20:00 -0000\r\n"
    message = b"From: a@b.example\r\n%bSubject: x\r\n\r\n" + old
    assert dated(message % old, 1_774_531_200.0) == message % new
