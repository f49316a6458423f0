"""The domains that send: records to publish, and what DNS says when somebody asks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from postduif import address
from postduif.campaign.operating.sending_domains import Judged, look, records_of, sending_domains
from postduif.campaign.web.page import render, see
from postduif.campaign.web.trouble import status_of
from postduif.campaign.web.visitor import Looking, OfDesk
from postduif.errors import AddressError, PostduifError

router = APIRouter(prefix="/domains")

Text = Annotated[str, Query(max_length=300)]


@router.get("")
def domains(request: Request, desk: OfDesk, who: Looking, find: Text = "") -> Response:
    """Those of the settings; another one can be looked at, too."""
    wrong = ""
    if find.strip():
        try:
            return see(request, f"/domains/{address.parse_domain(find.strip().lower())}?ask=true")
        except AddressError as error:
            wrong = str(error)
    listed = [(one, records_of(desk.config, one)) for one in sending_domains(desk.config)]
    values = {"listed": listed, "config": desk.config, "find": find, "wrong": wrong}
    return render(request, "domains.html", 422 if wrong else 200, **values)


@router.get("/{domain}")
def domain(
    request: Request,
    desk: OfDesk,
    who: Looking,
    domain: str,
    ask: Annotated[bool, Query()] = False,  # noqa: FBT002  a field of a form
) -> Response:
    """Its records; with `ask`, DNS is asked now, for some seconds at most."""
    name = address.parse_domain(domain.lower())
    records, problems = records_of(desk.config, name)
    found: list[Judged] | None = None
    wrong, status = "", 200
    if ask:
        try:
            found = look(desk.config, name, desk.clock)
        except PostduifError as fault:
            wrong, status = str(fault), status_of(fault)
    values = {"domain": name, "records": records, "problems": problems, "found": found, "wrong": wrong}
    return render(request, "domain.html", status, **values)
