"""Tables of periods: what was asked for, and on which day each due round falls or why on none."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from service.core.db import fences, moves, rows
from service.orders.rounds.rules import HalfDay
from service.routing.period import states


class PeriodPlan(rows.RegionRow, table=True):
    """One distribution of due rounds over the days first … last (both included) of some institutions."""

    __tablename__ = "period_plans"
    __table_args__ = (
        rows.refers("area_id", to="dispatch_areas"),
        CheckConstraint(f"state in ({', '.join(repr(str(each)) for each in states.PeriodState)})", name="state"),
        CheckConstraint(f"last - first between 0 and {states.LONGEST_DAYS - 1}", name="days"),
        CheckConstraint("travel_minutes between 0 and 120", name="travel_minutes"),
        CheckConstraint(
            "(state = 'accepted') = (accepted_at is not null and accepted_by_account_id is not null)", name="accepted"
        ),
        CheckConstraint(
            "(cancelled_at is not null) = (state = 'cancelled')"
            " and (cancelled_by_account_id is not null) = (state = 'cancelled')",
            name="cancelled",
        ),
    )

    area_id: UUID | None = None
    institution_ids: list[UUID] = rows.uuids()
    first: date
    last: date
    travel_minutes: int
    state: str
    requested_by_account_id: UUID
    requested_at: datetime = rows.moment()
    solved_at: datetime | None = rows.moment(nullable=True, default=None)
    accepted_by_account_id: UUID | None = None
    accepted_at: datetime | None = rows.moment(nullable=True, default=None)
    cancelled_by_account_id: UUID | None = None
    cancelled_at: datetime | None = rows.moment(nullable=True, default=None)
    summary: Any = rows.document(nullable=True, default=None)
    failure: str | None = None


class PeriodRound(SQLModel, table=True):
    """The `seq`-th time that a round is due in the period: its day and half, or why it cannot be kept; its order.

    `owed_on`: when it fell due by its own count; what is overdue is due (`due_on`) on the period's first day.
    `overflow_agreement_ids`: by which agreements neighbours' staff are counted on for it.
    """

    __tablename__ = "period_rounds"
    __table_args__ = (
        rows.refers("period_plan_id", to="period_plans"),
        rows.refers("round_plan_id", to="round_plans"),
        rows.refers("person_id", to="patients"),
        rows.refers("order_id", to="orders"),
        UniqueConstraint("region_id", "order_id", name="period_rounds_order_once"),
        CheckConstraint(f"half_day in ({', '.join(repr(str(each)) for each in HalfDay)})", name="half_day"),
        CheckConstraint(f"reason in ({', '.join(repr(str(each)) for each in states.NotKept)})", name="reason"),
        CheckConstraint("(planned_on is null) = (half_day is null)", name="planned_whole"),
        CheckConstraint("planned_on is not null or reason is not null", name="planned_or_why_not"),
        CheckConstraint("order_id is null or planned_on is not null", name="ordered_as_planned"),
    )

    region_id: UUID = Field(primary_key=True)
    period_plan_id: UUID = Field(primary_key=True)
    round_plan_id: UUID = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    institution_id: UUID
    person_id: UUID
    due_on: date
    owed_on: date | None = None
    planned_on: date | None = None
    half_day: str | None = None
    reason: str | None = None
    # the version before, which goes on beside this one, writes none
    overflow_agreement_ids: list[UUID] = rows.uuids(sa_column_kwargs={"server_default": text("'{}'")})
    order_id: UUID | None = None
    refusal: Any = rows.document(nullable=True, default=None)


_MINE = f"{fences.Fence.region} and institution_ids <@ (select app_institutions())::uuid[]"
_PART = "exists (select 1 from period_plans p where p.region_id = period_rounds.region_id and p.id = period_plan_id)"

fences.fence(PeriodPlan, _MINE)
fences.fence(PeriodRound, _PART)
# of a period that is cancelled just when its answer comes nothing stays: its rounds are written with the move
moves.hold_to(PeriodPlan, states.MOVES)
