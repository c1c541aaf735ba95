"""Every refusal as problem+json (RFC 9457): a stable code, the cause, what to do, and all issues at once."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from dispatch.api.etag import OutdatedError
from dispatch.api.limits import TooManyError
from dispatch.api.schemas.orders import OrderOut
from dispatch.api.schemas.riders import RiderOut
from dispatch.errors import (
    ConflictError,
    DispatchError,
    InvalidInputError,
    Issue,
    NotFoundError,
    StaleError,
    TravelError,
)
from dispatch.model.state import OrderState, RiderState
from dispatch.service.host import VersionError
from dispatch.units import Instant

LOG: Final = logging.getLogger(__name__)
MEDIA_TYPE: Final = "application/problem+json"

BY_CODE: Final[Mapping[str, int]] = {
    "unauthenticated": 401,
    "forbidden": 403,
    "too_many_requests": 429,
    "key_reused": 422,
    "market_away": 503,
    "key_busy": 503,
    "store_unavailable": 503,
    "store_closed": 503,
    "schema": 503,
    "live_unavailable": 503,
    "lease_lost": 503,
    "issuer_away": 503,
    "gateway_away": 503,
    "callback_refused": 400,
}
"""Where the code says more than the class of the error."""

BY_CLASS: Final[Sequence[tuple[type[DispatchError], int]]] = (
    (NotFoundError, 404),
    (StaleError, 412),
    (ConflictError, 409),
    (InvalidInputError, 422),
    (TravelError, 503),
)

_RETRY_AFTER_S: Final = 2


def status_of(error: DispatchError) -> int:
    """The HTTP status of a refusal; 500 for those that no caller can cause."""
    known = BY_CODE.get(error.code)
    if known is not None:
        return known
    return next((status for kind, status in BY_CLASS if isinstance(error, kind)), 500)


def problem(
    status: int,
    code: str,
    cause: str,
    action: str,
    *,
    issues: Sequence[Issue] = (),
    headers: Mapping[str, str] = {},
    present: object = None,
) -> JSONResponse:
    """The answer that tells of a refusal; ``present`` is the state that the caller did not expect."""
    body: dict[str, Any] = {
        "type": f"urn:dispatch:error:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": cause,
        "action": action,
    }
    if issues:
        names = ("code", "cause", "action", "field")
        body["issues"] = [{name: getattr(issue, name) for name in names} for issue in issues]
    if present is not None:
        body["present"] = present
    return JSONResponse(body, status, headers=dict(headers), media_type=MEDIA_TYPE)


def answer(error: DispatchError, now: Instant = 0) -> JSONResponse:
    """A refusal as an answer; ``now`` is the present instant, for showing a rider."""
    status = status_of(error)
    issues = error.issues if isinstance(error, InvalidInputError) else ()
    headers: dict[str, str] = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooManyError):
        headers |= {**error.headers, "Retry-After": str(error.retry_after_s)}
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = str(_RETRY_AFTER_S)
    present: object = None
    if isinstance(error, OutdatedError):
        present, headers["ETag"] = error.present, f'"{error.version}"'
    elif isinstance(error, VersionError) and isinstance(error.present, OrderState | RiderState):
        found = error.present
        shown = OrderOut.of(found) if isinstance(found, OrderState) else RiderOut.of(found, now)
        present = shown.model_dump(mode="json")
        headers["ETag"] = f'"{found.version}"'
    return problem(status, error.code, error.cause, error.action, issues=issues, headers=headers, present=present)


def add_handlers(app: FastAPI) -> None:
    """Make every error of the app a problem."""

    @app.exception_handler(DispatchError)
    async def refused(request: Request, error: DispatchError) -> JSONResponse:
        if status_of(error) == HTTPStatus.INTERNAL_SERVER_ERROR:
            LOG.error("A request failed.", exc_info=error)
        return answer(error, request.state.services.clock.now())

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> JSONResponse:
        found = [_issue(one) for one in error.errors()]
        noun = "issue" if len(found) == 1 else "issues"
        cause = f"The request has {len(found)} {noun}; nothing of it was taken."
        return problem(422, "invalid_input", cause, "Mend what is listed and send it again.", issues=found)

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> JSONResponse:
        code = HTTPStatus(error.status_code).name.lower()
        cause = str(error.detail).rstrip(".") + "."
        return problem(
            error.status_code, code, cause, "Look at the description of the API.", headers=error.headers or {}
        )

    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, __: ClientDisconnect) -> Response:
        return Response(status_code=499)  # nobody hears it; the log of requests tells it apart from what failed

    @app.exception_handler(Exception)
    async def broken(_: Request, error: Exception) -> JSONResponse:
        cause = "The service made a mistake; it has been written down."
        return problem(500, "broken", cause, "Send the request again; report it if that happens once more.")


def _issue(found: Mapping[str, Any]) -> Issue:
    where = ".".join(str(part) for part in found["loc"] if part != "body")
    return Issue(str(found["type"]), f"{where or 'body'}: {found['msg']}", "Correct the value.", field=where)
