"""What goes wrong, as a page: ours with its one line and 4xx, anything else a plain 500 without innards."""

from __future__ import annotations

import re

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from postduif import log
from postduif.campaign.accounts import secret
from postduif.campaign.accounts.fault import Guessing, NoSuchAccount, NotAllowed
from postduif.campaign.audience.contacts import NoSuchContact
from postduif.campaign.audience.import_runs import NoSuchImport
from postduif.campaign.audience.projects import NoSuchProject
from postduif.campaign.audience.selections import NoSuchSelection
from postduif.campaign.audience.subscriptions import NoSuchType
from postduif.campaign.audience.uploads import NoSuchUpload, UploadChanged
from postduif.campaign.forms.form import NoSuchForm
from postduif.campaign.mailings.fault import NoSuchMailing, NotNow, Overtaken
from postduif.campaign.media.picture import NoSuchPicture, PictureInUse
from postduif.campaign.results.opening import NoResults
from postduif.campaign.results.people import NoSuchRecipient
from postduif.campaign.tracking.requests import NoSuchRequest
from postduif.campaign.unfit import unfit
from postduif.campaign.web.page import is_fragment, render
from postduif.campaign.web.safety import TooLarge
from postduif.errors import PostduifError, StoreError
from postduif.mta.control import ControlError, NotRunning, Refused

STATUS: tuple[tuple[type[PostduifError], int], ...] = (
    (TooLarge, 413),
    (Guessing, 429),
    (NotAllowed, 403),
    (NoSuchAccount, 404),
    (NoSuchMailing, 404),
    (NoSuchRecipient, 404),
    (NoResults, 404),
    (NoSuchContact, 404),
    (NoSuchSelection, 404),
    (NoSuchProject, 404),
    (NoSuchType, 404),
    (NoSuchImport, 404),
    (NoSuchUpload, 404),
    (NoSuchRequest, 404),
    (NoSuchForm, 404),
    (NoSuchPicture, 404),
    (Overtaken, 409),
    (UploadChanged, 409),
    (NotNow, 409),
    (PictureInUse, 409),
    (Refused, 422),
    (ControlError, 503),
    (StoreError, 503),
    (PostduifError, 422),
)
"""The first that fits."""
_TITLES = {
    403: "Not for you",
    404: "Not here",
    405: "Not this way",
    409: "Somebody was first",
    413: "Too much",
    422: "That cannot be",
    429: "Too fast",
    503: "Not now",
}

_UNREAD = ("Field exceeded", "Part exceeded", "Too many ")
"""How Starlette says that a form is more than it reads."""


def status_of(error: PostduifError) -> int:
    """Of the answer."""
    return next(status for kind, status in STATUS if isinstance(error, kind))


def watch(app: FastAPI) -> None:
    """Have everything that goes wrong become a page."""
    app.add_exception_handler(PostduifError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(OverflowError, _too_large)
    app.add_exception_handler(Exception, _mistake)


def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, PostduifError)
    away = "The MTA does not answer" if isinstance(error, NotRunning) else ""
    return _tell(request, status_of(error), str(error), away)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, PostduifError):  # what ended the reading of a form
        return _ours(request, error.__cause__)
    said = str(error.detail)
    if said.startswith(_UNREAD):
        return _tell(request, error.status_code, f"{said} Send less at once: shorten a field, or upload a file.")
    words = {404: "There is no such page.", 405: "This page is not asked in this way."}
    return _tell(request, error.status_code, words.get(error.status_code, said))


def _invalid(request: Request, error: Exception) -> Response:
    """A field that cannot be so. What people type is judged by the page itself; our own forms send no other such."""
    assert isinstance(error, RequestValidationError)
    said = {str(one["loc"][-1]): one for one in error.errors()}
    return _tell(request, 422, " ".join(f"{unfit(name, one)}." for name, one in said.items()))


def _too_large(request: Request, _: Exception) -> Response:
    """A number that no file takes: our own forms send none such."""
    return _tell(request, 422, "A number is too large.")


def _mistake(request: Request, error: Exception) -> Response:
    """Ours: nobody else needs to know more."""
    path = re.sub(rf"[\w-]{{{secret.LENGTH}}}", "SECRET", request.url.path)  # some addresses let in who has them
    log.error("failure", where="pages", path=path[:200], error=repr(error))
    return PlainTextResponse("A mistake of ours. The log of the server has more.\n", 500)


def _tell(request: Request, status: int, text: str, title: str = "") -> Response:
    if is_fragment(request):
        response: Response = render(request, "parts/notice.html", status, tone="error", text=text)
        response.headers["hx-retarget"] = "#notices"
        response.headers["hx-reswap"] = "innerHTML"
        return response
    title = title or _TITLES.get(status, "Not possible")
    return render(request, "trouble.html", status, title=title, text=text, code=status)
