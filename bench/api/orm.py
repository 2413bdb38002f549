"""The common contender: FastAPI with a session per request, SQLAlchemy's ORM with relationships, a response model.

Written the way the framework's tutorials and templates do it, on the same tables, with the same results: mapped
classes, `selectinload`, dependencies that fetch the session's account, `response_model`, a commit at the end.
"""

import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import Depends, FastAPI, Query, Request
from sqlalchemy import Text, Uuid, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import registry, relationship, selectinload

from service.accounts.models import Account, AccountSession
from service.booking.schemas import BookingRead
from service.core import http, keyring, paging, problem_handlers, problems
from service.core.crypt import FieldCipher
from service.core.db.fences import table_of
from service.core.principal import Principal
from service.core.settings import get_settings
from service.core.signing import Signer, TokenInvalid
from service.orders import models as tables
from service.orders.rules import OrderState
from service.orders.schemas import OrderRead, OrderSummary

mapped = registry()


class OrderItem:
    """A service asked for."""


class OrderMove:
    """A step of an order."""


class Order:
    """An order with its items and its history."""

    @property
    def wished_start(self) -> datetime:
        """The start of the window."""
        return self.wished.lower

    @property
    def wished_end(self) -> datetime:
        """The end of the window."""
        return self.wished.upper


mapped.map_imperatively(OrderItem, table_of(tables.OrderItem))
mapped.map_imperatively(OrderMove, table_of(tables.OrderMove))
mapped.map_imperatively(
    Order,
    table_of(tables.Order),
    properties={
        "items": relationship(OrderItem, order_by=table_of(tables.OrderItem).c.code, viewonly=True),
        "moves": relationship(OrderMove, order_by=table_of(tables.OrderMove).c.seq, viewonly=True),
    },
)


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds."""

    engine: AsyncEngine
    sessions: async_sessionmaker[AsyncSession]
    signer: Signer
    cipher: FieldCipher
    cursors: paging.Cursors


async def get_session(request: Request) -> AsyncIterator[AsyncSession]:
    """Yield the request's session, and commit it."""
    async with request.app.state.held.sessions() as session:
        yield session
        await session.commit()


Session = Annotated[AsyncSession, Depends(get_session, scope="function")]


async def current_principal(request: Request, session: Session) -> Principal:
    """Return who asks: the token's account, whose session and account are fetched."""
    _, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        claims = request.app.state.held.signer.verify(token, audience=http.ACCESS_AUDIENCE)
        principal = http.principal_of(claims)
    except (TokenInvalid, KeyError, ValueError, TypeError):
        raise problems.Unauthenticated from None
    await _raise_fence(session, principal)
    found = await session.execute(
        select(AccountSession, Account)
        .join(Account, (Account.region_id == AccountSession.region_id) & (Account.id == AccountSession.account_id))
        .where(AccountSession.region_id == principal.region_id, AccountSession.id == principal.session_id)
    )
    row = found.one_or_none()
    if row is None or row[0].revoked_at or row[0].expires_at <= datetime.now(UTC) or row[1].status != "active":
        raise problems.Unauthenticated
    return principal


Who = Annotated[Principal, Depends(current_principal)]


async def _raise_fence(session: AsyncSession, who: Principal) -> None:
    settings = {
        "app.region_id": str(who.region_id),
        "app.institution_ids": "{" + ",".join(map(str, who.institution_ids)) + "}",
        "app.account_id": str(who.account_id),
        "app.now": datetime.now(UTC).isoformat(),
    }
    await session.execute(select(*(func.set_config(name, value, True) for name, value in settings.items())))


async def leave_row(
    request: Request,
    session: AsyncSession,
    who: Principal,
    *,
    reads: list[str],
    persons: list[UUID],
    changes: Any = (),
    purpose: str | None = None,
) -> None:
    """Write down what was done."""
    agent = request.headers.get("user-agent")
    subject = "&".join(f"{name}={value}" for name, value in request.path_params.items()) or None
    await session.execute(
        select(
            func.audit_append(
                who.role, None, who.session_id, request.scope["route"].name, purpose, subject,
                literal(persons, ARRAY(Uuid)), literal(reads, ARRAY(Text)),
                literal(list(changes), JSONB), None,
                request.client.host if request.client else None,
                hashlib.sha256(agent.encode()).hexdigest()[:16] if agent else None, uuid4().hex,
            )
        )
    )  # fmt: skip


def require(who: Principal, scope: str) -> None:
    """Refuse a token without a scope."""
    if scope not in who.scopes:
        raise problems.Forbidden(scope=scope)


async def read_order(order_id: UUID, request: Request, session: Session, who: Who) -> Any:
    """Return an order."""
    require(who, "orders:read")
    query = (
        select(Order)
        .where(Order.region_id == who.region_id, Order.id == order_id)
        .options(selectinload(Order.items), selectinload(Order.moves))
    )
    order = (await session.execute(query)).scalar_one_or_none()
    if order is None or order.institution_id not in who.institution_ids:
        raise problems.NotFound(what="订单")
    reads = ["order_items", "order_moves", "orders"]
    await leave_row(request, session, who, reads=reads, persons=[order.person_id])
    return order


async def list_orders(
    request: Request,
    session: Session,
    who: Who,
    *,
    state: OrderState | None = None,
    service_on: date | None = None,
    institution_id: UUID | None = None,
    person_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> Any:
    """Return a page of the orders of the asker's institutions."""
    require(who, "orders:read")
    orders: Any = Order
    query = select(Order).where(orders.region_id == who.region_id, orders.institution_id.in_(who.institution_ids))
    asked = {"state": state, "service_on": service_on, "institution_id": institution_id, "person_id": person_id}
    query = query.filter_by(**{name: value for name, value in asked.items() if value is not None})
    if cursor:
        query = query.where(orders.id > request.app.state.held.cursors.read("orders", cursor))
    query = query.options(selectinload(orders.items)).order_by(orders.id).limit(limit + 1)
    found: Any = (await session.execute(query)).scalars().all()
    shown = found[:limit]
    persons = sorted({order.person_id for order in found})
    await leave_row(request, session, who, reads=["order_items", "orders"], persons=persons)
    more = len(found) > limit
    last = request.app.state.held.cursors.make("orders", shown[-1].id) if more else None
    return {"items": shown, "next_cursor": last}


def build(place_order: Callable[..., Any]) -> FastAPI:
    """Return the app with the booking that stands on this module."""
    settings = get_settings()
    keys = keyring.load(settings.keyring_path)
    engine = create_async_engine(
        settings.database_url,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_size,
        pool_pre_ping=True,
        connect_args={"server_settings": {"timezone": "UTC"}},
    )
    sessions = async_sessionmaker(engine, expire_on_commit=False)
    app = FastAPI()
    app.state.held = Held(engine, sessions, Signer(keys), FieldCipher(keys), paging.Cursors(keys.index.secret))
    app.get("/v1/orders/{order_id}", response_model=OrderRead)(read_order)
    app.get("/v1/orders", response_model=paging.Page[OrderSummary])(list_orders)
    app.post("/v1/orders", status_code=201, response_model=BookingRead)(place_order)
    problem_handlers.install(app)
    return app
