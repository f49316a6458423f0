"""An outcome as the operator sees it: metrics and one log line. On the hot path, so metric children are kept."""

from __future__ import annotations

from functools import lru_cache

from prometheus_client import Counter

from postduif import log
from postduif.attempt import UNTRIED, Attempt, Kind
from postduif.bounce.classify import provider_of
from postduif.mta.metrics import ATTEMPTS, DELAY, FAILURES
from postduif.queue.store import Outcome

_STAGES = ("before_queue", "in_queue", "connect", "transmit")
_BEFORE_QUEUE, _IN_QUEUE, _CONNECT, _TRANSMIT = (DELAY.labels(stage) for stage in _STAGES)
_FAILED = (Kind.FAILED, Kind.EXPIRED)
_CALM = (Kind.DELIVERED, Kind.DEFERRED)


def note(outcome: Outcome) -> None:
    """Count it and write its line."""
    attempt = outcome.attempt
    _attempts(outcome.entry.envelope.stream, attempt.kind, attempt.reply.code // 100).inc()
    if attempt.kind is Kind.DELIVERED:
        _BEFORE_QUEUE.observe(attempt.before_queue)
        _IN_QUEUE.observe(attempt.in_queue)
        _CONNECT.observe(attempt.connect)
        _TRANSMIT.observe(attempt.transmit)
    elif attempt.kind in _FAILED:
        _failures(
            attempt.category, provider_of(attempt.reply.remote_mta or outcome.entry.recipient.address.domain)
        ).inc()
    if attempt.kind not in _CALM:
        _write(outcome, attempt, "warning")
    elif log.enabled("info"):
        _write(outcome, attempt, "info")


@lru_cache(1024)
def _attempts(stream: str, kind: Kind, digit: int) -> Counter:
    return ATTEMPTS.labels(stream, kind.value, f"{digit}yz")


@lru_cache(1024)
def _failures(category: str, provider: str) -> Counter:
    return FAILURES.labels(category, provider)


def _write(outcome: Outcome, attempt: Attempt, level: str) -> None:
    envelope, recipient = outcome.entry.envelope, outcome.entry.recipient
    values = {
        "id": envelope.id,
        "to": recipient.address,
        "sender": envelope.sender,
        "stream": envelope.stream,
        "site": attempt.site,
        "host": attempt.host,
        "tls": attempt.tls,
        "attempt": recipient.attempts + (attempt.kind not in UNTRIED),
        "delays": f"{attempt.before_queue:.3g}/{attempt.in_queue:.3g}/{attempt.connect:.3g}/{attempt.transmit:.3g}",
        "reply": attempt.reply,
    }
    if outcome.due is not None:
        values["next"] = round(outcome.due - attempt.at, 1)
    (log.info if level == "info" else log.warning)(attempt.kind.value, **values)
