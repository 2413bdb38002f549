"""The table of stays in hospital (住院): they belong to the person, in the whole region."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint

from service.core.db import fences, rows, turns

PERIOD = "daterange(admitted_on, discharged_on, '[)')"


class HospitalStay(rows.RegionRow, table=True):
    """Days [admitted_on, discharged_on) that a person spends in a hospital; `discharged_on` None = still there."""

    __tablename__ = "hospital_stays"
    __table_args__ = (
        rows.refers("person_id", to="patients"),
        CheckConstraint("discharged_on >= admitted_on", name="discharged"),
        # nobody lies in two hospitals; also finds the stay of a day
        rows.one_at_a_time("hospital_stays_one", "region_id", "person_id", period=PERIOD),
    )

    person_id: UUID
    hospital: str
    admitted_on: date
    discharged_on: date | None = None
    noted_by_account_id: UUID
    noted_at: datetime = rows.moment()


fences.fence(HospitalStay, fences.Fence.person)
# an exclusion constraint alone would let two inserts at once wait for each other
turns.take_turns(HospitalStay, "region_id", "person_id")
