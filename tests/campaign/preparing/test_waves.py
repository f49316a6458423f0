"""How many go in each wave."""

from __future__ import annotations

import pytest

from postduif.campaign.mailings.waves import Canary, Waves
from postduif.campaign.preparing.waves import sizes


@pytest.mark.parametrize(
    ("waves", "recipients", "expected"),
    [
        (Waves(), 10, []),
        (Waves(shares=(0.25,) * 4, period=60.0), 10, [2, 3, 3, 2]),
        (Waves(shares=(1 / 3,) * 3, period=60.0), 10, [3, 4, 3]),
        (Waves(shares=(0.2,) * 5, period=60.0), 1002, [200, 201, 200, 201, 200]),
        (Waves(shares=(0.1, 0.3), period=60.0), 100, [10, 30, 60]),
        (Waves(counts=(20, 30), period=60.0), 60, [20, 30, 10]),
        (Waves(counts=(20, 30), period=60.0), 50, [20, 30]),
        (Waves(counts=(20, 30, 40), period=60.0), 45, [20, 25]),
        (Waves(canary=Canary(100, 60.0)), 10_000, [100, 9_900]),
        (Waves(canary=Canary(100, 60.0)), 80, []),
        (Waves(shares=(0.01, 0.99), period=60.0, canary=Canary(10, 60.0)), 30, [10, 20]),
        (Waves(counts=(5,), period=60.0, canary=Canary(10, 60.0)), 10, []),
    ],
)
def test_sizes(waves: Waves, recipients: int, expected: list[int]) -> None:
    """They are as asked, together all, and there is no wave without anybody, nor one of what was rounded off."""
    assert sizes(waves, recipients) == expected
