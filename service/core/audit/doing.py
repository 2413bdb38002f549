"""Who is at work, why and from where: set by whatever starts the work, read when its transactions are written down.

A request is started by the middleware here, a job by the queue's runner, a command by the command line.
"""

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from uuid import UUID, uuid4

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.core.principal import Principal

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Purpose(StrEnum):
    """Why somebody looks: a code, never words of his own, for those could name a person."""

    care = "care"
    """诊疗与护理"""
    emergency = "emergency"
    """急救"""
    payment = "payment"
    """结算与对账"""
    operations = "operations"
    """排班与调度"""
    supervision = "supervision"
    """监督检查"""
    complaint = "complaint"
    """投诉处理"""
    person_request = "person_request"
    """本人或家属要求"""


@dataclass(slots=True)
class Doing:
    """A piece of work. Ids and codes only: `agent` is a digest of what the client calls itself."""

    operation: str
    subject: str | None = None
    address: str | None = None
    agent: str | None = None
    request_id: str | None = None
    purpose: Purpose | None = None
    principal: Principal | None = None
    scope: Scope | None = None

    def named(self) -> str:
        """Return the operation's id; a request knows it once its route is found."""
        route = self.scope.get("route") if self.scope else None
        return str(getattr(route, "name", self.operation))

    @property
    def is_meant_to_change(self) -> bool:
        """Return whether somebody known asks for a change, even one that finds nothing to do."""
        return self.principal is not None and self.scope is not None and self.scope["method"] not in _READING

    def about(self) -> str | None:
        """Return the ids that the work is about: those of a request's path, or the subject of a job."""
        if self.scope is None:
            return self.subject
        found = self.scope.get("path_params", {})
        return "&".join(f"{name}={value}" for name, value in found.items() if _is_id(value)) or None


def _is_id(value: Any) -> bool:
    try:
        UUID(str(value))
    except ValueError:
        return False
    return True


_DOING: ContextVar[Doing | None] = ContextVar("doing", default=None)


def current() -> Doing:
    """Return the work at hand; what nobody has named is called `unnamed`."""
    return _DOING.get() or Doing("unnamed")


def name_principal(principal: Principal) -> None:
    """Say who asks, once his token is verified."""
    doing = _DOING.get()
    if doing is not None:
        doing.principal = principal


def name_purpose(purpose: Purpose | None) -> None:
    """Say why he asks, if he says so."""
    doing = _DOING.get()
    if doing is not None:
        doing.purpose = purpose


@contextmanager
def work(operation: str, subject: str | None = None) -> Iterator[None]:
    """Name a job or a command for as long as it lasts."""
    before = _DOING.set(Doing(operation, subject))
    try:
        yield
    finally:
        _DOING.reset(before)


class Requests:
    """ASGI middleware: names each request as the work at hand, and where it comes from."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, named."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        said, agent, client = headers.get("x-request-id", ""), headers.get("user-agent"), scope.get("client")
        doing = Doing(
            operation=f"{scope['method']} unknown",
            address=client[0] if client else None,
            agent=hashlib.sha256(agent.encode()).hexdigest()[:16] if agent else None,
            request_id=said if _REQUEST_ID.fullmatch(said) else uuid4().hex,
            scope=scope,
        )
        before = _DOING.set(doing)
        try:
            await self._app(scope, receive, send)
        finally:
            _DOING.reset(before)
