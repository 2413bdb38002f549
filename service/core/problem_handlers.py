"""Turns everything that goes wrong in a request into problem+json; what nobody foresaw is a 500 without detail."""

from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.core import health, logs, problems
from service.core.body_limit import BodyTooLarge
from service.core.contract import Application
from service.core.db import outages

_log = logs.get_logger("core.http")
_UNREADABLE: Final = 400
"""What FastAPI says of a body that is no text, before anything of it could be at fault."""
_NO_SUCH_METHOD: Final = 405


def install(app: FastAPI) -> None:
    """Register the handlers on an app."""
    app.add_exception_handler(problems.Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unforeseen)


def _language(request: Request) -> str:
    return problems.language_of(request.headers.get("accept-language", ""))


def _answer(request: Request, refusal: problems.Refusal) -> JSONResponse:
    wait = refusal.facts.get("retry_after_seconds")
    return JSONResponse(
        refusal.problem(_language(request), instance=request.url.path),
        status_code=refusal.status,
        headers=refusal.headers | ({"Retry-After": str(wait)} if wait is not None else {}),
        media_type=problems.PROBLEM_JSON,
    )


async def _refusal(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, problems.Refusal)  # noqa: S101 - Starlette types every handler as taking Exception
    return _answer(request, error)


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    faults = [_fault(each, error.body) for each in error.errors()]
    summary = "；".join(f"{each['pointer']} {each['detail']}" for each in faults[:5])
    return _answer(request, problems.Malformed(summary=summary, errors=faults))


def _fault(error: dict[str, Any], body: Any) -> dict[str, str]:
    """Return one fault: where (a JSON pointer into the body, or the parameter's place and name) and what."""
    place, *path = error["loc"]
    in_body = place == "body"
    steps = _steps_into(body, path, missing=error["type"] == "missing") if in_body else path
    escaped = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)
    pointer = f"#{escaped}" if in_body else f"{place}{escaped}"
    # A lone surrogate in a message would make the answer itself unencodable.
    detail = str(error["msg"]).encode("utf-8", "replace").decode()
    return {"pointer": pointer.encode("utf-8", "replace").decode(), "detail": detail, "code": error["type"]}


def _steps_into(body: Any, path: Sequence[int | str], *, missing: bool) -> list[int | str]:
    """Return the steps of `path` that lead into the body, as far as they do.

    The validator's path also names what the body does not hold: a union's branch, the offset of broken JSON.
    """
    if not path:
        return []
    way = _way(body, path, missing=missing)
    return way if way is not None else _steps_into(body, path[:-1], missing=False)


def _way(body: Any, path: Sequence[int | str], *, missing: bool) -> list[int | str] | None:
    """Return the longest way into the body that ends with the last step; a branch may bear the name of a field."""
    step, *rest = path
    if not rest:
        ends = isinstance(body, dict) and step not in body if missing else _holds(body, step)
        return [step] if ends else None
    inside = _way(body[step], rest, missing=missing) if _holds(body, step) else None
    return [step, *inside] if inside is not None else _way(body, rest, missing=missing)


def _holds(body: Any, step: int | str) -> bool:
    if isinstance(body, list):
        return isinstance(step, int) and step < len(body)
    return isinstance(body, dict) and step in body


class RouteUnknown(problems.Refusal):
    """There is no such address, or not with this method."""

    zh = "没有这个接口或不支持这种方法。"
    en = "No such route or method."


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    if error.status_code == _UNREADABLE:
        return _answer(request, problems.Malformed(summary="#", errors=[]))
    refusal = BodyTooLarge() if error.status_code == BodyTooLarge.status else RouteUnknown()
    body = refusal.problem(_language(request), instance=request.url.path) | {"status": error.status_code}
    headers = dict(error.headers or {})
    if error.status_code == _NO_SUCH_METHOD and isinstance(request.app, Application):
        # the router names the methods of the first route at the address only
        headers["Allow"] = ", ".join(request.app.methods_at(request.url.path)) or headers.get("Allow", "")
    return JSONResponse(body, error.status_code, headers=headers, media_type=problems.PROBLEM_JSON)


async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
    if outages.is_outage(error):
        # no traceback: until PostgreSQL is back every request ends here
        _log.error("no database", route=request.url.path, method=request.method, cause=type(error).__name__)
        return _answer(request, health.NotReady())
    _log.error("unforeseen", route=request.url.path, method=request.method, exc_info=error)
    body = {"type": "/problems/internal", "title": "Something unforeseen happened", "status": 500, "code": "internal"}
    return JSONResponse(body | {"detail": "系统出了问题，请稍后再试。"}, 500, media_type=problems.PROBLEM_JSON)


class LastResort:
    """ASGI middleware: answers what nobody foresaw here, inside of what adds headers; Starlette would do it outside."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; an exception becomes a 500 unless the answer has begun."""
        begun = False

        async def heard(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, heard)
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            answer = await _unforeseen(Request(scope), error)
            await answer(scope, receive, send)
