"""What is wrong with a call, for machines: problem details (RFC 9457) with a stable `code` and a remedy.

Our errors say what is the case and, behind the first semicolon, what to do: these are `detail` and `remedy`.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, NamedTuple

from pydantic import Field
from starlette.responses import JSONResponse, Response

from postduif.campaign.accounts.fault import NoSuchAccount, NotAllowed
from postduif.campaign.audience.attributes import AttributeFault
from postduif.campaign.audience.condition.tokens import ConditionFault
from postduif.campaign.audience.contacts import NoSuchContact
from postduif.campaign.audience.import_runs import NoSuchImport
from postduif.campaign.audience.projects import NoSuchProject
from postduif.campaign.audience.records import NoSuchRecord
from postduif.campaign.audience.selections import NoSuchSelection
from postduif.campaign.audience.subscriptions import NoSuchType
from postduif.campaign.audience.uploads import NoSuchUpload, UploadChanged
from postduif.campaign.checks.typology import TypologyFault
from postduif.campaign.forms.form import NoSuchForm
from postduif.campaign.mailings.fault import NoSuchMailing, NotNow, Overtaken, ScheduleFault
from postduif.campaign.media.picture import NoSuchPicture, PictureInUse
from postduif.campaign.results.opening import NoResults
from postduif.campaign.tracking.requests import NoSuchRequest
from postduif.campaign.web.api.shape import Shape
from postduif.campaign.web.safety import TooLarge
from postduif.errors import AddressError, PostduifError, StoreError, TemplateError
from postduif.mta.control import ControlError, Refused

TYPE = "application/problem+json"


class Meaning(NamedTuple):
    """Of a code, which is never given another one."""

    status: int
    words: str
    """When it is said."""
    remedy: str
    """Where the problem itself names none."""


CODES: dict[str, Meaning] = {
    "malformed": Meaning(400, "the body is no JSON, or a header field cannot be read", "Correct the request."),
    "unauthorized": Meaning(401, "there is no token, or not one that is known", "Send Authorization: Bearer TOKEN."),
    "scope_missing": Meaning(403, "the token has not the scope", "Use a token with the scope that `scope` names."),
    "not_allowed": Meaning(403, "the role of the token's person, or a missing approval, forbids it", "See `detail`."),
    "not_found": Meaning(404, "there is nothing at this address", "Look at the list that it should be in."),
    "method_not_allowed": Meaning(405, "this address knows other methods", "Use one that Allow names."),
    "not_now": Meaning(409, "the state of it forbids that", "Do one of `allowed`, or wait."),
    "in_use": Meaning(409, "a mailing that has not ended, or a template, shows it", "Take it out there first."),
    "exists": Meaning(409, "there is one already", "Change that one."),
    "overtaken": Meaning(409, "somebody else changed it at the same moment", "Read it again and decide anew."),
    "no_results": Meaning(409, "the mailing was never prepared, so it has no results", "Prepare it first."),
    "key_under_way": Meaning(409, "a request with this Idempotency-Key is under way", "Ask again in a second."),
    "outcome_unknown": Meaning(
        409,
        "the first request with this Idempotency-Key was broken off, and nobody knows how far it came",
        "Look whether it was done; if it was not, send it with another key.",
    ),
    "changed": Meaning(412, "it is not any more as If-Match says", "Read it again and decide anew."),
    "too_large": Meaning(413, "the body has more octets or values than this address takes", "Send less at once."),
    "unsupported_type": Meaning(415, "the Content-Type is another one than this address takes", "See `detail`."),
    "misdirected": Meaning(421, "the host that is asked is not the one of the pages", "Ask at `web.url`."),
    "invalid": Meaning(422, "a field, a parameter or a value cannot be so", "Correct what `errors` or `detail` names."),
    "address": Meaning(422, "this is no address of e-mail", "Correct the address."),
    "condition": Meaning(422, "the condition cannot be understood", "Correct the condition."),
    "template": Meaning(422, "the content cannot be made into a message", "Correct the content."),
    "refused": Meaning(422, "the mail server says no", "See `detail`."),
    "key_reused": Meaning(422, "this Idempotency-Key was used for another request", "Use a new key."),
    "match_required": Meaning(428, "this address needs If-Match", "Send the ETag that you read in If-Match."),
    "rate": Meaning(429, "too many requests with this token", "Wait as many seconds as Retry-After says."),
    "failure": Meaning(500, "a mistake of ours, which is in the log of the server", "Please report it."),
    "mta_silent": Meaning(503, "the mail server does not run, or does not answer", "Start it, then ask again."),
    "storage": Meaning(503, "a file cannot be read or written", "See to the disk, then ask again."),
}
FAULTS: tuple[tuple[type[PostduifError], str], ...] = (
    (TooLarge, "too_large"),
    (NotAllowed, "not_allowed"),
    *((kind, "not_found") for kind in (NoSuchAccount, NoSuchMailing, NoSuchContact, NoSuchSelection, NoSuchProject)),
    *((kind, "not_found") for kind in (NoSuchType, NoSuchImport, NoSuchUpload, NoSuchRecord, NoSuchPicture)),
    *((kind, "not_found") for kind in (NoSuchRequest, NoSuchForm)),
    *((kind, "overtaken") for kind in (Overtaken, UploadChanged)),
    (NotNow, "not_now"),
    (PictureInUse, "in_use"),
    (ScheduleFault, "invalid"),
    (NoResults, "no_results"),
    (Refused, "refused"),
    (ControlError, "mta_silent"),
    (StoreError, "storage"),
    (AddressError, "address"),
    (ConditionFault, "condition"),
    (TemplateError, "template"),
    *((kind, "invalid") for kind in (AttributeFault, TypologyFault, PostduifError)),
)
"""The code of each of our errors: the first that fits."""


class Wrong(Shape):
    """One field that is wrong."""

    field: str = Field(description="Where it is: names and places with dots between.")
    detail: str


class Told(Shape):
    """A problem, as it is answered (RFC 9457)."""

    type: str = Field(description="`about:blank`; `code` says which it is.")
    title: str
    status: int
    code: str = Field(description="Stable, for programs.")
    detail: str = Field(description="What is the case, for people.")
    remedy: str = Field(description="What to do, for people.")
    errors: list[Wrong] | None = Field(default=None, description="Of `invalid`: each field that is wrong.")
    allowed: list[str] | None = Field(default=None, description="Of `not_now`: what can be done with it now.")
    scope: str | None = Field(default=None, description="Of `scope_missing`: the scope that is needed.")
    id: int | None = Field(default=None, description="Of `exists`: which one it is.")


class Problem(PostduifError):  # noqa: N818  the name says what it is
    """The call cannot be done."""

    def __init__(self, code: str, detail: str, *, remedy: str = "", wait: int = 0, **more: Any) -> None:
        """`wait`: seconds of Retry-After. `more`: further members, those of `Told`."""
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.remedy = remedy
        self.more = more
        self.fields = {"Retry-After": str(wait)} if wait else {}


def problem_of(error: PostduifError) -> Problem:
    """What an error of ours is for who calls."""
    if isinstance(error, Problem):
        return error
    code = next(code for kind, code in FAULTS if isinstance(error, kind))
    detail, _, remedy = str(error).partition("; ")
    return Problem(code, detail, remedy=remedy, wait=5 if CODES[code].status == 503 else 0)


def answer_of(error: PostduifError) -> Response:
    """The response."""
    problem = problem_of(error)
    meaning = CODES[problem.code]
    told = {
        "type": "about:blank",
        "title": HTTPStatus(meaning.status).phrase,
        "status": meaning.status,
        "code": problem.code,
        "detail": _clean(problem.detail),
        "remedy": _clean(problem.remedy or meaning.remedy),
    }
    return JSONResponse(told | problem.more, meaning.status, problem.fields, TYPE)


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
