"""The hand-written contender: bare FastAPI, asyncpg, as few round trips as it can, the same guarantees as ours.

Token and live session, the fence of row-level security, scope, problem answers, the audit row in the transaction, the
ETag: everything that ours promises, and nothing between the route and its statements.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
from fastapi import Depends, FastAPI, Header, Query, Request, Response
from sqlalchemy.engine import make_url

from service.core import http, keyring, paging, problem_handlers, problems
from service.core.crypt import FieldCipher
from service.core.principal import Principal
from service.core.settings import get_settings
from service.core.signing import Signer, TokenInvalid
from service.orders.rules import OrderState

FENCE = """
select set_config('app.region_id', $1, true), set_config('app.institution_ids', $2, true),
       set_config('app.account_id', $3, true), set_config('app.region_wide', 'off', true),
       set_config('app.now', $4, true), app_session_lives($5, $6, $7) as lives
"""
AUDIT = "audit_append($1, null, $2, $3, $4, $5, $6, $7, $8, null, $9, $10, $11)"
_REFUSED = "select audit_append($1, null, $2, $3, null, $4, '{}', $5, '[]', $6, $7, $8, $9)"
_SUMMARY = """o.id, o.order_no, o.institution_id, o.kind, o.person_id, o.home_id, o.state, o.service_on, o.wished,
    o.staff_count, o.preferred_practitioner_id, o.staff_sex, o.preferred_only, o.excluded_practitioner_ids,
    o.same_staff, o.also_wished, o.staff_sex_required,
    (select array_agg(row(i.code, i.quantity) order by i.code) from order_items i
     where i.region_id = o.region_id and i.order_id = o.id) as items"""
_READ = f"""
with o as materialized (select * from orders where region_id = $12 and id = $13),
told as (select {AUDIT.replace("$6", "array[o.person_id]")} from o where $6::uuid[] is not null)
select {_SUMMARY}, o.mobility_reason, o.distance_metres, o.placed_by_account_id, o.placed_at,
    (select array_agg(row(m.seq, m.from_state, m.to_state, m.moved_at, m.moved_by_account_id, m.because) order by m.seq)
     from order_moves m where m.region_id = o.region_id and m.order_id = o.id) as moves
from o, told
"""
_LIST = f"""
with o as materialized (
    select * from orders where region_id = $12 and institution_id = any($19::uuid[])
      and ($13::uuid is null or id > $13) and ($14::text is null or state = $14)
      and ($15::date is null or service_on = $15) and ($16::uuid is null or institution_id = $16)
      and ($17::uuid is null or person_id = $17)
    order by id limit $18),
told as (select {AUDIT.replace("$6", "people.ids")}
         from (select array_agg(distinct person_id order by person_id) as ids from o) people
         where people.ids is not null and $6::uuid[] is not null)
