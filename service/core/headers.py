"""What every answer says to browsers and caches, whatever the route: set here once, so that no route can forget it."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NOTHING: Final = "default-src 'none'; frame-ancestors 'none'"
# FastAPI's pages for readers of the contract: their script and style come from its usual delivery network
_DOCS: Final = (
    "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " script-src 'unsafe-inline' https://cdn.jsdelivr.net;"
    " style-src 'unsafe-inline' https://cdn.jsdelivr.net https://fonts.googleapis.com;"
    " font-src https://fonts.gstatic.com; img-src 'self' data: https://fastapi.tiangolo.com https://cdn.redoc.ly;"
    " worker-src blob:"
)
_PAGES: Final = {"/docs": _DOCS, "/redoc": _DOCS}
_PUBLIC: Final = {*_PAGES, "/openapi.json"}
"""What holds nobody's data and may be kept by a cache."""


class SecurityHeaders:
    """ASGI middleware: adds the headers; what a route says about caching its answer stays as it is.

    `hsts_seconds` 0 adds no Strict-Transport-Security; otherwise https answers carry it (behind a proxy, those that it
    says came in by https).
    """

    def __init__(self, app: ASGIApp, hsts_seconds: int) -> None:
        self._app = app
        self._hsts = f"max-age={hsts_seconds}; includeSubDomains" if hsts_seconds else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add the headers to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), scope)
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _add(self, headers: MutableHeaders, scope: Scope) -> None:
        headers.update(_ALWAYS)
        headers["Content-Security-Policy"] = _PAGES.get(scope["path"], _NOTHING)
        if scope["path"] not in _PUBLIC:
            headers.setdefault("Cache-Control", "no-store")
        if self._hsts and scope["scheme"] == "https":
            headers["Strict-Transport-Security"] = self._hsts
