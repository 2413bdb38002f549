"""Tables of changes of a visit-fee tariff: the proposal as it was published, and who approved it.

“保持相对稳定” (R051) is kept by the database itself: a tariff after an institution's first one carries out a proposal
that was published for its days, keeps the interval and has the approval of two people, neither the one who proposed.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from service.catalog import rules
from service.catalog.models import one_of, word
from service.core.db import fences, rows


class TariffProposal(rows.InstitutionRow, table=True):
    """A proposed tariff with the costs that make it necessary, published from the day on which it was proposed.

    `notice_days` and `interval_days` are those that held that day. `radius_km`, `labour_cost`, `transport_cost` (yuan a
    visit) and `supply_and_demand` are the record of its cost factors (R049).
    """

    __tablename__ = "tariff_proposals"
    __table_args__ = (
        rows.refers("institution_id", to="institutions"),
        CheckConstraint("unit in ('visit', 'visit_staff')", name="unit"),
        CheckConstraint("distance_base in ('institution', 'nearest_station')", name="distance_base"),
        CheckConstraint("distance_method in ('great_circle', 'road')", name="distance_method"),
        CheckConstraint("notice_days >= 0 and interval_days >= 0", name="days"),
        CheckConstraint("valid_from > published_on + notice_days", name="announced"),
        CheckConstraint("radius_km > 0 and labour_cost >= 0 and transport_cost >= 0", name="costs"),
        CheckConstraint("supply_and_demand <> '' and reason <> ''", name="reasons"),
        CheckConstraint(
            "(withdrawn_at is null) = (withdrawn_by_account_id is null)"
            " and (withdrawn_at is null) = (withdrawn_because is null)",
            name="withdrawn_whole",
        ),
        one_of("income_class", rules.IncomeClass),
    )

    valid_from: date
    unit: str
    tiers: Any = rows.document()
    night: Any = rows.document(nullable=True, default=None)
    insurance_class: str = "C"
    self_ratio: Decimal = rows.exact(default=Decimal(0))
    distance_base: str
    distance_method: str
    income_class: str = word(rules.IncomeClass.unified)
    radius_km: Decimal = rows.exact()
    labour_cost: Decimal = rows.exact()
    transport_cost: Decimal = rows.exact()
    supply_and_demand: str
    reason: str
    published_on: date
    notice_days: int
    interval_days: int
    proposed_by_account_id: UUID
    proposed_at: datetime = rows.moment()
    withdrawn_by_account_id: UUID | None = None
    withdrawn_because: str | None = None
    withdrawn_at: datetime | None = rows.moment(nullable=True, default=None)


class TariffApproval(SQLModel, table=True):
    """One person's approval of a proposal; whoever approves twice has approved once."""

    __tablename__ = "tariff_approvals"
    __table_args__ = (rows.refers("proposal_id", to="tariff_proposals"), rows.refers("account_id", to="accounts"))

    region_id: UUID = Field(primary_key=True)
    institution_id: UUID
    proposal_id: UUID = Field(primary_key=True)
    account_id: UUID = Field(primary_key=True)
    approved_at: datetime = rows.moment()


