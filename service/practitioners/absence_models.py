"""The table of absences: when a member of staff is not there, whatever his shifts say."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index

from service.core.db import fences, rows, turns
from service.practitioners import absence_rules


class Absence(rows.InstitutionRow, table=True):
    """An absence [start, end) with its reason, who entered it and, where it was cut short, who did that."""

    __tablename__ = "absences"
    __table_args__ = (
        rows.refers("practitioner_id", to="practitioners"),
        # also finds the absences of a person
        rows.one_at_a_time("absences_one", "region_id", "practitioner_id", period="during"),
        CheckConstraint(
            f"reason in ({', '.join(repr(str(each)) for each in absence_rules.AbsenceReason)})", name="reason"
        ),
        CheckConstraint("not isempty(during) and not upper_inf(during) and not lower_inf(during)", name="whole"),
        CheckConstraint("(ended_at is null) = (ended_by_account_id is null)", name="ended_by_somebody"),
        Index("ix_absences_list", "region_id", "institution_id", "id"),  # an institution's list
    )

    practitioner_id: UUID
    during: object = rows.span()
    reason: str
    note: str = ""
    entered_by_account_id: UUID
    entered_at: datetime = rows.moment()
    ended_by_account_id: UUID | None = None
    ended_at: datetime | None = rows.moment(nullable=True, default=None)


fences.fence(Absence, fences.Fence.institution, verbs="select, insert, update, delete")
# Two inserts at once would wait for each other in the exclusion constraint: one comes after the other. And whoever
# promises him something at this moment waits, then sees the absence, or is waited for and seen (see
# `appointments_not_while_absent`): also when an absence is moved, and in a load that passes turns over.
fences.statement(
    Absence,
    f"""
create function absences_hold_calendar() returns trigger language plpgsql as $body$
begin
    {turns.in_trigger("absences", "region_id", "practitioner_id")}
    return new;
end
$body$
""",
)
fences.statement(
    Absence,
    "create trigger absences_hold_calendar before insert or update of region_id, practitioner_id, during on absences"
    " for each row execute function absences_hold_calendar()",
)
