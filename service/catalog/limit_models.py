"""The table of how often something may be charged to a person of the region."""

from sqlalchemy import CheckConstraint

from service.catalog.limit_rules import LimitPer
from service.catalog.models import DatedRow, one_of
from service.core.db import fences, rows, turns


class PriceLimit(DatedRow, table=True):
    """A limit of the region (建床费每周期一次, 同日会诊一次, 护理级别互斥, 每周上门服务费), dated, under its own code.

    A new row under the same code counts anew.
    """

    __tablename__ = "price_limits"
    __table_args__ = (
        rows.one_at_a_time("price_limits_one", "region_id", "code", period=rows.DATED),
        one_of("per", LimitPer),
        CheckConstraint("maximum > 0", name="maximum"),
        CheckConstraint("cardinality(codes) > 0", name="codes"),
    )

    code: str
    title: str
    codes: list[str] = rows.texts()
    per: str
    maximum: int


fences.fence(PriceLimit, fences.Fence.region, adds=fences.Fence.region_owned, changes=fences.Fence.region_owned)
turns.take_turns(PriceLimit, "region_id", "code")
