"""A Route in plain values, for operators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # who shows the values reads nothing of the road itself
    from postduif.mta.route import Route


def describe(route: Route, now: float) -> dict[str, object]:
    """`now` is monotonic, in seconds."""
    limits = route.limits
    return {
        "site": route.name,
        "hosts": [exchange.name for exchange in route.destination.hosts],
        "connections": len(route.connections),
        "connection_limit": limits.connections,
        "ready": route.ready.recipients,
        "queues": len(route.queues) + len(route.on_disk),
        "state": _state(route, now),
        "held_by": route.held_by(now),
        "message_rate": str(limits.message_rate or ""),
        "connection_rate": str(limits.connection_rate or ""),
        "next_in": round(route.wait(now), 1),
        "last_trouble": str(route.pause_reply or ""),
    }


def held_by(row: Mapping[str, Any]) -> str:
    """What keeps ready mail of a site from going now, in a few words; "" when nothing does."""
    reason = row["held_by"]
    limits = {"message_rate": row["message_rate"], "connection_rate": row["connection_rate"]}
    if reason in limits:
        return f"{reason} {limits[reason]}"
    if reason == "resting":
        return f"resting {row['next_in']:.0f}s"
    return str(reason)


def _state(route: Route, now: float) -> str:
    if route.suspended:
        return f"suspended: {route.suspended}"
    return "resting" if route.resting(now) else "ready"
