"""What is wrong with a value, in plain words."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from postduif.config.lines import written
from postduif.config.schema import Config
from postduif.config.words import translate

LISTENER = {"address": "127.0.0.1:0"}


def faults(raw: dict[str, Any]) -> dict[str, str]:
    """What is wrong, by key path."""
    with pytest.raises(ValidationError) as caught:
        Config.model_validate(raw)
    return {written(fault.path): fault.text for fault in translate(caught.value.errors())}


@pytest.mark.parametrize(
    ("raw", "path", "text"),
    [
        ({"lifetme": 1}, "lifetme", 'no such setting; did you mean "lifetime"? It stands below a section'),
        ({"hostname": "x"}, "hostname", "stands before any section; write it below [server]"),
        ({"deliver": {}}, "deliver", "no such section; did you mean [delivery]?"),
        ({"zzz": {}}, "zzz", "no such section; there are [server], [[listener]], [auth], [queue], "),
        ({"queue": {"lifetime": "1d"}}, "queue.lifetime", "no such setting in [queue]; it belongs in [delivery]"),
        ({"server": {"data-dir": "/x"}}, "server.data-dir", 'no such setting; did you mean "data_dir"?'),
        ({"metrics": {"qqq": 1}}, "metrics.qqq", "no such setting; [metrics] knows address"),
        ({"listener": [LISTENER | {"adress": 1}]}, "listener[0].adress", 'no such setting; did you mean "address"?'),
        ({"dkim": [{"domain": "a.b", "key": "/k"}]}, "dkim[0].selector", 'missing; write selector = "2026a"'),
        ({"next_hop": [{"domain": "*"}]}, "next_hop[0].hosts", 'missing; write hosts = ["127.0.0.1:2526"]'),
        ({"next_hop": [{"domain": "*", "hosts": []}]}, "next_hop[0].hosts", "is empty; name at least one, as ["),
        ({"server": 5}, "server", "5 is not a section; write [server] on a line of its own"),
        ({"server": [{}]}, "server", "stands only once; write it with one bracket on each side, as [server]"),
        ({"listener": LISTENER}, "listener", "may stand several times; write it with two brackets, as [[listener]]"),
        ({"stream": [5]}, "stream[0]", "5 is not a section; write [[stream]] on a line of its own"),
        ({"delivery": {"port": "25"}}, "delivery.port", '"25" is text, not a whole number; write it without quotes'),
        ({"delivery": {"port": 2.5}}, "delivery.port", "2.5 is not a whole number; write it as 10"),
        ({"delivery": {"port": True}}, "delivery.port", "true is not a whole number; write it as 10"),
        ({"delivery": {"port": 0}}, "delivery.port", "0 is out of range; write 1 to 65535"),
        ({"delivery": {"ipv6": 1}}, "delivery.ipv6", "1 is not true or false; write it as true"),
        ({"delivery": {"retry_jitter": 0.6}}, "delivery.retry_jitter", "0.6 is out of range; write 0 to 0.5"),
        ({"delivery": {"tls": "require"}}, "delivery.tls", "did you mean"),
        ({"delivery": {"tls": "x"}}, "delivery.tls", '"x" is not one of none, opportunistic, required; write one of'),
        (
            {"delivery": {"lifetime": "101d"}},
            "delivery.lifetime",
            "101d is out of range; write more than 0s and at most",
        ),
        ({"delivery": {"message_rate": 5}}, "delivery.message_rate", "5 is not a rate; write it as"),
        ({"delivery": {"allowed_networks": "::1"}}, "delivery.allowed_networks", "is not a list; write it in square"),
        (
            {"listener": [LISTENER | {"max_command_length": "1K"}]},
            "listener[0].max_command_length",
            "1K is out of range; write 1512 to 64K",
        ),
        (
            {"listener": [LISTENER | {"min_data_rate": "2M"}]},
            "listener[0].min_data_rate",
            "2M is out of range; write 0 to",
        ),
        ({"server": {"hostname": 5}}, "server.hostname", '5 is not text; write it as "text"'),
        ({"server": {"data_dir": "queue"}}, "server.data_dir", '"queue" is not a whole path; begin it with "/"'),
        ({"site": [{"name": "a", "idle_time": "2h"}]}, "site[0].idle_time", "2h is out of range; write 0s to 1h"),
        ({"site": [{"name": "a", "connections": 0}]}, "site[0].connections", "0 is out of range; write 1 to 10000"),
    ],
)
def test_words(raw: dict[str, Any], path: str, text: str) -> None:
    """The problem and, after the last semicolon, the remedy."""
    found = faults(raw)
    assert list(found) == [path]
    assert text in found[path]
    assert "; " in found[path]
