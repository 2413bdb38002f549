"""The table of parked bills: one open per visit; what was decided stays."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, text

from service.billing.models import Settlement
from service.core.db import fences, rows


class ParkedSettlement(rows.InstitutionRow, table=True):
    """A bill that met a bound: why, what it came to then, and what a named person decided about it."""

    __tablename__ = "parked_settlements"
    __table_args__ = (
        rows.refers("visit_id", to="visits"),
        rows.refers("person_id", to="patients"),
        rows.refers("settlement_id", to="settlements"),
        CheckConstraint("state in ('open', 'released', 'rejected')", name="state"),
        CheckConstraint(
            "(state = 'open') = (decided_at is null) and (decided_at is null) = (decided_by_account_id is null)"
            " and (decided_at is null) = (reason is null)",
            name="decided_whole",
        ),
        CheckConstraint("settlement_id is null or state = 'released'", name="settled"),
        # a visit waits once; also finds the open one of a visit
        Index(
            "parked_settlements_one_open",
            "region_id",
            "visit_id",
            unique=True,
            postgresql_where=text("state = 'open'"),
        ),
        Index("ix_parked_settlements_visit", "region_id", "visit_id"),  # what was decided about a visit
        Index("ix_parked_settlements_list", "region_id", "institution_id", "id"),  # an institution's list
    )

    visit_id: UUID
    person_id: UUID
    service_on: date
    reasons: Any = rows.document()
    gross_fen: int = rows.fen()
    patient_fen: int = rows.fen()
    parked_at: datetime = rows.moment()
    state: str = "open"
    reason: str | None = None
    collect_rise: bool | None = None
    decided_by_account_id: UUID | None = None
    decided_at: datetime | None = rows.moment(nullable=True, default=None)
    settlement_id: UUID | None = None


fences.fence(ParkedSettlement, fences.Fence.institution, verbs="select, insert, update")
fences.statement(
    ParkedSettlement,
    """
create function parked_settlements_decided_for_good() returns trigger language plpgsql as $body$
begin
    -- the settlement that a release makes is named once, right after it
    if old.state <> 'open' and not (old.state = 'released' and old.settlement_id is null
            and new.settlement_id is not null
            and (to_jsonb(new) - 'settlement_id') = (to_jsonb(old) - 'settlement_id')) then
        raise exception 'decided' using errcode = '23514', constraint = 'parked_settlements_decided_for_good';
    end if;
    return new;
end
$body$
""",
)
fences.statement(
    ParkedSettlement,
    "create trigger parked_settlements_decided_for_good before update on parked_settlements"
    " for each row execute function parked_settlements_decided_for_good()",
)
# How often was he billed that day? Asked by whoever bills him, whatever the institution; no bill is shown.
fences.definer(
    Settlement,
    "billing_settled_that_day(asked_person uuid, asked_on date)",
    "bigint",
    """
select count(*) from settlements s
where s.region_id = app_region() and s.person_id = asked_person and s.service_on = asked_on and s.kind = 'visit'
  and app_sees_person(s.region_id, s.person_id)
  and not exists (select 1 from reversals r where r.region_id = s.region_id and r.settlement_id = s.id)
""",
)