# published: everyone of the region reads it, a citizen who has not logged in too; who approved is the institution's
_BY_ITSELF = f"{fences.Fence.institution} and proposed_by_account_id = (select app_account())"
fences.fence(TariffProposal, fences.Fence.region, adds=_BY_ITSELF, changes=fences.Fence.institution)
fences.statement(TariffProposal, f"revoke update on tariff_proposals from {fences.APP_ROLE}")
fences.statement(
    TariffProposal,
    f"grant update (withdrawn_by_account_id, withdrawn_because, withdrawn_at) on tariff_proposals to {fences.APP_ROLE}",
)
fences.fence(
    TariffApproval,
    fences.Fence.institution,
    adds=f"{fences.Fence.institution} and account_id = (select app_account())",
    verbs="select, insert",
)
fences.statement(
    TariffProposal,
    """
create function tariff_proposals_published_today() returns trigger language plpgsql as $body$
begin
    if new.published_on <> (app_now() at time zone 'Asia/Shanghai')::date or new.withdrawn_at is not null then
        raise exception 'published on another day' using errcode = '23514', constraint = 'tariff_proposals_published';
    end if;
    return new;
end
$body$
""",
)
fences.statement(
    TariffProposal,
    "create trigger tariff_proposals_published_today after insert on tariff_proposals"
    " for each row execute function tariff_proposals_published_today()",
)
fences.statement(
    TariffProposal,
    """
create function tariff_proposals_withdrawn_for_good() returns trigger language plpgsql as $body$
begin
    if old.withdrawn_at is not null or exists (
        select 1 from visit_fee_tariffs t where t.region_id = old.region_id and t.proposal_id = old.id
    ) then
        raise exception 'decided' using errcode = '23514', constraint = 'tariff_proposals_decided';
    end if;
    return new;
end
$body$
""",
)
fences.statement(
    TariffProposal,
    "create trigger tariff_proposals_withdrawn_for_good before update on tariff_proposals"
    " for each row execute function tariff_proposals_withdrawn_for_good()",
)
fences.statement(
    TariffApproval,
    """
create function tariff_approvals_in_time() returns trigger language plpgsql as $body$
declare
    asked tariff_proposals;
    today date := (app_now() at time zone 'Asia/Shanghai')::date;
begin
    select * into asked from tariff_proposals p where p.region_id = new.region_id and p.id = new.proposal_id;
    if asked.institution_id is distinct from new.institution_id or new.account_id = asked.proposed_by_account_id then
        raise exception 'own proposal' using errcode = '23514', constraint = 'tariff_approvals_of_others';
    end if;
    if today < asked.published_on + asked.notice_days or today >= asked.valid_from
        or asked.withdrawn_at is not null or (new.approved_at at time zone 'Asia/Shanghai')::date <> today
    then
        raise exception 'not in time' using errcode = '23514', constraint = 'tariff_approvals_in_time';
    end if;
    return new;
end
$body$
""",
)
fences.statement(
    TariffApproval,
    "create trigger tariff_approvals_in_time after insert on tariff_approvals"
    " for each row execute function tariff_approvals_in_time()",
)
# After the row, so that the fence has refused a stranger before; on visit_fee_tariffs, but beside the tables it asks.
# With the advisory lock the second of two first tariffs sees the other one, and then it needs a proposal.
fences.statement(
    TariffProposal,
    """
create function visit_fee_tariffs_keep_steady() returns trigger language plpgsql as $body$
declare
    asked tariff_proposals;
    latest date;
    approved bigint;
begin
    perform pg_advisory_xact_lock(
        hashtextextended('visit_fee_tariffs/' || new.region_id || '/' || new.institution_id, 0)
    );
    select max(t.valid_from) into latest from visit_fee_tariffs t
    where t.region_id = new.region_id and t.institution_id = new.institution_id and t.id <> new.id;
    if latest is null and new.proposal_id is null then
        return new;
    end if;
    -- locked: it is not withdrawn while it is carried out
    select * into asked from tariff_proposals p
    where p.region_id = new.region_id and p.id = new.proposal_id for update;
    select count(*) into approved from tariff_approvals a
    where a.region_id = new.region_id and a.proposal_id = new.proposal_id
        and a.account_id <> asked.proposed_by_account_id;
    if asked.id is null or asked.institution_id <> new.institution_id or asked.withdrawn_at is not null
        or approved < 2
        or (new.valid_from, new.unit, new.tiers, new.insurance_class, new.self_ratio, new.distance_base,
            new.distance_method, new.income_class)
            is distinct from (asked.valid_from, asked.unit, asked.tiers, asked.insurance_class, asked.self_ratio,
            asked.distance_base, asked.distance_method, asked.income_class)
        or new.night is distinct from asked.night or new.valid_to is not null
        or new.valid_from <= (app_now() at time zone 'Asia/Shanghai')::date
    then
        raise exception 'no approved proposal' using errcode = '23514', constraint = 'visit_fee_tariffs_approved';
    end if;
    if latest is not null and new.valid_from < latest + greatest(asked.interval_days, 1) then
        raise exception 'too soon' using errcode = '23514', constraint = 'visit_fee_tariffs_steady';
    end if;
    return new;
end
$body$
""",
)
fences.statement(
    TariffProposal,
    "create trigger visit_fee_tariffs_keep_steady after insert on visit_fee_tariffs"
    " for each row execute function visit_fee_tariffs_keep_steady()",
)
fences.statement(
    TariffProposal,
    """
create function visit_fee_tariffs_end_only() returns trigger language plpgsql as $body$
begin
    if new.valid_to is null or new.valid_to > coalesce(old.valid_to, 'infinity'::date) then
        raise exception 'lengthened' using errcode = '23514', constraint = 'visit_fee_tariffs_ends_only';
    end if;
    return new;
end
$body$
""",
)
fences.statement(
    TariffProposal,
    "create trigger visit_fee_tariffs_end_only before update of valid_to on visit_fee_tariffs"
    " for each row execute function visit_fee_tariffs_end_only()",
)
