"""Who makes a request: the bearer token (RFC 6750 2.1), its senders, its rate; and who guesses waits (`auth_backoff`).

Nothing here waits: a token is as random as a key, so one SHA-256 and a comparison in constant time are all it takes.
Files are read again when they change, so a token that was revoked is refused from the next request on.
"""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import NamedTuple

from postduif import log
from postduif.clock import Clock
from postduif.errors import ConfigError
from postduif.mta import own_file, users
from postduif.mta.auth_backoff import Backoff
from postduif.mta.client_network import ClientAddress
from postduif.mta.injection import tokens
from postduif.mta.injection.problem import Problem
from postduif.mta.injection.tokens import Token
from postduif.mta.limits import RateLimit

_ASK = (("WWW-Authenticate", 'Bearer realm="postduif"'),)
_WRONG = (("WWW-Authenticate", 'Bearer realm="postduif", error="invalid_token"'),)
_NOBODY = tokens.hash_of("")


class Grant(NamedTuple):
    """What the bearer may do."""

    user: str
    """"" is the owner of this daemon."""
    senders: tuple[str, ...]
    """`sender_pattern`; none: any."""
    limit: RateLimit
    """Recipients over time, of all requests with this token."""


def owner(_: bytes | None, __: ClientAddress) -> Grant:
    """Whoever can open the control socket: it is the owner's, who could take any token."""
    return Grant("", (), RateLimit(None))


class Bearers:
    """The tokens of one data directory."""

    def __init__(self, data_dir: Path, backoff: Backoff, clock: Clock) -> None:
        """`backoff` is that of AUTH: who guesses passwords guesses no tokens meanwhile."""
        self._data_dir = data_dir
        self._backoff = backoff
        self._clock = clock
        self._tokens: dict[str, Token] = {}
        self._users: dict[str, users.User] = {}
        self._version: object = None
        self._limits: dict[str, RateLimit] = {}

    def grant(self, authorization: bytes | None, address: ClientAddress) -> Grant:
        """Judge an Authorization field. Raises Problem; OSError when the tokens cannot be read."""
        if authorization is None:
            raise Problem("unauthorized", "say who you are: Authorization: Bearer TOKEN", fields=_ASK)
        scheme, _, said = authorization.decode("ascii", "replace").partition(" ")
        parts = tokens.parts_of(said.strip()) if scheme.lower() == "bearer" else None
        self._read()
        token = self._tokens.get(parts[0]) if parts else None
        account = f"token {token.id}" if token else "token"
        if wait := self._backoff.begin(address, account):
            raise Problem("too_many_failures", "too many wrong tokens from your address", wait=wait)
        right = hmac.compare_digest(tokens.hash_of(parts[1] if parts else ""), token.hashed if token else _NOBODY)
        right = right and token is not None
        self._backoff.end(address, account, right=right, failed=not right)
        if token is None or not right:
            log.info("auth_failed", client=address.text, token=parts[0] if parts else "", door="http")
            raise Problem("unauthorized", "this is no token of ours, or it was revoked", fields=_WRONG)
        return self._granted(token)

    def _granted(self, token: Token) -> Grant:
        limit = self._limits.setdefault(token.id, RateLimit(token.rate))
        if wait := limit.wait(self._clock.monotonic()):
            raise Problem("rate", "more recipients than this token may have in that time", wait=wait)
        user = self._users.get(token.user)
        return Grant(token.user, token.senders or (user.senders if user else ()), limit)

    def _read(self) -> None:
        version = [own_file.version_of(self._data_dir / name) for name in (tokens.FILE, users.FILE)]
        if version == self._version:
            return
        try:
            self._tokens, self._users = tokens.read(self._data_dir), users.read(self._data_dir)
        except ConfigError as error:  # those of before go on
            log.error("tokens_unreadable", problem=error)
        self._limits = {id_: limit for id_, limit in self._limits.items() if id_ in self._tokens}
        self._version = version
