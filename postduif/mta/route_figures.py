"""A Route in plain values, for operators."""

from __future__ import annotations

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


def _state(route: Route, now: float) -> str:
    if route.suspended:
        return f"suspended: {route.suspended}"
    return "resting" if route.resting(now) else "ready"
