"""The application of the API, which stands below /api/v1 of the pages, and its description."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from postduif import log
from postduif.campaign.web.api.caller import Needs
from postduif.campaign.web.api.entrance import DESCRIPTION, Entrance
from postduif.campaign.web.api.problem import TYPE, Problem, Told, answer_of
from postduif.campaign.web.api.routers import ROUTERS
from postduif.campaign.web.desk import Desk
from postduif.errors import PostduifError

PREFIX = "/api/v1"
_SHOWN = 20
"""Wrong fields that are named."""


def create_api(desk: Desk) -> FastAPI:
    """An ASGI application, to be mounted at PREFIX."""
    app = described()
    app.state.desk = desk
    app.add_middleware(Entrance, desk=desk)
    return app


def described() -> FastAPI:
    """Everything but the entrance: what the description and the manual are made of."""
    app = FastAPI(
        title="Postduif",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(known_parameters)],
        generate_unique_id_function=lambda route: "_".join([*map(str, route.tags), route.name]).replace(" ", "_"),
        responses={"default": {"description": "A problem", "model": Told}},
    )
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(PostduifError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(OverflowError, _too_large)
    app.add_exception_handler(Exception, _mistake)
    made = cache(lambda: json.dumps(description(app), ensure_ascii=False).encode())  # takes half a second
    app.add_api_route(DESCRIPTION, lambda: Response(made(), media_type="application/json"), include_in_schema=False)
    return app


def description(app: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1."""
    found = get_openapi(title="Postduif", version="1", routes=app.routes, servers=[{"url": PREFIX}])
    found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for schema in [name for name in found["components"]["schemas"] if "ValidationError" in name]:
        del found["components"]["schemas"][schema]
    for route in routes():
        for method in route.methods or ():
            operation = found["paths"][route.path_format][method.lower()]
            operation["summary"] = route.description.partition(". ")[0].rstrip(".")
            operation["security"] = [{"token": [scope_of(route)]}]
            operation["responses"].pop("422", None)
            default = operation["responses"]["default"]
            default["content"] = {TYPE: default["content"]["application/json"]}
    return found


def routes() -> list[APIRoute]:
    """All, in the order of the manual."""
    return [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def scope_of(route: APIRoute) -> str:
    """The scope that a route needs."""
    (needs,) = [one.call for one in route.dependant.dependencies if isinstance(one.call, Needs)]
    return needs.scope.value


def known_parameters(request: Request) -> None:
    """A parameter that nobody knows is a mistake: a filter that is misspelt would mean everything. Raises Problem."""
    route = request.scope.get("route")
    if isinstance(route, APIRoute):
        known = {one.alias for one in route.dependant.query_params}
        if unknown := sorted(set(request.query_params) - known):
            wrong = [{"field": f"query.{name[:100]}", "detail": "There is no such parameter."} for name in unknown]
            raise Problem("invalid", f"There is no parameter {unknown[0][:100]!r}.", errors=wrong[:_SHOWN])
        conditional = {one.alias for one in route.dependant.header_params}
        if request.method != "GET" and "if-match" in request.headers and "if-match" not in conditional:
            raise Problem("invalid", "This call knows no If-Match.", remedy="Leave it out.")


def _ours(_: Request, error: Exception) -> Response:
    assert isinstance(error, PostduifError)
    return answer_of(error)


def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = [{"field": ".".join(map(str, one["loc"])), "detail": str(one["msg"])} for one in error.errors()]
    words = "; ".join(f"{one['field']}: {one['detail']}" for one in wrong[:_SHOWN])
    return answer_of(Problem("invalid", words, errors=wrong[:_SHOWN]))


def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, PostduifError):
        return answer_of(error.__cause__)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "malformed")
    problem = Problem(code, {404: "There is nothing at this address."}.get(error.status_code, str(error.detail)))
    problem.fields |= error.headers or {}
    return answer_of(problem)


def _too_large(_: Request, error: Exception) -> Response:
    return answer_of(Problem("invalid", f"A number is too large: {error}"))


def _mistake(request: Request, error: Exception) -> Response:
    """Ours: nobody else needs to know more."""
    log.error("failure", where="api", path=request.url.path, error=repr(error))
    return answer_of(Problem("failure", "Something went wrong here."))
