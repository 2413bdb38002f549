"""The table of bills that were made anew: added, never changed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint

from service.billing.resettling import guards
from service.core.db import fences, rows


class Resettlement(rows.InstitutionRow, table=True):
    """A bill that took the place of another: which, by whom, why, and what it changed (fen; negative: less).

    `differences`: payer → what it pays more, without those that pay the same. `borne`: what the institution bears of
    the new bill above what the family agreed to, each part with its reason.
    """

    __tablename__ = "resettlements"
    __table_args__ = (
        rows.refers("before_id", to="settlements"),
        rows.refers("after_id", to="settlements"),
        rows.refers("reversal_id", to="reversals"),
        # a bill gives way to one, and takes the place of one
        UniqueConstraint("region_id", "before_id", name="resettlements_once"),
        UniqueConstraint("region_id", "after_id", name="resettlements_of_one"),
        Index("ix_resettlements_list", "region_id", "institution_id", "id"),  # an institution's list
    )

    before_id: UUID
    after_id: UUID
    reversal_id: UUID
    gross_difference_fen: int = rows.fen()
    patient_difference_fen: int = rows.fen()
    differences: Any = rows.document()
    borne: Any = rows.document()
    reason: str
    resettled_by_account_id: UUID
    resettled_at: datetime = rows.moment()


fences.fence(Resettlement, fences.Fence.institution, verbs="select, insert")
guards.create(Resettlement)
