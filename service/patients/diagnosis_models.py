"""The table of diagnoses (诊断): they belong to the person, in the whole region, and none is ever rewritten."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from service.core.db import fences, rows, turns
from service.patients.diagnosis_rules import CODE, DiagnosisSource

_SOURCES = ", ".join(repr(str(each)) for each in DiagnosisSource)


class Diagnosis(rows.RegionRow, table=True):
    """What a person has from a day on, both days included; None = open. A mistake is withdrawn and stays on record."""

    __tablename__ = "diagnoses"
    __table_args__ = (
        rows.refers("person_id", to="patients"),
        rows.refers("recorded_by_institution_id", to="institutions"),
        CheckConstraint(f"code ~ '{CODE}'", name="code"),
        CheckConstraint(f"source in ({_SOURCES})", name="source"),
        CheckConstraint(
            "num_nonnulls(withdrawn_at, withdrawn_by_account_id, withdrawn_because) in (0, 3)", name="withdrawn_whole"
        ),
        # a code once at a time, whoever records it; also finds what he has on a day
        rows.one_at_a_time(
            "diagnoses_once", "region_id", "person_id", "code", period=rows.DATED, where="withdrawn_at is null"
        ),
        Index("ix_diagnoses_person", "region_id", "person_id"),  # list_diagnoses, withdrawn ones among them
    )

    person_id: UUID
    code: str
    name: str
    source: str = Field(default=DiagnosisSource.own, sa_column_kwargs={"server_default": DiagnosisSource.own})
    valid_from: date
    valid_to: date | None = None
    recorded_by_institution_id: UUID
    recorded_by_account_id: UUID
    recorded_at: datetime = rows.moment()
    withdrawn_at: datetime | None = rows.moment(nullable=True, default=None)
    withdrawn_by_account_id: UUID | None = None
    withdrawn_because: str | None = None


# somebody may have asked at the same moment as it was withdrawn: the row itself says no
_STAYS = """
create function diagnoses_withdrawn_stay() returns trigger language plpgsql as $body$
begin
    raise exception 'a withdrawn diagnosis stays as it is'
        using errcode = '23514', constraint = 'diagnoses_withdrawn_stay';
end
$body$
"""
_OWN = (
    f"{fences.Fence.person} and recorded_by_institution_id = any((select app_institutions())::uuid[])"
    " and recorded_by_account_id = (select app_account())"
)

# every institution that cares for the person may end or withdraw it, nobody enters one in another's name
fences.fence(Diagnosis, fences.Fence.person, adds=_OWN)
# what was found, by whom and since when never changes
fences.statement(Diagnosis, f"revoke update on diagnoses from {fences.APP_ROLE}")
fences.statement(
    Diagnosis,
    "grant update (valid_to, withdrawn_at, withdrawn_by_account_id, withdrawn_because) on diagnoses"
    f" to {fences.APP_ROLE}",
)
fences.statement(Diagnosis, _STAYS)
fences.statement(
    Diagnosis,
    "create trigger diagnoses_withdrawn_stay before update on diagnoses"
    " for each row when (old.withdrawn_at is not null) execute function diagnoses_withdrawn_stay()",
)
# an exclusion constraint alone would let two inserts at once wait for each other
turns.take_turns(Diagnosis, "region_id", "person_id")
