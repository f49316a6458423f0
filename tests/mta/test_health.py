"""What probes and Prometheus are told."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from postduif.mta.health import Health, HealthServer


def get(host: str, port: int, path: str) -> tuple[int, bytes]:
    """Status and body of one request."""
    try:
        with urllib.request.urlopen(f"http://{host}:{port}{path}", timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.parametrize(("bind", "host"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
def test_probes(bind: str, host: str) -> None:
    """Alive and ready are told apart, with the trouble in words; metrics are brought up to date first."""
    refreshed: list[bool] = []
    server = HealthServer(bind, 0, lambda: Health(True, False, "the disk"), lambda: refreshed.append(True))
    try:
        assert get(host, server.port, "/healthz")[0] == 200
        status, body = get(host, server.port, "/readyz")
        assert (status, json.loads(body)) == (503, {"ok": False, "trouble": "the disk"})
        status, body = get(host, server.port, "/metrics")
        assert status == 200
        assert b"postduif_queue_recipients" in body or b"python_info" in body
        assert refreshed == [True]
        assert get(host, server.port, "/secret")[0] == 404
    finally:
        server.close()
