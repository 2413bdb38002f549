"""Rate limits: token buckets per account, per service client and per address that nobody has logged in from.

Buckets live in the process: one that counted in the database would do the work that it is there to spare. With n
processes behind one address a client can have up to n times the figure; what must hold for all of them together (wrong
passwords) is counted in PostgreSQL by the room of accounts.
"""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from service.core import problems
from service.core.principal import Principal
from service.core.settings import Settings

MOST_BUCKETS: Final = 50_000
"""Buckets kept of a kind; the one unused for longest goes first, and would be full again by then."""


class TooManyRequests(problems.Refusal):
    """More requests in a short time than one client may send."""

    status = 429
    zh = "请求过于频繁，请在{retry_after_seconds}秒后再试。"
    en = "Too many requests; retry in {retry_after_seconds} s."


@dataclass(slots=True)
class Buckets:
    """Token buckets by key: `per_second` tokens flow in, at most `burst` are kept. `per_second` 0 lets all through."""

    per_second: int
    burst: int
    clock: Callable[[], float] = time.monotonic
    most: int = MOST_BUCKETS
    _left: OrderedDict[Hashable, tuple[float, float]] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        """Return how many buckets are kept."""
        return len(self._left)

    def take(self, key: Hashable) -> int:
        """Take a token; return 0, or after how many seconds there is one again (none is taken then)."""
        if not self.per_second:
            return 0
        now = self.clock()
        tokens, at = self._left.pop(key, (float(self.burst), now))
        tokens = min(float(self.burst), tokens + (now - at) * self.per_second)
        allowed = tokens >= 1
        self._left[key] = (tokens - 1 if allowed else tokens, now)
        if len(self._left) > self.most:
            self._left.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - tokens) / self.per_second))


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one process."""

    accounts: Buckets
    clients: Buckets
    addresses: Buckets

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """Return full buckets by the settings."""
        return cls(
            Buckets(settings.rate_account_per_second, settings.rate_account_burst),
            Buckets(settings.rate_client_per_second, settings.rate_client_burst),
            Buckets(settings.rate_address_per_second, settings.rate_address_burst),
        )

    def admit(self, principal: Principal) -> None:
        """Count a request of an account, and of the service client that acts for it.

        Raises:
            TooManyRequests: one of them has none left.
        """
        wait = self.accounts.take(principal.account_id)
        if principal.client_id is not None:
            wait = max(wait, self.clients.take(principal.client_id))
        if wait:
            raise TooManyRequests(retry_after_seconds=wait)

    def admit_stranger(self, address: str) -> None:
        """Count a request from an address without a token that holds.

        Raises:
            TooManyRequests: the address has none left.
        """
        wait = self.addresses.take(network_of(address))
        if wait:
            raise TooManyRequests(retry_after_seconds=wait)


def network_of(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 of an IPv6 one, for that is what a household has.

    What is no address (a unix socket's peer) counts as itself.
    """
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is None:
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(getattr(known, "ipv4_mapped", None) or known)


def address_of(scope: Scope) -> str:
    """Return where a request comes from; behind a trusted proxy the server has put in what the proxy said."""
    client = scope.get("client")
    return str(client[0]) if client else ""


class RateLimits:
    """ASGI middleware: counts whoever brings no token before anything else is done.

    A token is counted where it is verified: to its account if it holds, else to the address it came from.
    """

    def __init__(self, app: ASGIApp, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 429, or pass the request on."""
        if scope["type"] == "http" and not _brings_a_token(scope):
            try:
                self._limits.admit_stranger(address_of(scope))
            except TooManyRequests as refusal:
                await _answer(scope, refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _brings_a_token(scope: Scope) -> bool:
    # outside /v1 no route looks at a token, so none may spare its bearer the count
    scheme, _, token = Headers(scope=scope).get("authorization", "").partition(" ")
    return scope["path"].startswith("/v1/") and scheme.lower() == "bearer" and bool(token.strip())


def _answer(scope: Scope, refusal: TooManyRequests) -> JSONResponse:
    language = problems.language_of(Headers(scope=scope).get("accept-language", ""))
    headers: dict[str, Any] = {"Retry-After": str(refusal.facts["retry_after_seconds"])}
    body = refusal.problem(language, instance=scope["path"])
    return JSONResponse(body, refusal.status, headers=headers, media_type=problems.PROBLEM_JSON)
