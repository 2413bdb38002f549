"""Tables of home beds: one open bed per person in the whole region."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint

from service.core.db import fences, rows, turns


class Bed(rows.InstitutionRow, table=True):
    """A home-bed episode, open on [opened_on, closed_on)."""

    __tablename__ = "beds"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        rows.refers("person_id", to="patients"),
        rows.refers("doctor_id", to="practitioners"),
        UniqueConstraint("region_id", "institution_id", "bed_no", name="beds_no_once"),
        rows.one_at_a_time("beds_one_open", "region_id", "person_id", period="daterange(opened_on, closed_on, '[)')"),
        CheckConstraint("payment in ('per_item', 'per_diem')", name="payment"),
        CheckConstraint("closed_on is null or closed_on > opened_on", name="closes_after_it_opens"),
    )

    bed_no: str
    person_id: UUID
    doctor_id: UUID
    opened_on: date
    closed_on: date | None = None
    payment: str = "per_item"
    excluded_codes: list[str] = rows.texts()
    closing_reason: str | None = None


fences.fence(Bed, fences.Fence.institution_or_person)
# Is there an open bed on that day, and how is it paid? Asked by whoever bills a visit, whatever the institution.
fences.definer(
    Bed,
    "beds_open_on(asked_person uuid, asked_on date)",
    "table (bed_id uuid, institution_id uuid, opened_on date, closed_on date, payment text, excluded_codes text[])",
    """
select b.id, b.institution_id, b.opened_on, b.closed_on, b.payment, b.excluded_codes from beds b
where b.region_id = app_region() and b.person_id = asked_person
  and b.opened_on <= asked_on and (b.closed_on is null or asked_on < b.closed_on)
  and app_sees_person(b.region_id, b.person_id)
""",
)
# an exclusion constraint alone would let two inserts at once wait for each other
turns.take_turns(Bed, "region_id", "person_id")