select {_SUMMARY} from o, told order by o.id
"""
_RIGHT = """
select exists (select 1 from care_relations r where r.region_id = $1 and r.person_id = $2 and
    r.during @> $4::timestamptz and (r.account_id = $3 or r.institution_id = any($5::uuid[]))
    and (r.kind = 'institution' or 'view' = any(r.rights)))
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds."""

    pool: asyncpg.Pool
    signer: Signer
    cipher: FieldCipher
    cursors: paging.Cursors


async def _nothing(_: asyncpg.Connection) -> None:
    # all that a request sets ends with its transaction: the pool need not ask for a reset
    return None


@asynccontextmanager
async def _open(app: FastAPI) -> AsyncIterator[None]:
    settings = get_settings()
    keys = keyring.load(settings.keyring_path)
    url = make_url(settings.database_url)
    pool = await asyncpg.create_pool(
        host=url.query["host"],
        port=int(str(url.query["port"])),
        user=url.username,
        database=url.database,
        min_size=settings.pool_size,
        max_size=settings.pool_size,
        reset=_nothing,
        server_settings={"timezone": "UTC"},
    )
    app.state.held = Held(pool, Signer(keys), FieldCipher(keys), paging.Cursors(keys.index.secret))
    async with pool:
        yield


@dataclass(slots=True)
class Asker:
    """Who asks, by which request, on which connection."""

    principal: Principal
    held: Held
    connection: asyncpg.Connection
    request: Request
    now: datetime
    purpose: str | None

    @property
    def subject(self) -> str | None:
        """Return the ids in the path."""
        return "&".join(f"{name}={value}" for name, value in self.request.path_params.items()) or None

    @property
    def origin(self) -> tuple[str | None, str | None, str]:
        """Return the address, the client's digest and the request's id."""
        agent = self.request.headers.get("user-agent")
        client = self.request.client
        return (
            client.host if client else None,
            hashlib.sha256(agent.encode()).hexdigest()[:16] if agent else None,
            self.request.headers.get("x-request-id") or uuid4().hex,
        )

    def audit(self, operation: str, *, reads: list[str], changes: str = "[]", persons: list[UUID] | None = None) -> Any:
        """Return the eleven parameters of `AUDIT`."""
        asks = self.principal
        return (
            asks.role, asks.session_id, operation, self.purpose, self.subject, persons or [], reads, changes,
            *self.origin,
        )  # fmt: skip


def _principal(request: Request, scope: str) -> Principal:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise problems.Unauthenticated
    try:
        claims = request.app.state.held.signer.verify(token, audience=http.ACCESS_AUDIENCE)
        principal = http.principal_of(claims)
    except (TokenInvalid, KeyError, ValueError, TypeError):
        raise problems.Unauthenticated from None
    if scope not in principal.scopes:
        raise problems.Forbidden(scope=scope)
    return principal


async def _raise_fence(asks: Asker) -> None:
    who = asks.principal
    institutions = "{" + ",".join(map(str, who.institution_ids)) + "}"
    row = await asks.connection.fetchrow(
        FENCE, str(who.region_id), institutions, str(who.account_id), asks.now.isoformat(), who.region_id,
        who.account_id, who.session_id,
    )  # fmt: skip
    if not row["lives"]:
        raise problems.Unauthenticated


class Asks:
    """A transaction behind the asker's fence, committed before the answer goes out."""

    def __init__(self, scope: str, *, touches: list[str]) -> None:
        self.scope = scope
        self.touches = touches

    async def __call__(
        self, request: Request, purpose: Annotated[str | None, Header(alias="X-Purpose")] = None
    ) -> AsyncIterator[Asker]:
        """Yield who asks."""
        principal = _principal(request, self.scope)
        held: Held = request.app.state.held
        async with held.pool.acquire() as connection:
            asks = Asker(principal, held, connection, request, datetime.now(UTC), purpose)
            try:
                async with connection.transaction():
                    await _raise_fence(asks)
                    yield asks
            except problems.Refusal as refusal:
                if refusal.status in {403, 404}:
                    await self._leave_refusal(asks, refusal)
                raise

    async def _leave_refusal(self, asks: Asker, refusal: problems.Refusal) -> None:
        async with asks.connection.transaction():
            await _raise_fence(asks)
            await asks.connection.execute(
                _REFUSED, asks.principal.role, asks.principal.session_id, asks.request.scope["route"].name,
                asks.subject, self.touches, refusal.code(), *asks.origin,
            )  # fmt: skip


def moment(at: datetime) -> str:
    """Return a moment as RFC 3339 in UTC."""
    return at.isoformat().replace("+00:00", "Z")


def text(value: UUID | None) -> str | None:
    """Return an id as text."""
    return None if value is None else str(value)


