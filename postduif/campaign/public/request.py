"""What is known of one request, and who asks: the address that a web server of ours names, or the one it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from starlette.types import Scope

from postduif.config.kinds import Network

MAX_FORWARDED = 20
"""Addresses of X-Forwarded-For that are looked at, from its end."""


class Request(NamedTuple):
    """One request, without its body."""

    method: str
    parts: list[str]
    """Of the path, percent-encoding undone."""
    query: str
    headers: dict[str, str]
    """By name in lower case; of several of one name the last."""
    client: str
    """The IP address that asks; "" when nobody knows."""


def request_of(scope: Scope, client: Callable[[str, str], str]) -> Request:
    """As ASGI has it."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    peer = scope["client"][0] if scope.get("client") else ""
    asked = client(peer, headers.get("x-forwarded-for", ""))
    parts = scope["path"].split("/")[1:]
    return Request(scope["method"], parts, scope["query_string"].decode("latin-1"), headers, asked)


def believing(trusted: Sequence[Network]) -> Callable[[str, str], str]:
    """Says who asks, from the address that a connection has and the field of whoever passed it on."""

    @lru_cache(maxsize=4096)
    def is_ours(address: str) -> bool:
        return _is_address(address) and any(ip_address(address) in network for network in trusted)

    def client(peer: str, forwarded: str) -> str:
        if not forwarded or not is_ours(peer):
            return peer
        last = peer
        for one in forwarded.split(",")[: -MAX_FORWARDED - 1 : -1]:
            found = _without_port(one.strip()[:64])
            if not _is_address(found):
                return peer
            last = found
            if not is_ours(last):
                break
        return last

    return client


@lru_cache(maxsize=4096)
def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _without_port(text: str) -> str:
    """Some gateways write 192.0.2.7:51234, or [2001:db8::1]:51234; each connection would be somebody else."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    host, _, port = text.partition(":")
    return host if port.isdigit() else text


def household(client: str) -> str:
    """What stands for whoever asks in limits: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        found = ip_address(client)
    except ValueError:
        return client
    if isinstance(found, IPv6Address) and found.ipv4_mapped is None:
        return str(IPv6Address(int(found) >> 64 << 64))
    return client


def language_of(accepted: str, known: Iterable[str], otherwise: str) -> str:
    """The language of ours that a reader likes best (RFC 9110 12.5.4)."""
    languages = set(known)
    best, weight = otherwise, 0.0
    for one in accepted[:500].split(","):
        tag, _, parameter = one.partition(";")
        language = tag.strip().lower().partition("-")[0]
        try:
            liked = float(parameter.strip().removeprefix("q=") or 1)
        except ValueError:
            liked = 0.0
        if language in languages and liked > weight:
            best, weight = language, liked
    return best
