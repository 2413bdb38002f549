"""The table of overflow agreements: which institution's staff may serve another one's orders, on which days."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from service.core.db import fences, rows, turns
from service.orders.rules import OrderKind

_KINDS = ", ".join(repr(str(each)) for each in OrderKind)


class OverflowAgreement(rows.RegionRow, table=True):
    """Two institutions' agreement that one's staff serve orders of the other when it has no room itself.

    Dated, both days included, None = open. `order_kinds` empty = all kinds; `price_minutes` is what each visit costs a
    plan, in minutes of travel, that is given away.
    """

    __tablename__ = "overflow_agreements"
    __table_args__ = (
        rows.refers("giving_institution_id", to="institutions"),
        rows.refers("helping_institution_id", to="institutions"),
        CheckConstraint("giving_institution_id <> helping_institution_id", name="of_two"),
        CheckConstraint(f"order_kinds <@ array[{_KINDS}]::text[]", name="order_kinds"),
        CheckConstraint("price_minutes between 0 and 600", name="price_minutes"),
        CheckConstraint("valid_to >= valid_from", name="ends_after_it_starts"),
        rows.one_at_a_time(
            "overflow_agreements_once",
            "region_id",
            "giving_institution_id",
            "helping_institution_id",
            period=rows.DATED,
        ),
        # what holds between the institutions of a plan
        Index("ix_overflow_agreements_giving", "region_id", "giving_institution_id"),
    )

    giving_institution_id: UUID
    helping_institution_id: UUID
    order_kinds: list[str] = rows.texts()
    price_minutes: int = Field(default=60)
    valid_from: date
    valid_to: date | None = None
    recorded_by_account_id: UUID
    recorded_at: datetime = rows.moment()


# who helps whom out is told to everybody of the region; only its administration records what was signed
fences.fence(OverflowAgreement, fences.Fence.region, adds=fences.Fence.region_owned, changes=fences.Fence.region_owned)
# an exclusion constraint alone would let two inserts at once wait for each other
turns.take_turns(OverflowAgreement, "region_id", "giving_institution_id", "helping_institution_id")
