"""The table of long-term care grades (长期护理保险失能等级评估): they belong to the person, in the whole region."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint

from service.core.db import fences, rows, turns


class LtciAssessment(rows.RegionRow, table=True):
    """A person's grade from a day on, both days included; None = open. `district_id` is where he was assessed."""

    __tablename__ = "ltci_assessments"
    __table_args__ = (
        rows.refers("person_id", to="patients"),
        rows.refers("district_id", to="districts"),
        CheckConstraint("grade between 0 and 5", name="grade"),
        # one grade at a time, wherever he was assessed; also finds the grade of a day
        rows.one_at_a_time("ltci_assessments_one", "region_id", "person_id", period=rows.DATED),
    )

    person_id: UUID
    district_id: UUID
    grade: int
    valid_from: date
    valid_to: date | None = None


fences.fence(LtciAssessment, fences.Fence.person)
# an exclusion constraint alone would let two inserts at once wait for each other
turns.take_turns(LtciAssessment, "region_id", "person_id")
