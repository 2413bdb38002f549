"""Refuses a body that says it is too large before a byte of it is read; one that lies is cut off while it is read."""

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
    """ASGI middleware: a Content-Length above `limit` bytes is answered 413 as a problem document."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        said = Headers(scope=scope).get("content-length", "") if scope["type"] == "http" else ""
        if said.isdecimal() and int(said) > self._limit:
            body = BodyTooLarge().problem(instance=scope["path"])
            answer = JSONResponse(body, _STATUS, media_type=problems.PROBLEM_JSON)
            await answer(scope, receive, send)
            return
        await self._app(scope, self._counted(receive), send)

    def _counted(self, receive: Receive) -> Receive:
        taken = 0

        async def receive_no_more() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._limit:
                # FastAPI lets this one through where it would call any other a broken body
                raise HTTPException(_STATUS)
            return message

        return receive_no_more
