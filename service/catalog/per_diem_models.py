"""The table of per-diem agreements: what a day of a stay costs at an institution, dated."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint

from service.catalog.models import DatedRow, one_of, word
from service.catalog.per_diem_rules import StayKind
from service.catalog.rules import IncomeClass
from service.core.db import fences, rows, turns


class PerDiemAgreement(DatedRow, table=True):
    """按床日付费协议 of an institution and a kind of stay, for one insurance or (`plan_code` null) for all of them.

    Its figures are never changed: a new agreement is a new row, and a stay keeps the one with which it began.
    """

    __tablename__ = "per_diem_agreements"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        rows.one_at_a_time(
            "per_diem_agreements_one",
            "region_id",
            "institution_id",
            "kind",
            "coalesce(plan_code, '')",
            period=rows.DATED,
        ),
        one_of("kind", StayKind),
        CheckConstraint("daily_rate >= 0 and year_cap_fen >= 0", name="amounts"),
        CheckConstraint("pay_ratio between 0 and 1 and institution_share between 0 and 1", name="ratios"),
        one_of("income_class", IncomeClass),
    )

    institution_id: UUID
    kind: str
    plan_code: str | None = None
    daily_rate: Decimal = rows.exact()
    pay_ratio: Decimal = rows.exact()
    year_cap_fen: int = rows.fen()
    excluded_codes: list[str] = rows.texts()
    institution_share: Decimal = rows.exact(default=Decimal(0))
    income_class: str = word(IncomeClass.unified)


# what a day costs is public; an agreement with the fund is entered by the region's administration alone
fences.fence(PerDiemAgreement, fences.Fence.region, adds=fences.Fence.region_owned, changes=fences.Fence.region_owned)
turns.take_turns(PerDiemAgreement, "region_id", "institution_id", "kind")
