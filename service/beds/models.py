"""Tables of beds: one open bed per person in the whole region; days on which it is paused lie within the stay."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint

from service.beds import functions
from service.catalog.models import one_of, word
from service.catalog.per_diem_rules import StayKind
from service.core.db import fences, rows, turns


class Bed(rows.InstitutionRow, table=True):
    """A stay, open on [opened_on, closed_on). One paid by the day keeps the agreement with which it began."""

    __tablename__ = "beds"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        rows.refers("person_id", to="patients"),
        rows.refers("doctor_id", to="practitioners"),
        rows.refers("agreement_id", to="per_diem_agreements"),
        UniqueConstraint("region_id", "institution_id", "bed_no", name="beds_no_once"),
        rows.one_at_a_time("beds_one_open", "region_id", "person_id", period="daterange(opened_on, closed_on, '[)')"),
        CheckConstraint("payment in ('per_item', 'per_diem')", name="payment"),
        one_of("kind", StayKind),
        CheckConstraint("agreement_id is null or payment = 'per_diem'", name="agreement"),
        CheckConstraint("closed_on is null or closed_on > opened_on", name="closes_after_it_opens"),
    )

    bed_no: str
    kind: str = word(StayKind.treatment)
    person_id: UUID
    doctor_id: UUID
    opened_on: date
    closed_on: date | None = None
    payment: str = "per_item"
    agreement_id: UUID | None = None
    excluded_codes: list[str] = rows.texts()
    closing_reason: str | None = None


class BedPause(rows.InstitutionRow, table=True):
    """Days [first, until) on which a bed funds nothing and bills nothing; `until` null = until further notice.

    A pause that was cut to nothing never was.
    """

    __tablename__ = "bed_pauses"
    __table_args__ = (
        rows.refers("bed_id", to="beds"),
        # also finds the pauses of a bed
        rows.one_at_a_time("bed_pauses_one", "region_id", "bed_id", period="daterange(first, until, '[)')"),
        CheckConstraint("until is null or until >= first", name="ends_after_it_starts"),
    )

    bed_id: UUID
    first: date
    until: date | None = None
    reason: str


fences.fence(Bed, fences.Fence.institution_or_person)
fences.fence(
    BedPause,
    "exists (select 1 from beds b where b.region_id = bed_pauses.region_id and b.id = bed_id)",
    adds=fences.Fence.institution,
    changes=fences.Fence.institution,
)
functions.create(Bed, BedPause)
# an exclusion constraint alone would let two inserts at once wait for each other
turns.take_turns(Bed, "region_id", "person_id")
turns.take_turns(BedPause, "region_id", "bed_id")
