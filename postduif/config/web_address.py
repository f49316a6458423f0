"""The address of the pages, as links to them begin."""

from __future__ import annotations

from ipaddress import ip_address

from postduif.config.web import Web


def web_origin(web: Web) -> str:
    """Scheme, host and port without a path: `web.url`, or made of `web.address`; "" without pages."""
    if web.url or web.address is None:
        return web.url or ""
    host = web.address.host
    if ip_address(host).is_unspecified:
        host = "[::1]" if ":" in host else "127.0.0.1"
    elif ":" in host:
        host = f"[{host}]"
    return f"{'https' if web.certificate else 'http'}://{host}:{web.address.port}"


def web_hosts(web: Web) -> frozenset[str] | None:
    """Names that a request may ask for, without port; None: any, as no page of others can play to be ours under TLS."""
    if web.url is None and (web.address is None or not ip_address(web.address.host).is_loopback):
        return None
    own = web_origin(web).partition("://")[2]
    return frozenset({"localhost", "127.0.0.1", "[::1]", own.rpartition(":")[0] if _has_port(own) else own})


def _has_port(place: str) -> bool:
    return place.rpartition(":")[2].isdigit() and not place.endswith("]")
