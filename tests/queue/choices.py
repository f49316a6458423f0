"""Conditions an operator may give, each with what it means in the model."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from postduif.queue.condition import Condition
from tests.queue.model import Known, Model

DOMAINS = ("example.com", "example.org", "example.net")
STREAMS = ("default", "bulk")
Means = tuple[Condition, Callable[[Model, Known], bool]]

domains, streams = st.sampled_from(DOMAINS), st.sampled_from(STREAMS)
means: st.SearchStrategy[Means] = st.one_of(
    domains.map(lambda d: (Condition(domain=d, older_than=1e12), lambda _, k: k.key.domain == d)),
    streams.map(lambda s: (Condition(stream=s, sender="news@shop.example"), lambda _, k: k.key.stream == s)),
    domains.map(lambda d: (Condition(recipient=f"U0@{d}"), lambda _, k: k.address == f"u0@{d}")),
    st.just((Condition(said="451 4.7.1 SLOW"), lambda _, k: "slow" in k.said)),
    st.just((Condition(held=True, stream="bulk"), lambda m, k: k.key.stream == "bulk" and m.held(k))),
)