def summary(row: Any) -> dict[str, Any]:
    """Return an order as a list shows it."""
    return {
        "id": str(row["id"]),
        "order_no": row["order_no"],
        "institution_id": str(row["institution_id"]),
        "kind": row["kind"],
        "person_id": str(row["person_id"]),
        "home_id": str(row["home_id"]),
        "state": row["state"],
        "service_on": row["service_on"].isoformat(),
        "wished_start": moment(row["wished"].lower),
        "wished_end": moment(row["wished"].upper),
        "also_wished": [{"start": moment(each.lower), "end": moment(each.upper)} for each in row["also_wished"]],
        "staff_count": row["staff_count"],
        "items": [{"code": code, "quantity": quantity} for code, quantity in row["items"] or ()],
        "preferred_practitioner_id": text(row["preferred_practitioner_id"]),
        "staff_sex": row["staff_sex"],
        "staff_sex_required": row["staff_sex_required"],
        "preferred_only": row["preferred_only"],
        "excluded_practitioner_ids": [str(each) for each in row["excluded_practitioner_ids"]],
        "same_staff": row["same_staff"],
    }


def answer(body: dict[str, Any], *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON answer."""
    said = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(said, status_code=status, media_type="application/json", headers=headers)


def with_etag(request: Request, body: dict[str, Any]) -> Response:
    """Return a JSON answer with its ETag, or 304."""
    said = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    etag = f'"{hashlib.sha256(said).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if etag in {each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")}:
        return Response(status_code=304, headers=headers)
    return Response(said, media_type="application/json", headers=headers)


_TOUCHED = ["order_items", "order_moves", "orders"]
_LISTED = ["order_items", "orders"]
Reads = Annotated[Asker, Depends(Asks("orders:read", touches=["orders"]), scope="function")]


async def read_order(order_id: UUID, request: Request, asks: Reads) -> Response:
    """Return an order."""
    who = asks.principal
    row = await asks.connection.fetchrow(
        _READ, *asks.audit("read_order", reads=_TOUCHED), who.region_id, order_id
    )  # fmt: skip
    if row is None:
        raise problems.NotFound(what="订单")
    if row["institution_id"] not in who.institution_ids and not await asks.connection.fetchval(
        _RIGHT, who.region_id, row["person_id"], who.account_id, asks.now, list(who.institution_ids)
    ):
        raise problems.NotFound(what="居民")
    return with_etag(request, order_of(row))


def order_of(row: Any) -> dict[str, Any]:
    """Return an order with its history."""
    return summary(row) | {
        "mobility_reason": row["mobility_reason"],
        "distance_metres": row["distance_metres"],
        "placed_by_account_id": str(row["placed_by_account_id"]),
        "placed_at": moment(row["placed_at"]),
        "moves": [
            {
                "seq": seq,
                "from_state": before,
                "to_state": after,
                "moved_at": moment(moved_at),
                "moved_by_account_id": text(by),
                "because": because,
            }
            for seq, before, after, moved_at, by, because in row["moves"] or ()
        ],
    }


async def list_orders(
    asks: Reads,
    state: OrderState | None = None,
    service_on: date | None = None,
    institution_id: UUID | None = None,
    person_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Response:
    """Return a page of the orders of the asker's institutions."""
    who = asks.principal
    if not who.institution_ids:
        raise problems.NotFound(what="机构")  # an elder's own list is not measured here
    after = asks.held.cursors.read("orders", cursor) if cursor else None
    rows = await asks.connection.fetch(
        _LIST, *asks.audit("list_orders", reads=_LISTED), who.region_id, after, state, service_on, institution_id,
        person_id, limit + 1, list(who.institution_ids),
    )  # fmt: skip
    more = len(rows) > limit
    shown = rows[:limit]
    return answer(
        {
            "items": [summary(row) for row in shown],
            "next_cursor": asks.held.cursors.make("orders", shown[-1]["id"]) if more else None,
        }
    )


def build(place_order: Callable[..., Any]) -> FastAPI:
    """Return the app with the booking that stands on this module."""
    app = FastAPI(lifespan=_open)
    app.get("/v1/orders/{order_id}")(read_order)
    app.get("/v1/orders")(list_orders)
    app.post("/v1/orders", status_code=201)(place_order)
    problem_handlers.install(app)
    return app
