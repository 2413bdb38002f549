"""What every route uses: who asks, the transaction behind his fence, the domain's time, pages, keys, ETags."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from service.core import paging, problems, rate_limits
from service.core.audit import append, doing, trail
from service.core.clock import Clock
from service.core.crypt import FieldCipher
from service.core.db.session import transaction
from service.core.idempotency import Once
from service.core.principal import Fence, Principal
from service.core.settings import Settings
from service.core.signing import Signer, TokenInvalid

ACCESS_AUDIENCE = "xunzhen:access"
_HIDDEN: Final = (403, 404)
"""Refusals to show something: it is not yours, or there is none."""


@dataclass(frozen=True, slots=True)
class House:
    """What a process holds for its lifetime; built once by `main` or `worker` and handed to routes and jobs."""

    settings: Settings
    sessions: async_sessionmaker[AsyncSession]
    clock: Clock
    signer: Signer
    cipher: FieldCipher
    cursors: paging.Cursors
    limits: rate_limits.Limits


# dependencies are coroutines even where they wait for nothing: a plain function would be sent to a thread, and back
async def house_of(request: Request) -> House:
    """Return the process's house.

    What every request asks of here calls it: FastAPI solves a dependency of dependencies anew wherever it is named.
    """
    house: House = request.app.state.house
    return house


TheHouse = Annotated[House, Depends(house_of)]


async def domain_now(request: Request) -> datetime:
    """Return the present moment of the world served (the demo's clock in a demo)."""
    return (await house_of(request)).clock.now()


Now = Annotated[datetime, Depends(domain_now)]

_BEARER = HTTPBearer(auto_error=False, scheme_name="accessToken", description="POST /v1/tokens 换取的访问令牌")


async def find_principal(
    request: Request, house: TheHouse, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_BEARER)]
) -> Principal | None:
    """Return who the bearer token says is asking, or None without one.

    Raises:
        problems.Unauthenticated: the token is forged, expired or not an access token.
        rate_limits.TooManyRequests: too many requests of this account, or of this address with such tokens.
    """
    if credentials is None:
        return None
    try:
        claims = house.signer.verify(credentials.credentials, audience=ACCESS_AUDIENCE)
        principal = principal_of(claims)
    except (TokenInvalid, KeyError, ValueError, TypeError, AttributeError):
        house.limits.admit_stranger(rate_limits.address_of(request.scope))
        raise problems.Unauthenticated from None
    house.limits.admit(principal)
    doing.name_principal(principal)
    return principal


def principal_of(claims: dict[str, Any]) -> Principal:
    """Return the principal of verified access-token claims."""
    return Principal(
        account_id=UUID(claims["sub"]),
        region_id=UUID(claims["rid"]),
        role=claims["role"],
        scopes=frozenset(claims["scope"].split()),
        institution_ids=tuple(UUID(each) for each in claims["iids"]),
        client_id=UUID(claims["act"]) if claims.get("act") else None,
        session_id=UUID(claims["sid"]),
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
    )


def claims_of(principal: Principal) -> dict[str, Any]:
    """Return the access-token claims that say who `principal` is."""
    return {
        "sub": str(principal.account_id),
        "rid": str(principal.region_id),
        "role": principal.role,
        "scope": " ".join(sorted(principal.scopes)),
        "iids": [str(each) for each in principal.institution_ids],
        **({"act": str(principal.client_id)} if principal.client_id else {}),
        **({"sid": str(principal.session_id)} if principal.session_id else {}),
    }


class Requires:
    """Lets a request through whose token carries `scope`. Each route that is not public has exactly one.

    The one place where a role's rights are checked; rights over a person or an institution follow in the use case.
    """

    def __init__(self, scope: str) -> None:
        self.scope = scope

    async def __call__(self, principal: Annotated[Principal | None, Depends(find_principal)]) -> Principal:
        """Return the principal.

        Raises:
            problems.Unauthenticated: nobody is logged in.
            problems.Forbidden: the token lacks the scope.
        """
        if principal is None:
            raise problems.Unauthenticated
        if not principal.may(self.scope):
            raise problems.Forbidden(scope=self.scope)
        return principal


Purpose = Annotated[
    doing.Purpose | None,
    Header(alias="X-Purpose", description="查阅或办理的目的，写入审计记录并向本人公开"),
]


