"""The table of what long-term care insurance (长期护理保险) of the region pays."""

from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint

from service.catalog.models import DatedRow, claim_codes
from service.core.db import fences, rows, turns


class LtciRuleRow(DatedRow, table=True):
    """What LTCI pays, dated: services, ratio, and the month's cap in fen of each eligible grade (`{"3": 155000}`).

    `insutype` and `med_types` are its codes on claims.
    """

    __tablename__ = "ltci_rules"
    __table_args__ = (
        rows.one_at_a_time("ltci_rules_one", "region_id", period=rows.DATED),
        CheckConstraint("pay_ratio between 0 and 1", name="pay_ratio"),
    )

    name: str
    codes: list[str] = rows.texts()
    pay_ratio: Decimal = rows.exact()
    monthly_caps: Any = rows.document()
    insutype: str | None = None
    med_types: Any = claim_codes()


fences.fence(LtciRuleRow, fences.Fence.region, adds=fences.Fence.region_owned, changes=fences.Fence.region_owned)
turns.take_turns(LtciRuleRow, "region_id")
