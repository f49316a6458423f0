"""docs/operating.md explains every metric, and none that is gone."""

from __future__ import annotations

import re
from pathlib import Path

from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase

from postduif.mta import metrics

PAGE = Path(__file__).parents[1] / "docs" / "operating.md"
ROW = re.compile(r"^\| `(postduif_[a-z_]+)` \| ([^|]*) \| ([^|]+) \|$", re.MULTILINE)


def declared() -> dict[str, set[str]]:
    """Name on /metrics and labels of every metric."""
    found = [one for one in vars(metrics).values() if isinstance(one, MetricWrapperBase)]
    return {one._name + ("_total" if isinstance(one, Counter) else ""): set(one._labelnames) for one in found}


def rows() -> dict[str, tuple[str, str]]:
    """Name, labels and meaning of every row of the page's table."""
    return {name: (labels, meaning) for name, labels, meaning in ROW.findall(PAGE.read_text(encoding="utf-8"))}


def test_every_metric_is_on_the_page() -> None:
    """The table has a row for each metric, and no other."""
    assert rows().keys() == declared().keys()


def test_every_row_says_labels_and_meaning() -> None:
    """Each row names exactly the labels of its metric, and says what it means in some words."""
    for name, labels in declared().items():
        said, meaning = rows()[name]
        assert set(re.findall(r"`([a-z_]+)`", said)) == labels, name
        assert len(meaning.split()) > 2, name
