"""Refuses a body that says it is too large before a byte of it is read; one that lies is cut off while it is read."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.core import problems

_STATUS: Final = 413


class BodyTooLarge(problems.Refusal):
    """The request's body is too large."""

    status = _STATUS
    zh = "提交的内容过大，请分几次提交。"
    en = "The body is too large; send it in parts."


class BodyLimit:
    """ASGI middleware: a Content-Length above `limit` bytes is answered 413 as a problem document.

    `larger` names the paths that take more, with their own limits.
    """

    def __init__(self, app: ASGIApp, limit: int, larger: Mapping[str, int] = MappingProxyType({})) -> None:
        self._app = app
        self._limit = limit
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        limit = self._larger.get(scope.get("path", ""), self._limit)
        said = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if said.isdecimal() and int(said) > limit:
            body = BodyTooLarge().problem(instance=scope["path"])
            answer = JSONResponse(body, _STATUS, media_type=problems.PROBLEM_JSON)
            await answer(scope, receive, send)
            return
        await self._app(scope, self._counted(receive, limit), send)

    def _counted(self, receive: Receive, limit: int) -> Receive:
        taken = 0

        async def receive_no_more() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                # FastAPI lets this one through where it would call any other a broken body
                raise HTTPException(_STATUS)
            return message

        return receive_no_more
