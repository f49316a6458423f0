"""Where a request comes from: the address, and the browser in two words for who looks where he is signed in."""

from __future__ import annotations

from fastapi import Request

from postduif.mta.client_network import ClientAddress

_BROWSERS = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def client(request: Request) -> ClientAddress:
    """The address; of a proxy that we believe, the one that it names."""
    try:
        return ClientAddress.of(request.scope.get("client"))
    except ValueError:  # a proxy wrote a word in place of an address
        return ClientAddress(None)


def browser(request: Request) -> str:
    """ "Firefox on Linux"; what says nothing of the kind is "another program"."""
    agent = request.headers.get("user-agent", "")
    name = next((title for mark, title in _BROWSERS if mark in agent), "another program")
    system = next((f" on {title}" for mark, title in _SYSTEMS if mark in agent), "")
    return name + system
