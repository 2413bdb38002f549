"""The table of what is taken off a family's own part of a bill (减免)."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint

from service.catalog.models import DatedRow
from service.core.db import fences, rows, turns


class ReductionRule(DatedRow, table=True):
    """减免 of an institution, or (`institution_id` null) of the region, dated, under its own code."""

    __tablename__ = "reduction_rules"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        rows.one_at_a_time(
            "reduction_rules_one", "region_id", "coalesce(institution_id, region_id)", "code", period=rows.DATED
        ),
        CheckConstraint("ratio > 0 and ratio <= 1", name="ratio"),
        CheckConstraint("bill_cap_fen > 0", name="bill_cap"),
    )

    institution_id: UUID | None = None
    code: str
    title: str
    key_groups: list[str] = rows.texts()
    codes: list[str] = rows.texts()
    ratio: Decimal = rows.exact()
    bill_cap_fen: int | None = rows.fen(nullable=True, default=None)


_OWN = f"({fences.Fence.institution}) or ({fences.Fence.region_owned} and institution_id is null)"
fences.fence(ReductionRule, fences.Fence.region, adds=_OWN, changes=_OWN)
turns.take_turns(ReductionRule, "region_id", "code")
