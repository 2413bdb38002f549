"""The table of round plans: one in force at a time per person, institution and kind of order."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, Index, SmallInteger
from sqlmodel import Field

from service.core.db import fences, rows, turns
from service.orders.rounds import rules
from service.orders.rules import OrderKind


class RoundPlan(rows.InstitutionRow, table=True):
    """Who is seen every `every_days` days, on which weekdays (1 = Monday), in which half of the day, for what."""

    __tablename__ = "round_plans"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        rows.refers("person_id", to="patients"),
        CheckConstraint(f"kind in ({', '.join(repr(str(each)) for each in OrderKind)})", name="kind"),
        CheckConstraint(f"half_day in ({', '.join(repr(str(each)) for each in rules.HalfDay)})", name="half_day"),
        CheckConstraint("minimum_days between 1 and every_days and every_days <= 366", name="days"),
        CheckConstraint("cardinality(weekdays) between 1 and 7 and weekdays <@ '{1,2,3,4,5,6,7}'", name="weekdays"),
        CheckConstraint("valid_to is null or valid_to >= valid_from", name="ends_after_it_starts"),
        rows.one_at_a_time("round_plans_one", "region_id", "institution_id", "person_id", "kind", period=rows.DATED),
        Index("ix_round_plans_list", "region_id", "institution_id", "id"),  # an institution's list
    )

    kind: str
    person_id: UUID
    items: Any = rows.document()
    every_days: int
    minimum_days: int
    weekdays: list[int] = Field(sa_type=ARRAY(SmallInteger))
    half_day: str
    mobility_reason: str
    valid_from: date
    valid_to: date | None = None
    entered_by_account_id: UUID
    entered_at: datetime = rows.moment()


fences.fence(RoundPlan, fences.Fence.institution)
# an exclusion constraint alone would let two inserts at once wait for each other
turns.take_turns(RoundPlan, "region_id", "person_id")
