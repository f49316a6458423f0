"""The cookies of the pages: one that says who is signed in, one that ties the sign-in form to the browser that got it.

Over https they are named so that no other host, and no page in the clear, can set them (`__Host-`).
"""

from __future__ import annotations

import secrets
from typing import NamedTuple

from fastapi import Request, Response

from postduif.campaign.accounts import secret

_LONGEST = 30 * 86400


class Cookie(NamedTuple):
    """One of them."""

    name: str
    age: int | None
    """Seconds that the browser keeps it; None: until it is closed."""

    def named(self, *, secure: bool) -> str:
        """Its name on this kind of connection."""
        return f"__Host-{self.name}" if secure else self.name

    def read(self, request: Request) -> str:
        """What the browser sent; "" for none."""
        return request.cookies.get(self.named(secure=is_secure(request)), "")

    def write(self, request: Request, response: Response, value: str) -> None:
        """Have the browser keep it."""
        secure = is_secure(request)
        response.set_cookie(
            self.named(secure=secure), value, max_age=self.age, path="/", secure=secure, httponly=True, samesite="lax"
        )

    def remove(self, request: Request, response: Response) -> None:
        """Have the browser forget it."""
        secure = is_secure(request)
        response.delete_cookie(self.named(secure=secure), path="/", secure=secure, httponly=True, samesite="lax")


SESSION = Cookie("postduif_session", _LONGEST)
FORM = Cookie("postduif_form", None)


def is_secure(request: Request) -> bool:
    """The browser speaks TLS, to us or to a proxy that we believe."""
    return request.url.scheme == "https"


def form_secret(request: Request) -> str:
    """What a form proves itself with where nobody is signed in: what the cookie holds, or a new one for it."""
    there = FORM.read(request)
    return there if len(there) == secret.LENGTH else secret.make()


def is_same(one: str, other: str) -> bool:
    """Constant in time; empty is never the same."""
    return bool(one) and secrets.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