async def get_session(
    request: Request,
    now: Now,
    principal: Annotated[Principal | None, Depends(find_principal)],
    *,
    purpose: Purpose = None,
) -> AsyncIterator[AsyncSession]:
    """Open the request's one transaction behind the principal's fence; commit it before the answer goes out.

    A request that asked for people's rows and is refused leaves an audit row in a transaction of its own.
    """
    house = await house_of(request)
    doing.name_purpose(purpose)
    fence = principal.fence if principal else Fence()
    touched = None
    try:
        async with transaction(house.sessions, fence, now) as session:
            touched = trail.of(session)
            yield session
    except problems.Refusal as refusal:
        if touched is not None and refusal.status in _HIDDEN:
            async with transaction(house.sessions, fence, now) as session:
                await append.leave_refusal(session, touched, refused=refusal.code())
        raise


# scope="function": without it the commit would follow the answer, and a failed commit would still have said 200
Session = Annotated[AsyncSession, Depends(get_session, scope="function")]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern=r"^[\x21-\x7e]+$",
        description="同键同体只执行一次",
    ),
]


async def get_once(
    request: Request,
    session: Session,
    now: Now,
    principal: Annotated[Principal | None, Depends(find_principal)],
    *,
    key: IdempotencyKey = None,
) -> Once:
    """Return what makes a creating request happen once.

    Raises:
        problems.Unauthenticated: a key without an account to bind it to.
    """
    if principal is None:
        raise problems.Unauthenticated
    return Once(
        session=session,
        region_id=principal.region_id,
        account_id=principal.account_id,
        route=f"{request.method} {request.url.path}",
        key=key,
        now=now,
        cipher=(await house_of(request)).cipher,
    )


OnlyOnce = Annotated[Once, Depends(get_once)]


@dataclass(frozen=True, slots=True)
class Paging:
    """The page a request asks for, and what makes its cursors."""

    limit: int
    cursor: str | None
    cursors: paging.Cursors

    def of(self, listing: str) -> paging.PageRequest:
        """Return the page of a named list.

        Raises:
            problems.CursorInvalid: the cursor is forged or of another list.
        """
        return paging.PageRequest(self.limit, self.cursors.read(listing, self.cursor) if self.cursor else None)


async def get_paging(request: Request, limit: paging.Limit = 50, cursor: paging.CursorText = None) -> Paging:
    """Return the page that the query string asks for."""
    return Paging(limit, cursor, (await house_of(request)).cursors)


Pages = Annotated[Paging, Depends(get_paging)]


def with_etag(request: Request, answer: BaseModel) -> Response:
    """Return `answer` with an ETag, or 304 without a body when the phone has it already."""
    body = answer.model_dump_json(by_alias=True).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    asked = request.headers.get("if-none-match", "")
    if etag in {each.strip().removeprefix("W/") for each in asked.split(",")}:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


UNCHANGED: Final[dict[int | str, dict[str, Any]]] = {304: {"description": "内容未变"}}
"""How a read is documented that answers only what the client does not have yet."""


def refuses(*kinds: type[problems.Refusal], keyed: bool = False, etag: bool = False) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route: every way it can refuse, by status; 401, 403, 422 and 429 always.

    What the house itself refuses anywhere (no database, a body too large) the contract adds. `keyed` adds the refusals
    of an Idempotency-Key, `etag` that nothing has changed since the client's copy.
    """
    always: tuple[type[problems.Refusal], ...] = (
        problems.Unauthenticated, problems.Forbidden, problems.Malformed, rate_limits.TooManyRequests,
    )  # fmt: skip
    with_key = (problems.KeyInFlight, problems.KeyReused, problems.Collision) if keyed else ()
    documented: dict[int | str, dict[str, Any]] = dict(UNCHANGED) if etag else {}
    for status in sorted({kind.status for kind in (*always, *with_key, *kinds)}):
        named = {kind.code(): kind for kind in (*always, *with_key, *kinds) if kind.status == status}
        # no model: FastAPI would make one for each route and status, and the contract has the one they share
        documented[status] = {"description": "；".join(f"`{code}` {kind.title()}" for code, kind in named.items())}
    return documented
