"""Another name in the text of a condition."""

from __future__ import annotations

import pytest

from postduif.campaign.audience.condition.renaming import renamed
from postduif.campaign.audience.condition.tokens import ConditionFault


@pytest.mark.parametrize(
    ("condition", "made"),
    [
        ('"Fair" in selections', '"The 1\\"" in selections'),
        ("age > 1  and not ( 'FAIR'  not in  Selections )", 'age > 1  and not ( "The 1\\""  not in  Selections )'),
        ('"Fair" in selections or "fair" in selections', '"The 1\\"" in selections or "The 1\\"" in selections'),
        ('"Fair" in projects or city = "Fair" or "Fair" in tags', None),
        ('any orders("Fair" in selections)', None),
        ('"Fairs" in selections', None),
        ('"Fair" in selections and', None),
    ],
)
def test_renamed(condition: str, made: str | None) -> None:
    """Only where the name stands as one of that list, for people; spaces and all else stay."""
    assert renamed(condition, "selections", "Fair", 'The 1"') == (condition if made is None else made)


def test_numbers_and_lengths() -> None:
    """A name may be a number or have a backslash; what becomes too long is refused."""
    assert renamed("2024 in selections", "selections", "2024", "2025") == '"2025" in selections'
    assert renamed('"a\\\\b" in projects', "projects", "a\\b", "c") == '"c" in projects'
    with pytest.raises(ConditionFault, match="longer than"):
        renamed(f'"x" in selections{" " * 19_900} and vip', "selections", "x", "y" * 200)
