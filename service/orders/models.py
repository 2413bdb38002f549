"""Tables of orders. Illegal moves between states are refused by the database as well as by `rules`."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.core.db import fences, moves, rows, turns
from service.orders import functions, rules

_SEEN = ", ".join(repr(str(state)) for state in sorted(rules.SEEN))


class Order(rows.InstitutionRow, table=True):
    """A visit order. `distance_metres` is fixed at the quote and used by the bill; `staff_sex` null = anybody comes.

    `also_wished`: other windows of the day that suit as well. `staff_sex_required` false: of the other sex, too, if
    need be.

    `preferred_only`: nobody but the preferred comes; `same_staff`: whoever comes alone gives the person's other visits
    of the day too. `round_plan_id`, `round_owed_on`: the due round that it was placed for, null = by hand;
    `round_apart_days`: how far from it no other round of the plan is ordered, null = its day was chosen by hand.
    """

    __tablename__ = "orders"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        rows.refers("person_id", to="patients"),
        rows.refers("home_id", to="homes"),
        rows.refers("preferred_practitioner_id", to="practitioners"),
        rows.refers("round_plan_id", to="round_plans"),
        UniqueConstraint("region_id", "institution_id", "order_no", name="orders_no_once"),
        CheckConstraint(f"kind in ({', '.join(repr(str(kind)) for kind in rules.OrderKind)})", name="kind"),
        CheckConstraint(f"state in ({', '.join(repr(str(state)) for state in rules.OrderState)})", name="state"),
        CheckConstraint("distance_metres >= 0", name="distance"),
        CheckConstraint("staff_sex in ('female', 'male')", name="staff_sex"),
        CheckConstraint("not also_wished && wished and not also_wished -|- wished", name="also_wished"),
        CheckConstraint("(round_plan_id is null) = (round_owed_on is null)", name="round_whole"),
        CheckConstraint(
            "round_apart_days is null or (round_plan_id is not null and round_apart_days between 1 and 366)",
            name="round_apart",
        ),
        # a due round becomes one order, whoever accepts which period; one that fell through may be ordered again
        Index(
            "orders_round_once",
            "region_id",
            "round_plan_id",
            "round_owed_on",
            unique=True,
            postgresql_where=text(f"round_plan_id is not null and state in ({_SEEN})"),
        ),
        # two rounds of a plan keep its shortest interval, whoever accepts which period
        rows.one_at_a_time(
            "orders_round_apart",
            "region_id",
            "round_plan_id",
            period="daterange(service_on, service_on + round_apart_days)",
            where=f"round_apart_days is not null and state::text = any ('{{{','.join(sorted(rules.SEEN))}}}'::text[])",
        ),
        Index("ix_orders_day", "region_id", "institution_id", "service_on", "state"),  # the day's orders for a plan
        Index("ix_orders_person", "region_id", "person_id", "service_on"),  # an elder's own orders
    )

    order_no: str
    kind: str
    person_id: UUID
    home_id: UUID
    state: str
    service_on: date
    wished: object = rows.span()
    also_wished: Any = rows.spans(default_factory=list, sa_column_kwargs={"server_default": text("'{}'")})
    staff_count: int
    mobility_reason: str
    preferred_practitioner_id: UUID | None = None
    staff_sex: str | None = None
    staff_sex_required: bool = Field(default=True, sa_column_kwargs={"server_default": text("true")})
    preferred_only: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    excluded_practitioner_ids: list[UUID] = rows.uuids(sa_column_kwargs={"server_default": text("'{}'")})
    same_staff: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    distance_metres: int | None = None
    round_plan_id: UUID | None = None
    round_owed_on: date | None = None
    round_apart_days: int | None = None
    placed_by_account_id: UUID
    placed_at: datetime = rows.moment()


class OrderItem(SQLModel, table=True):
    """A service asked for in an order."""

    __tablename__ = "order_items"
    __table_args__ = (
        rows.refers("order_id", to="orders"),
        CheckConstraint("quantity between 1 and 99", name="quantity"),
    )

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID
    order_id: UUID = Field(primary_key=True)
    code: str = Field(primary_key=True)
    quantity: int


class OrderMove(SQLModel, table=True):
    """One move of an order from state to state: when, by whom, why. Append-only."""

    __tablename__ = "order_moves"
    __table_args__ = (rows.refers("order_id", to="orders"),)

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID
    order_id: UUID = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    from_state: str | None = None
    to_state: str
    moved_at: datetime = rows.moment()
    moved_by_account_id: UUID | None = None
    because: str


moves.hold_to(Order, rules.MOVES)
_PART = "exists (select 1 from orders o where o.region_id = {table}.region_id and o.id = order_id)"
# whoever only helps out with an order reads what it asks for (visits.helping)
_OWN_ITEMS = (
    "exists (select 1 from orders o where o.region_id = order_items.region_id and o.id = order_id and (OWN))"
).replace("OWN", fences.Fence.institution_or_person)
functions.create(Order)
# an exclusion constraint alone would let two inserts at once wait for each other; of orders by hand the key is null,
# and nobody waits for that
turns.take_turns(Order, "region_id", "round_plan_id")
# however it is written, an order begins at the beginning
_FIRST = ", ".join(repr(str(state)) for state in sorted(rules.FIRST_STATES))
fences.fence(
    Order,
    fences.Fence.institution_or_person,
    adds=f"({fences.Fence.institution_or_person}) and state in ({_FIRST})",
    changes=fences.Fence.institution_or_person,
)
fences.fence(
    OrderItem,
    _PART.format(table="order_items"),
    adds=_OWN_ITEMS,
    changes=_OWN_ITEMS,
    verbs="select, insert, update, delete",
)
fences.fence(OrderMove, _PART.format(table="order_moves"), verbs="select, insert")
