"""What surrounds the settlement kernel: books of prices, payers, limits, parking, bed days, journal, invoices.

Revision: 202611221717, after 202611221356
"""

from migrations import sql

revision = "202611221717"
down_revision = "202611221356"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

revoke update on visit_fee_tariffs from xunzhen_app;

drop policy price_rows_adds on price_rows;

drop policy price_rows_changes on price_rows;

alter table entitlement_entries drop constraint ck_entitlement_entries_kind;

alter table entitlement_entries drop constraint ck_entitlement_entries_units;

alter table entitlements drop constraint ck_entitlements_source;

alter table settlements drop constraint ck_settlements_follows;

create table bed_day_reversals (
    region_id uuid not null,
    person_id uuid not null,
    service_on date not null,
    seq integer not null,
    institution_id uuid not null,
    settlement_id uuid not null,
    reversal_id uuid not null
);

create table bed_days (
    region_id uuid not null,
    person_id uuid not null,
    service_on date not null,
    seq integer not null,
    follows_seq integer,
    institution_id uuid not null,
    bed_id uuid not null,
    settlement_id uuid not null,
    gross_fen bigint not null,
    fund_fen bigint not null,
    institution_fen bigint not null,
    patient_fen bigint not null
);

create table bed_pauses (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    bed_id uuid not null,
    first date not null,
    until date,
    reason character varying not null
);

create table bed_reversals (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    settlement_id uuid not null,
    bed_id uuid not null,
    person_id uuid not null,
    reason character varying not null,
    gross_fen bigint not null,
    fund_fen bigint not null,
    institution_fen bigint not null,
    patient_fen bigint not null,
    reversed_by_account_id uuid not null,
    reversed_at timestamp with time zone not null
);

create table bed_settlement_fundings (
    region_id uuid not null,
    institution_id uuid not null,
    settlement_id uuid not null,
    year integer not null,
    source character varying not null,
    amount_fen bigint not null,
    reason character varying not null
);

create table bed_settlement_lines (
    region_id uuid not null,
    institution_id uuid not null,
    settlement_id uuid not null,
    year integer not null,
    days integer not null,
    gross_fen bigint not null,
    patient_fen bigint not null,
    reason character varying not null
);

create table bed_settlements (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    bed_id uuid not null,
    person_id uuid not null,
    agreement_id uuid not null,
    first date not null,
    until date not null,
    plan_code character varying,
    income_class character varying not null,
    gross_fen bigint not null,
    fund_fen bigint not null,
    institution_fen bigint not null,
    patient_fen bigint not null,
    facts jsonb not null,
    settled_by_account_id uuid not null,
    settled_at timestamp with time zone not null
);

create table entitlement_use_reversals (
    region_id uuid not null,
    use_id uuid not null,
    institution_id uuid not null,
    reason character varying not null,
    reversed_by_account_id uuid not null,
    reversed_at timestamp with time zone not null
);

create table entitlement_uses (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    external_no character varying not null,
    person_id uuid not null,
    source character varying not null,
    ref_id uuid not null,
    code character varying not null,
    period character varying not null,
    units bigint not null,
    service_on date not null,
    recorded_by_account_id uuid not null,
    recorded_at timestamp with time zone not null
);

create table hospital_stays (
    region_id uuid not null,
    id uuid not null,
    person_id uuid not null,
    hospital character varying not null,
    admitted_on date not null,
    discharged_on date,
    noted_by_account_id uuid not null,
    noted_at timestamp with time zone not null
);

create table institution_designations (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    plan_code character varying not null,
    valid_from date not null,
    valid_to date
);

create table invoice_counters (
    region_id uuid not null,
    institution_id uuid not null,
    year integer not null,
    last_no integer not null
);

create table invoices (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    year integer not null,
    number integer not null,
    source character varying not null,
    source_id uuid not null,
    reverses_id uuid,
    gross_fen bigint not null,
    patient_fen bigint not null,
    issued_on date not null,
    issued_at timestamp with time zone not null
);

create table journal_entries (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    book character varying not null,
    source character varying not null,
    source_id uuid not null,
    booked_on date not null,
    gross_fen bigint not null,
    posted_at timestamp with time zone not null
);

create table journal_lines (
    region_id uuid not null,
    institution_id uuid not null,
    entry_id uuid not null,
    line_no integer not null,
    book character varying not null,
    booked_on date not null,
    account character varying not null,
    debit_fen bigint not null,
    credit_fen bigint not null
);

create table ltci_assessments (
    region_id uuid not null,
    id uuid not null,
    person_id uuid not null,
    district_id uuid not null,
    grade integer not null,
    valid_from date not null,
    valid_to date
);

create table ltci_rules (
    region_id uuid not null,
    id uuid not null,
    valid_from date not null,
    valid_to date,
    name character varying not null,
    codes text[] not null,
    pay_ratio numeric(14,4) not null,
    monthly_caps jsonb not null
);

create table parked_settlements (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    visit_id uuid not null,
    person_id uuid not null,
    service_on date not null,
    reasons jsonb not null,
    gross_fen bigint not null,
    patient_fen bigint not null,
    parked_at timestamp with time zone not null,
    state character varying not null,
    reason character varying,
    collect_rise boolean,
    decided_by_account_id uuid,
    decided_at timestamp with time zone,
    settlement_id uuid
);

create table per_diem_agreements (
    region_id uuid not null,
    id uuid not null,
    valid_from date not null,
    valid_to date,
    institution_id uuid not null,
    kind character varying not null,
    plan_code character varying,
    daily_rate numeric(14,4) not null,
    pay_ratio numeric(14,4) not null,
    year_cap_fen bigint not null,
    excluded_codes text[] not null,
    institution_share numeric(14,4) not null,
    income_class character varying default 'unified'::character varying not null
);

create table price_limits (
    region_id uuid not null,
    id uuid not null,
    valid_from date not null,
    valid_to date,
    code character varying not null,
    title character varying not null,
    codes text[] not null,
    per character varying not null,
    maximum integer not null
);

create table reduction_rules (
    region_id uuid not null,
    id uuid not null,
    valid_from date not null,
    valid_to date,
    institution_id uuid,
    code character varying not null,
    title character varying not null,
    key_groups text[] not null,
    codes text[] not null,
    ratio numeric(14,4) not null,
    bill_cap_fen bigint
);

create table tariff_approvals (
    region_id uuid not null,
    institution_id uuid not null,
    proposal_id uuid not null,
    account_id uuid not null,
    approved_at timestamp with time zone not null
);

create table tariff_proposals (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    valid_from date not null,
    unit character varying not null,
    tiers jsonb not null,
    night jsonb,
    insurance_class character varying not null,
    self_ratio numeric(14,4) not null,
    distance_base character varying not null,
    distance_method character varying not null,
    income_class character varying default 'unified'::character varying not null,
    radius_km numeric(14,4) not null,
    labour_cost numeric(14,4) not null,
    transport_cost numeric(14,4) not null,
    supply_and_demand character varying not null,
    reason character varying not null,
    published_on date not null,
    notice_days integer not null,
    interval_days integer not null,
    proposed_by_account_id uuid not null,
    proposed_at timestamp with time zone not null,
    withdrawn_by_account_id uuid,
    withdrawn_because character varying,
    withdrawn_at timestamp with time zone
);

create table visit_consents (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    visit_id uuid not null,
    person_id uuid not null,
    amount_fen bigint not null,
    quote_id uuid,
    given_by character varying not null,
    account_id uuid not null,
    evidence_file_id uuid,
    given_at timestamp with time zone not null
);

alter table institutions add column level character varying;

alter table programmes add column kind character varying default 'basic_public_health'::character varying not null;

alter table programmes add column minimum_age integer;

alter table programmes add column key_groups text[] default '{}'::text[] not null;

alter table price_rows alter column institution_id drop not null;

alter table price_rows add column level character varying;

alter table price_rows add column category character varying default 'service'::character varying not null;

alter table price_rows add column income_class character varying default 'unified'::character varying not null;

alter table price_rows add column national_code character varying;

alter table price_rows add column unit character varying;

alter table price_rows add column output character varying;

alter table price_rows add column composition character varying;

alter table price_rows add column surcharges jsonb default '[]'::jsonb not null;

alter table price_rows add column note character varying;

alter table visit_fee_tariffs add column income_class character varying default 'unified'::character varying not null;

alter table visit_fee_tariffs add column proposal_id uuid;

alter table packages add column valid_at uuid[] default '{}'::uuid[] not null;

alter table packages add column valid_region_wide boolean default false not null;

alter table packages add column income_class character varying default 'unified'::character varying not null;

alter table entitlement_entries add column because character varying;

alter table entitlement_entries add column document_no character varying;

alter table beds add column kind character varying default 'treatment'::character varying not null;

alter table beds add column agreement_id uuid;

alter table visit_items add column lot_no character varying;

alter table visit_items add column added boolean default false not null;

alter table quotes add column asked jsonb;

alter table quotes add column valid_until timestamp with time zone;

alter table quotes add column token character varying;

alter table quotes add column accepted_at timestamp with time zone;

alter table settlements add column kind character varying default 'visit'::character varying not null;

alter table settlements add column plan_code character varying;

alter table settlements add column journaled boolean default false not null;

alter table bill_lines add column national_code character varying;

alter table bill_lines add column unit character varying;

alter table bill_lines add column income_class character varying default 'unified'::character varying not null;

alter table bill_lines add column sentence character varying;

alter table bill_lines add column insurance_class character varying;

alter table bill_lines add column insured_fen bigint default 0 not null;

alter table bill_lines add column eligible_fen bigint default 0 not null;

alter table bill_lines add column deductible_fen bigint default 0 not null;

alter table bill_fundings add column income_class character varying;

alter table bill_fundings add column remaining bigint;

alter table reversals add column journaled boolean default false not null;

CREATE OR REPLACE FUNCTION public.app_region()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$ select nullif(current_setting('app.region_id', true), '')::uuid $function$;

CREATE OR REPLACE FUNCTION public.app_institutions()
 RETURNS uuid[]
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$ select coalesce(nullif(current_setting('app.institution_ids', true), ''), '{}')::uuid[] $function$;

CREATE OR REPLACE FUNCTION public.app_account()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$ select nullif(current_setting('app.account_id', true), '')::uuid $function$;

CREATE OR REPLACE FUNCTION public.app_region_wide()
 RETURNS boolean
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$ select coalesce(current_setting('app.region_wide', true), 'off') = 'on' $function$;

CREATE OR REPLACE FUNCTION public.app_now()
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$ select coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now()) $function$;

CREATE OR REPLACE FUNCTION public.institution_designations_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('institution_designations/' || new.region_id || '/' || new.institution_id || '/' || new.plan_code, 0));
    end if;
    return new;
end
$function$;

revoke all on function institution_designations_take_turns() from public;

CREATE OR REPLACE FUNCTION public.ltci_assessments_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('ltci_assessments/' || new.region_id || '/' || new.person_id, 0));
    end if;
    return new;
end
$function$;

revoke all on function ltci_assessments_take_turns() from public;

CREATE OR REPLACE FUNCTION public.hospital_stays_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('hospital_stays/' || new.region_id || '/' || new.person_id, 0));
    end if;
    return new;
end
$function$;

revoke all on function hospital_stays_take_turns() from public;

CREATE OR REPLACE FUNCTION public.price_rows_levels_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('price_rows_levels/' || new.region_id || '/' || new.level || '/' || new.code, 0));
    end if;
    return new;
end
$function$;

revoke all on function price_rows_levels_take_turns() from public;

CREATE OR REPLACE FUNCTION public.ltci_rules_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('ltci_rules/' || new.region_id, 0));
    end if;
    return new;
end
$function$;

revoke all on function ltci_rules_take_turns() from public;

CREATE OR REPLACE FUNCTION public.per_diem_agreements_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('per_diem_agreements/' || new.region_id || '/' || new.institution_id || '/' || new.kind, 0));
    end if;
    return new;
end
$function$;

revoke all on function per_diem_agreements_take_turns() from public;

CREATE OR REPLACE FUNCTION public.price_limits_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('price_limits/' || new.region_id || '/' || new.code, 0));
    end if;
    return new;
end
$function$;

revoke all on function price_limits_take_turns() from public;

CREATE OR REPLACE FUNCTION public.reduction_rules_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('reduction_rules/' || new.region_id || '/' || new.code, 0));
    end if;
    return new;
end
$function$;

revoke all on function reduction_rules_take_turns() from public;

CREATE OR REPLACE FUNCTION public.tariff_proposals_published_today()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if new.published_on <> (app_now() at time zone 'Asia/Shanghai')::date or new.withdrawn_at is not null then
        raise exception 'published on another day' using errcode = '23514', constraint = 'tariff_proposals_published';
    end if;
    return new;
end
$function$;

revoke all on function tariff_proposals_published_today() from public;

CREATE OR REPLACE FUNCTION public.tariff_proposals_withdrawn_for_good()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if old.withdrawn_at is not null or exists (
        select 1 from visit_fee_tariffs t where t.region_id = old.region_id and t.proposal_id = old.id
    ) then
        raise exception 'decided' using errcode = '23514', constraint = 'tariff_proposals_decided';
    end if;
    return new;
end
$function$;

revoke all on function tariff_proposals_withdrawn_for_good() from public;

CREATE OR REPLACE FUNCTION public.tariff_approvals_in_time()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
$function$;

revoke all on function tariff_approvals_in_time() from public;

CREATE OR REPLACE FUNCTION public.visit_fee_tariffs_keep_steady()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
$function$;

revoke all on function visit_fee_tariffs_keep_steady() from public;

CREATE OR REPLACE FUNCTION public.visit_fee_tariffs_end_only()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if new.valid_to is null or new.valid_to > coalesce(old.valid_to, 'infinity'::date) then
        raise exception 'lengthened' using errcode = '23514', constraint = 'visit_fee_tariffs_ends_only';
    end if;
    return new;
end
$function$;

revoke all on function visit_fee_tariffs_end_only() from public;

CREATE OR REPLACE FUNCTION public.entitlement_entries_chain()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
    before record;
    ceiling bigint;
    used_delta bigint := case when new.kind in ('consume', 'opening') then new.units
                              when new.kind = 'reverse' then -new.units else 0 end;
    held_delta bigint := case new.kind when 'reserve' then new.units when 'release' then -new.units else 0 end;
begin
    select cap into ceiling from entitlements where region_id = new.region_id and id = new.entitlement_id;
    select seq, used_after, reserved_after into before from entitlement_entries
        where region_id = new.region_id and entitlement_id = new.entitlement_id order by seq desc limit 1;
    if new.seq <> coalesce(before.seq, 0) + 1
       or new.used_after <> coalesce(before.used_after, 0) + used_delta
       or new.reserved_after <> coalesce(before.reserved_after, 0) + held_delta then
        raise exception 'entry does not continue its chain'
            using errcode = '23514', constraint = 'entitlement_entries_chain';
    end if;
    -- what was used before the go-live may lie above a cap: it leaves nothing
    if new.kind <> 'opening' and used_delta + held_delta > 0 and new.used_after + new.reserved_after > ceiling then
        raise exception 'entitlement exhausted'
            using errcode = '23514', constraint = 'entitlement_entries_within_cap';
    end if;
    -- a service before the end may still be settled, or settled anew, after it
    if new.kind in ('reserve', 'consume') and exists (
            select 1 from entitlement_entries x where x.region_id = new.region_id
            and x.entitlement_id = new.entitlement_id and x.kind = 'expire' and x.service_on <= new.service_on) then
        raise exception 'entitlement expired'
            using errcode = '23514', constraint = 'entitlement_entries_expired';
    end if;
    return new;
end
$function$;

CREATE OR REPLACE FUNCTION public.contracts_cover_at(asked_person uuid, asked_on date, asked_institution uuid)
 RETURNS TABLE(contract_id uuid, institution_id uuid, signed_on date, valid_from date, valid_to date, terminated_on date, covers_visit_fee boolean, capitated_codes text[], items jsonb, income_class text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select c.id, c.institution_id, c.signed_on, c.valid_from, c.valid_to, c.terminated_on, p.covers_visit_fee,
       p.capitated_codes,
       coalesce(
           jsonb_agg(jsonb_build_object('code', i.code, 'quantity', i.quantity, 'counting', i.counting) order by i.code)
           filter (where i.code is not null),
           '[]'::jsonb), p.income_class
from contracts c
join packages p on p.region_id = c.region_id and p.id = c.package_id
left join package_items i on i.region_id = p.region_id and i.package_id = p.id
where c.region_id = app_region() and c.person_id = asked_person
  and c.valid_from <= asked_on and asked_on <= c.valid_to and (c.terminated_on is null or asked_on < c.terminated_on)
  -- a package pays where it was signed, where it says so, or everywhere; nowhere in particular: asked of all
  and (asked_institution is null or c.institution_id = asked_institution or p.valid_region_wide
       or asked_institution = any(p.valid_at))
  and app_may_ask(c.region_id, c.person_id)
group by c.region_id, c.id, p.region_id, p.id
order by c.signed_on, c.id
$function$;

revoke all on function contracts_cover_at(uuid,date,uuid) from public;

CREATE OR REPLACE FUNCTION public.entitlement_grant(asked_id uuid, asked_person uuid, asked_source text, asked_ref uuid, asked_code text, asked_period text, asked_cap bigint, asked_counting text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
insert into entitlements (region_id, id, person_id, source, ref_id, code, period, cap, counting)
select app_region(), asked_id, asked_person, asked_source, asked_ref, asked_code, asked_period, asked_cap,
       asked_counting
where app_may_ask(app_region(), asked_person)
-- granted already: a cap stays as it was, but a better insurance rule (or a higher grade) of its period raises it
on conflict on constraint entitlements_once do update set cap = excluded.cap
where entitlements.cap < excluded.cap
  and entitlements.source in ('insurance_fund', 'insurance_deductible', 'ltci', 'per_diem')
$function$;

CREATE OR REPLACE FUNCTION public.entitlement_balances(asked_person uuid)
 RETURNS TABLE(entitlement_id uuid, source text, ref_id uuid, code text, period text, cap bigint, counting text, used bigint, reserved bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select e.id, e.source, e.ref_id, e.code, e.period, e.cap, e.counting,
       coalesce(l.used_after, 0), coalesce(l.reserved_after, 0)
from entitlements e
left join lateral (select used_after, reserved_after from entitlement_entries x
                   where x.region_id = e.region_id and x.entitlement_id = e.id order by seq desc limit 1) l on true
where e.region_id = app_region() and e.person_id = asked_person and app_may_ask(e.region_id, e.person_id)
  -- asked by the version before this one, which knew no other sources
  and e.source in ('contract', 'public_program', 'insurance_fund', 'insurance_deductible')
$function$;

CREATE OR REPLACE FUNCTION public.entitlements_standing(asked_person uuid)
 RETURNS TABLE(entitlement_id uuid, source text, ref_id uuid, code text, period text, cap bigint, counting text, used bigint, reserved bigint, closed_on date)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select e.id, e.source, e.ref_id, e.code, e.period, e.cap, e.counting,
       coalesce(l.used_after, 0), coalesce(l.reserved_after, 0),
       (select x.service_on from entitlement_entries x where x.region_id = e.region_id and x.entitlement_id = e.id
        and x.kind = 'expire')
from entitlements e
left join lateral (select used_after, reserved_after from entitlement_entries x
                   where x.region_id = e.region_id and x.entitlement_id = e.id order by seq desc limit 1) l on true
where e.region_id = app_region() and e.person_id = asked_person and app_may_ask(e.region_id, e.person_id)
$function$;

revoke all on function entitlements_standing(uuid) from public;

CREATE OR REPLACE FUNCTION public.entitlement_open(asked_entitlement uuid, asked_units bigint, asked_on date, asked_because text, asked_document text)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
    last record;
begin
    perform 1 from entitlements e where e.region_id = app_region() and e.id = asked_entitlement
        and app_may_ask(e.region_id, e.person_id) for update;
    if not found then
        raise exception 'no such entitlement' using errcode = '23503', constraint = 'entitlements_known';
    end if;
    select seq, used_after, reserved_after into last from entitlement_entries
        where region_id = app_region() and entitlement_id = asked_entitlement order by seq desc limit 1;
    insert into entitlement_entries (region_id, entitlement_id, seq, kind, units, used_after, reserved_after,
                                     service_on, posted_at, because, document_no)
    values (app_region(), asked_entitlement, coalesce(last.seq, 0) + 1, 'opening', asked_units,
            coalesce(last.used_after, 0) + asked_units, coalesce(last.reserved_after, 0), asked_on, app_now(),
            asked_because, asked_document);
end
$function$;

revoke all on function entitlement_open(uuid,bigint,date,text,text) from public;

CREATE OR REPLACE FUNCTION public.entitlement_openings(asked_people uuid[])
 RETURNS TABLE(entitlement_id uuid, units bigint, service_on date, because text, document_no text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select x.entitlement_id, x.units, x.service_on, x.because, x.document_no
from entitlement_entries x
join entitlements e on e.region_id = x.region_id and e.id = x.entitlement_id
where x.region_id = app_region() and x.kind = 'opening' and e.person_id = any(asked_people)
  and app_may_ask(e.region_id, e.person_id)
$function$;

revoke all on function entitlement_openings(uuid[]) from public;

CREATE OR REPLACE FUNCTION public.entitlement_close(closing_region uuid, closing uuid, closes_on date)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
    ceiling bigint;
    held record;
    last record;
begin
    -- the lock serialises the chain, as in entitlement_post
    select cap into ceiling from entitlements where region_id = closing_region and id = closing for update;
    if exists (select 1 from entitlement_entries where region_id = closing_region and entitlement_id = closing
               and kind = 'expire') then
        return;
    end if;
    -- what is booked for days without it; a booking is for the day of its latest reservation
    for held in
        select order_id, sum(case kind when 'reserve' then units else -units end)::bigint as units
        from entitlement_entries
        where region_id = closing_region and entitlement_id = closing and kind in ('reserve', 'release')
          and order_id is not null
        group by order_id
        having sum(case kind when 'reserve' then units else -units end) > 0
           and (array_agg(service_on order by seq desc) filter (where kind = 'reserve'))[1] >= closes_on
        order by order_id
    loop
        select seq, used_after, reserved_after into last from entitlement_entries
            where region_id = closing_region and entitlement_id = closing order by seq desc limit 1;
        insert into entitlement_entries (region_id, entitlement_id, seq, kind, units, used_after, reserved_after,
                                         order_id, service_on, posted_at)
        values (closing_region, closing, last.seq + 1, 'release', held.units, last.used_after,
                last.reserved_after - held.units, held.order_id, closes_on, app_now());
    end loop;
    select seq, used_after, reserved_after into last from entitlement_entries
        where region_id = closing_region and entitlement_id = closing order by seq desc limit 1;
    insert into entitlement_entries (region_id, entitlement_id, seq, kind, units, used_after, reserved_after,
                                     service_on, posted_at)
    values (closing_region, closing, coalesce(last.seq, 0) + 1, 'expire',
            greatest(0, ceiling - coalesce(last.used_after, 0) - coalesce(last.reserved_after, 0)),
            coalesce(last.used_after, 0), coalesce(last.reserved_after, 0), closes_on, app_now());
end
$function$;

revoke all on function entitlement_close(uuid,uuid,date) from public;

CREATE OR REPLACE FUNCTION public.contracts_close(asked_contract uuid)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
    each record;
begin
    for each in
        select e.id, least(c.valid_to + 1, c.terminated_on) as ends_on
        from contracts c
        join entitlements e on e.region_id = c.region_id and e.person_id = c.person_id and e.source = 'contract'
                           and e.ref_id = c.id
        where c.region_id = app_region() and c.id = asked_contract and c.institution_id = any(app_institutions())
          and c.terminated_on is not null
        order by e.id
    loop
        perform entitlement_close(app_region(), each.id, each.ends_on);
    end loop;
end
$function$;

revoke all on function contracts_close(uuid) from public;

CREATE OR REPLACE FUNCTION public.entitlements_close_due(asked_today date, asked_after uuid, asked_limit integer)
 RETURNS uuid
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
    each record;
    seen uuid;
begin
    for each in
        select e.id, case when e.source = 'contract' then least(c.valid_to + 1, c.terminated_on)
                          when length(e.period) = 4 then make_date(e.period::int + 1, 1, 1)
                          else ((e.period || '-01')::date + interval '1 month')::date end as ends_on
        from entitlements e
        left join contracts c on c.region_id = e.region_id and e.source = 'contract' and c.id = e.ref_id
        where e.region_id = app_region() and (asked_after is null or e.id > asked_after)
          -- a limit grants nothing that could lapse
          and e.source <> 'limit'
          and not exists (select 1 from entitlement_entries x where x.region_id = e.region_id
                          and x.entitlement_id = e.id and x.kind = 'expire')
        order by e.id limit asked_limit
    loop
        seen := each.id;
        if each.ends_on <= asked_today then
            perform entitlement_close(app_region(), each.id, each.ends_on);
        end if;
    end loop;
    return seen;
end
$function$;

revoke all on function entitlements_close_due(date,uuid,integer) from public;

CREATE OR REPLACE FUNCTION public.contracts_fulfilled(asked_contracts uuid[], asked_until timestamp with time zone)
 RETURNS TABLE(contract_id uuid, code text, granted bigint, used bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select c.id, e.code, e.cap,
       coalesce((select x.used_after from entitlement_entries x
                 where x.region_id = e.region_id and x.entitlement_id = e.id and x.posted_at < asked_until
                 order by x.seq desc limit 1), 0)
from contracts c
join entitlements e on e.region_id = c.region_id and e.person_id = c.person_id and e.source = 'contract'
                   and e.ref_id = c.id
where c.region_id = app_region() and c.id = any(asked_contracts) and c.institution_id = any(app_institutions())
$function$;

revoke all on function contracts_fulfilled(uuid[],timestamp with time zone) from public;

CREATE OR REPLACE FUNCTION public.entitlements_traced(asked_settlement uuid)
 RETURNS TABLE(source text, ref_id uuid, code text, period text, cap bigint, counting text, seq integer, kind text, units bigint, used_before bigint, reserved_before bigint, used_after bigint, reserved_after bigint, posted_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select e.source, e.ref_id, e.code, e.period, e.cap, e.counting, x.seq, x.kind, x.units,
       coalesce(b.used_after, 0), coalesce(b.reserved_after, 0), x.used_after, x.reserved_after, x.posted_at
from entitlement_entries x
join entitlements e on e.region_id = x.region_id and e.id = x.entitlement_id
left join entitlement_entries b
       on b.region_id = x.region_id and b.entitlement_id = x.entitlement_id and b.seq = x.seq - 1
where x.region_id = app_region() and x.settlement_id = asked_settlement and app_may_ask(e.region_id, e.person_id)
order by e.source, e.ref_id, e.code, e.period, x.seq
$function$;

revoke all on function entitlements_traced(uuid) from public;

CREATE OR REPLACE FUNCTION public.orders_refuse_illegal_move()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if old.state <> new.state and not ((old.state = 'draft' and new.state in ('cancelled', 'submitted')) or (old.state = 'submitted' and new.state in ('accepted', 'cancelled', 'rejected')) or (old.state = 'accepted' and new.state in ('cancelled', 'rejected', 'scheduled')) or (old.state = 'scheduled' and new.state in ('accepted', 'cancelled', 'in_progress', 'noshow')) or (old.state = 'in_progress' and new.state in ('cancelled', 'done', 'noshow')) or (old.state = 'done' and new.state in ('closed')) or (old.state = 'closed' and new.state in ('done'))) then
        raise exception 'illegal move % -> %', old.state, new.state
            using errcode = '23514', constraint = 'orders_state_moves';
    end if;
    return new;
end
$function$;

CREATE OR REPLACE FUNCTION public.bed_pauses_inside()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- held until the commit: whoever closes the bed or bills its days at this moment waits, then sees the pause
    perform 1 from beds b where b.region_id = new.region_id and b.id = new.bed_id
        and daterange(new.first, new.until, '[)') <@ daterange(b.opened_on, b.closed_on, '[)') for update;
    if not found then
        raise exception 'pause outside the stay' using errcode = '23514', constraint = 'bed_pauses_inside';
    end if;
    return null;
end
$function$;

revoke all on function bed_pauses_inside() from public;

CREATE OR REPLACE FUNCTION public.beds_hold_their_pauses()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if exists (
        select 1 from bed_pauses p where p.region_id = new.region_id and p.bed_id = new.id
          and not daterange(p.first, p.until, '[)') <@ daterange(new.opened_on, new.closed_on, '[)')) then
        raise exception 'pause outside the stay' using errcode = '23514', constraint = 'bed_pauses_inside';
    end if;
    return null;
end
$function$;

revoke all on function beds_hold_their_pauses() from public;

CREATE OR REPLACE FUNCTION public.beds_stay_on(asked_person uuid, asked_on date)
 RETURNS TABLE(bed_id uuid, institution_id uuid, opened_on date, closed_on date, payment text, excluded_codes text[], kind text, pauses jsonb, daily_rate numeric, pay_ratio numeric, year_cap_fen bigint, institution_share numeric)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select b.id, b.institution_id, b.opened_on, b.closed_on, b.payment, b.excluded_codes, b.kind,
       coalesce((select jsonb_agg(jsonb_build_array(p.first, p.until) order by p.first) from bed_pauses p
                 where p.region_id = b.region_id and p.bed_id = b.id and p.until is distinct from p.first), '[]'),
       a.daily_rate, a.pay_ratio, a.year_cap_fen, a.institution_share
from beds b
left join per_diem_agreements a on a.region_id = b.region_id and a.id = b.agreement_id
where b.region_id = app_region() and b.person_id = asked_person
  and b.opened_on <= asked_on and (b.closed_on is null or asked_on < b.closed_on)
  and app_sees_person(b.region_id, b.person_id)
$function$;

revoke all on function beds_stay_on(uuid,date) from public;

CREATE OR REPLACE FUNCTION public.bed_pauses_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('bed_pauses/' || new.region_id || '/' || new.bed_id, 0));
    end if;
    return new;
end
$function$;

revoke all on function bed_pauses_take_turns() from public;

CREATE OR REPLACE FUNCTION public.billing_settled_that_day(asked_person uuid, asked_on date)
 RETURNS bigint
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select count(*) from settlements s
where s.region_id = app_region() and s.person_id = asked_person and s.service_on = asked_on and s.kind = 'visit'
  and app_sees_person(s.region_id, s.person_id)
  and not exists (select 1 from reversals r where r.region_id = s.region_id and r.settlement_id = s.id)
$function$;

revoke all on function billing_settled_that_day(uuid,date) from public;

CREATE OR REPLACE FUNCTION public.parked_settlements_decided_for_good()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- the settlement that a release makes is named once, right after it
    if old.state <> 'open' and not (old.state = 'released' and old.settlement_id is null
            and new.settlement_id is not null
            and (to_jsonb(new) - 'settlement_id') = (to_jsonb(old) - 'settlement_id')) then
        raise exception 'decided' using errcode = '23514', constraint = 'parked_settlements_decided_for_good';
    end if;
    return new;
end
$function$;

revoke all on function parked_settlements_decided_for_good() from public;

CREATE OR REPLACE FUNCTION public.journal_entries_balance()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
    entry uuid := to_jsonb(new) ->> case tg_table_name when 'journal_entries' then 'id' else 'entry_id' end;
begin
    if not exists (
        select 1 from journal_entries e
        cross join lateral (
            select sum(l.debit_fen) as debits, sum(l.credit_fen) as credits,
                   min(l.line_no) as first_no,
                   bool_and(l.institution_id = e.institution_id and l.book = e.book and l.booked_on = e.booked_on
                            and sign(l.debit_fen + l.credit_fen) = sign(e.gross_fen)) as belongs
            from journal_lines l where l.region_id = e.region_id and l.entry_id = e.id
        ) of_lines
        where e.region_id = new.region_id and e.id = entry
          and of_lines.first_no = 1 and of_lines.belongs
          and of_lines.debits = e.gross_fen and of_lines.credits = e.gross_fen
    ) then
        raise exception 'the entry does not balance' using errcode = '23514', constraint = 'journal_entries_balance';
    end if;
    return null;
end
$function$;

revoke all on function journal_entries_balance() from public;

CREATE OR REPLACE FUNCTION public.settlements_journaled()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
    word text := case tg_table_name when 'settlements' then 'settlement' else 'reversal' end;
    due bigint := case tg_table_name when 'settlements' then new.gross_fen else -new.gross_fen end;
begin
    if due <> (select coalesce(sum(e.gross_fen), 0) from journal_entries e
               where e.region_id = new.region_id and e.source = word and e.source_id = new.id) then
        raise exception 'not in the journal' using errcode = '23514', constraint = 'settlements_journaled';
    end if;
    return null;
end
$function$;

revoke all on function settlements_journaled() from public;

CREATE OR REPLACE FUNCTION public.invoices_follow()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if new.number <> 1 + (select coalesce(max(i.number), 0) from invoices i
                          where i.region_id = new.region_id and i.institution_id = new.institution_id
                            and i.year = new.year) then
        raise exception 'a gap in the numbers' using errcode = '23514', constraint = 'invoices_follow';
    end if;
    if new.reverses_id is not null then
        -- two that take back parts of one invoice in two years hold different counters: here they wait for each other
        perform pg_advisory_xact_lock(hashtextextended('invoices.red/' || new.region_id || new.reverses_id, 0));
        if not exists (
            select 1 from invoices i
            where i.region_id = new.region_id and i.id = new.reverses_id and i.institution_id = new.institution_id
              and i.gross_fen > 0
              and i.gross_fen + new.gross_fen + (
                  select coalesce(sum(r.gross_fen), 0) from invoices r
                  where r.region_id = i.region_id and r.reverses_id = i.id) >= 0
        ) then
            raise exception 'more than the invoice' using errcode = '23514', constraint = 'invoices_red_within';
        end if;
    end if;
    return new;
end
$function$;

revoke all on function invoices_follow() from public;

CREATE OR REPLACE FUNCTION public.invoice_counters_used()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if not exists (select 1 from invoices i
                   where i.region_id = new.region_id and i.institution_id = new.institution_id
                     and i.year = new.year and i.number = new.last_no) then
        raise exception 'a number without an invoice' using errcode = '23514', constraint = 'invoice_counters_used';
    end if;
    return null;
end
$function$;

revoke all on function invoice_counters_used() from public;

CREATE OR REPLACE FUNCTION public.bed_settlements_add_up()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
    bill uuid := to_jsonb(new) ->> case tg_table_name when 'bed_settlements' then 'id' else 'settlement_id' end;
begin
    if exists (
        select 1 from bed_settlements s
        cross join lateral (
            select sum(d.gross_fen) as gross, sum(d.fund_fen) as fund, sum(d.institution_fen) as institution
            from bed_days d where d.region_id = s.region_id and d.settlement_id = s.id
        ) of_days
        where s.region_id = new.region_id and s.id = bill and (
            (s.gross_fen, s.fund_fen, s.institution_fen)
                is distinct from (of_days.gross, of_days.fund, of_days.institution)
            or s.gross_fen <> (select coalesce(sum(l.gross_fen), 0) from bed_settlement_lines l
                               where l.region_id = s.region_id and l.settlement_id = s.id)
            or s.gross_fen <> (select coalesce(sum(e.gross_fen), 0) from journal_entries e
                               where e.region_id = s.region_id and e.source = 'bed_days' and e.source_id = s.id))
    ) or exists (
        select 1 from bed_settlement_lines l
        cross join lateral (
            select count(*) as days, sum(d.gross_fen) as gross, sum(d.fund_fen) as fund,
                   sum(d.institution_fen) as institution, sum(d.patient_fen) as patient
            from bed_days d where d.region_id = l.region_id and d.settlement_id = l.settlement_id
              and extract(year from d.service_on) = l.year
        ) of_days
        cross join lateral (
            select coalesce(sum(f.amount_fen) filter (where f.source = 'medical_insurance'), 0) as fund,
                   coalesce(sum(f.amount_fen) filter (where f.source = 'institution'), 0) as institution,
                   coalesce(sum(f.amount_fen) filter (where f.source = 'self_pay'), 0) as patient
            from bed_settlement_fundings f
            where f.region_id = l.region_id and f.settlement_id = l.settlement_id and f.year = l.year
        ) paid
        where l.region_id = new.region_id and l.settlement_id = bill
          and (l.days, l.gross_fen, paid.fund, paid.institution, paid.patient, l.patient_fen) is distinct from
              (of_days.days, of_days.gross, of_days.fund, of_days.institution, of_days.patient, of_days.patient)
    ) then
        raise exception 'bill does not add up' using errcode = '23514', constraint = 'bed_settlements_add_up';
    end if;
    return null;
end
$function$;

revoke all on function bed_settlements_add_up() from public;

CREATE OR REPLACE FUNCTION public.bed_reversals_add_up()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
    back uuid := to_jsonb(new) ->> case tg_table_name when 'bed_reversals' then 'id' else 'reversal_id' end;
begin
    if exists (
        select 1 from bed_reversals b
        cross join lateral (
            select sum(d.gross_fen) as gross, sum(d.fund_fen) as fund, sum(d.institution_fen) as institution
            from bed_day_reversals r
            join bed_days d on d.region_id = r.region_id and d.person_id = r.person_id
                           and d.service_on = r.service_on and d.seq = r.seq
            where r.region_id = b.region_id and r.reversal_id = b.id
        ) of_days
        where b.region_id = new.region_id and b.id = back and (
            (b.gross_fen, b.fund_fen, b.institution_fen)
                is distinct from (of_days.gross, of_days.fund, of_days.institution)
            or -b.gross_fen <> (select coalesce(sum(e.gross_fen), 0) from journal_entries e
                                where e.region_id = b.region_id and e.source = 'bed_days_reversal'
                                  and e.source_id = b.id))) then
        raise exception 'reversal does not add up' using errcode = '23514', constraint = 'bed_reversals_add_up';
    end if;
    return null;
end
$function$;

revoke all on function bed_reversals_add_up() from public;

CREATE OR REPLACE FUNCTION public.bed_days_in_stay()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- held until the commit: who closes or pauses the bed at this moment waits, then meets the billed day
    perform 1 from beds b where b.region_id = new.region_id and b.id = new.bed_id and b.person_id = new.person_id
        and b.payment = 'per_diem' and daterange(b.opened_on, b.closed_on, '[)') @> new.service_on for share;
    if not found or exists (
        select 1 from bed_pauses p where p.region_id = new.region_id and p.bed_id = new.bed_id
          and daterange(p.first, p.until, '[)') @> new.service_on) then
        raise exception 'no day of the stay' using errcode = '23514', constraint = 'bed_days_in_stay';
    end if;
    return null;
end
$function$;

revoke all on function bed_days_in_stay() from public;

CREATE OR REPLACE FUNCTION public.bed_pauses_spare_billed_days()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if exists (select 1 from bed_days d where d.region_id = new.region_id and d.bed_id = new.bed_id and daterange(new.first, new.until, '[)') @> d.service_on
          and not exists (select 1 from bed_day_reversals r
                          where r.region_id = d.region_id and r.person_id = d.person_id
                            and r.service_on = d.service_on and r.seq = d.seq)) then
        raise exception 'billed days' using errcode = '23514', constraint = 'bed_days_of_open_days';
    end if;
    return null;
end
$function$;

revoke all on function bed_pauses_spare_billed_days() from public;

CREATE OR REPLACE FUNCTION public.beds_keep_billed_days()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if exists (select 1 from bed_days d where d.region_id = new.region_id and d.bed_id = new.id and not daterange(new.opened_on, new.closed_on, '[)') @> d.service_on
          and not exists (select 1 from bed_day_reversals r
                          where r.region_id = d.region_id and r.person_id = d.person_id
                            and r.service_on = d.service_on and r.seq = d.seq)) then
        raise exception 'billed days' using errcode = '23514', constraint = 'bed_days_of_open_days';
    end if;
    return null;
end
$function$;

revoke all on function beds_keep_billed_days() from public;

CREATE OR REPLACE FUNCTION public.bed_days_billed(asked_person uuid, asked_first date, asked_until date)
 RETURNS TABLE(service_on date, seq integer, live boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select distinct on (d.service_on) d.service_on, d.seq, r.seq is null
from bed_days d
left join bed_day_reversals r on r.region_id = d.region_id and r.person_id = d.person_id
     and r.service_on = d.service_on and r.seq = d.seq
where d.region_id = app_region() and d.person_id = asked_person
  and d.service_on >= asked_first and d.service_on < asked_until and app_sees_person(d.region_id, d.person_id)
order by d.service_on, d.seq desc
$function$;

revoke all on function bed_days_billed(uuid,date,date) from public;

alter table bed_day_reversals add constraint pk_bed_day_reversals PRIMARY KEY (region_id, person_id, service_on, seq);

alter table bed_days add constraint pk_bed_days PRIMARY KEY (region_id, person_id, service_on, seq);

alter table bed_pauses add constraint pk_bed_pauses PRIMARY KEY (region_id, id);

alter table bed_reversals add constraint pk_bed_reversals PRIMARY KEY (region_id, id);

alter table bed_settlement_fundings add constraint pk_bed_settlement_fundings PRIMARY KEY (region_id, settlement_id, year, source);

alter table bed_settlement_lines add constraint pk_bed_settlement_lines PRIMARY KEY (region_id, settlement_id, year);

alter table bed_settlements add constraint pk_bed_settlements PRIMARY KEY (region_id, id);

alter table entitlement_use_reversals add constraint pk_entitlement_use_reversals PRIMARY KEY (region_id, use_id);

alter table entitlement_uses add constraint pk_entitlement_uses PRIMARY KEY (region_id, id);

alter table hospital_stays add constraint pk_hospital_stays PRIMARY KEY (region_id, id);

alter table institution_designations add constraint pk_institution_designations PRIMARY KEY (region_id, id);

alter table invoice_counters add constraint pk_invoice_counters PRIMARY KEY (region_id, institution_id, year);

alter table invoices add constraint pk_invoices PRIMARY KEY (region_id, id);

alter table journal_entries add constraint pk_journal_entries PRIMARY KEY (region_id, id);

alter table journal_lines add constraint pk_journal_lines PRIMARY KEY (region_id, entry_id, line_no);

alter table ltci_assessments add constraint pk_ltci_assessments PRIMARY KEY (region_id, id);

alter table ltci_rules add constraint pk_ltci_rules PRIMARY KEY (region_id, id);

alter table parked_settlements add constraint pk_parked_settlements PRIMARY KEY (region_id, id);

alter table per_diem_agreements add constraint pk_per_diem_agreements PRIMARY KEY (region_id, id);

alter table price_limits add constraint pk_price_limits PRIMARY KEY (region_id, id);

alter table reduction_rules add constraint pk_reduction_rules PRIMARY KEY (region_id, id);

alter table tariff_approvals add constraint pk_tariff_approvals PRIMARY KEY (region_id, proposal_id, account_id);

alter table tariff_proposals add constraint pk_tariff_proposals PRIMARY KEY (region_id, id);

alter table visit_consents add constraint pk_visit_consents PRIMARY KEY (region_id, id);

alter table bed_days add constraint bed_days_in_a_bill UNIQUE (region_id, person_id, service_on, seq, settlement_id);

alter table bed_reversals add constraint bed_reversals_in_a_bill UNIQUE (region_id, id, settlement_id);

alter table bed_settlements add constraint bed_settlements_of_a_stay UNIQUE (region_id, id, institution_id, person_id, bed_id);

alter table entitlement_uses add constraint entitlement_uses_once UNIQUE (region_id, institution_id, external_no);

alter table invoices add constraint invoices_once UNIQUE (region_id, source, source_id);

alter table invoices add constraint invoices_one_number UNIQUE (region_id, institution_id, year, number);

alter table journal_entries add constraint journal_entries_once UNIQUE (region_id, source, source_id, book);

alter table visit_fee_tariffs add constraint visit_fee_tariffs_of_proposal_once UNIQUE (region_id, proposal_id);

alter table bed_pauses add constraint bed_pauses_one EXCLUDE USING gist (region_id WITH =, bed_id WITH =, daterange(first, until, '[)'::text) WITH &&);

alter table hospital_stays add constraint hospital_stays_one EXCLUDE USING gist (region_id WITH =, person_id WITH =, daterange(admitted_on, discharged_on, '[)'::text) WITH &&);

alter table institution_designations add constraint institution_designations_once EXCLUDE USING gist (region_id WITH =, institution_id WITH =, plan_code WITH =, daterange(valid_from, valid_to, '[]'::text) WITH &&);

alter table ltci_assessments add constraint ltci_assessments_one EXCLUDE USING gist (region_id WITH =, person_id WITH =, daterange(valid_from, valid_to, '[]'::text) WITH &&);

alter table ltci_rules add constraint ltci_rules_one EXCLUDE USING gist (region_id WITH =, daterange(valid_from, valid_to, '[]'::text) WITH &&);

alter table per_diem_agreements add constraint per_diem_agreements_one EXCLUDE USING gist (region_id WITH =, institution_id WITH =, kind WITH =, COALESCE(plan_code, ''::character varying) WITH =, daterange(valid_from, valid_to, '[]'::text) WITH &&);

alter table price_limits add constraint price_limits_one EXCLUDE USING gist (region_id WITH =, code WITH =, daterange(valid_from, valid_to, '[]'::text) WITH &&);

alter table price_rows add constraint price_rows_one_level_price EXCLUDE USING gist (region_id WITH =, level WITH =, code WITH =, daterange(valid_from, valid_to, '[]'::text) WITH &&);

alter table reduction_rules add constraint reduction_rules_one EXCLUDE USING gist (region_id WITH =, COALESCE(institution_id, region_id) WITH =, code WITH =, daterange(valid_from, valid_to, '[]'::text) WITH &&);

ALTER TABLE bed_days ADD CONSTRAINT ck_bed_days_amounts CHECK (gross_fen = fund_fen + institution_fen + patient_fen and least(fund_fen, institution_fen, patient_fen) >= 0);

ALTER TABLE bed_days ADD CONSTRAINT ck_bed_days_follows CHECK (seq > 0 and follows_seq is not distinct from nullif(seq - 1, 0));

ALTER TABLE bed_pauses ADD CONSTRAINT ck_bed_pauses_ends_after_it_starts CHECK (until is null or until >= first);

ALTER TABLE bed_reversals ADD CONSTRAINT ck_bed_reversals_amounts CHECK (gross_fen = fund_fen + institution_fen + patient_fen and least(fund_fen, institution_fen, patient_fen) >= 0);

ALTER TABLE bed_settlement_fundings ADD CONSTRAINT ck_bed_settlement_fundings_amount CHECK (amount_fen > 0);

ALTER TABLE bed_settlement_fundings ADD CONSTRAINT ck_bed_settlement_fundings_source CHECK (source in ('medical_insurance', 'institution', 'self_pay'));

ALTER TABLE bed_settlement_lines ADD CONSTRAINT ck_bed_settlement_lines_days CHECK (days > 0);

ALTER TABLE bed_settlements ADD CONSTRAINT ck_bed_settlements_amounts CHECK (gross_fen = fund_fen + institution_fen + patient_fen and least(fund_fen, institution_fen, patient_fen) >= 0);

ALTER TABLE bed_settlements ADD CONSTRAINT ck_bed_settlements_income_class CHECK (income_class in ('unified', 'memorandum'));

ALTER TABLE beds ADD CONSTRAINT ck_beds_agreement CHECK (agreement_id is null or payment = 'per_diem');

ALTER TABLE beds ADD CONSTRAINT ck_beds_kind CHECK (kind in ('treatment', 'rehabilitation', 'palliative', 'hospice_ward', 'medical_rehabilitation'));

ALTER TABLE bill_fundings ADD CONSTRAINT ck_bill_fundings_income_class CHECK (income_class in ('unified', 'memorandum'));

ALTER TABLE bill_lines ADD CONSTRAINT ck_bill_lines_claimed CHECK (insured_fen between 0 and gross_fen and eligible_fen between 0 and insured_fen and deductible_fen between 0 and eligible_fen and (insured_fen = 0) = (insurance_class is null));

ALTER TABLE bill_lines ADD CONSTRAINT ck_bill_lines_income_class CHECK (income_class in ('unified', 'memorandum'));

ALTER TABLE entitlement_entries ADD CONSTRAINT ck_entitlement_entries_kind CHECK (kind in ('reserve', 'release', 'consume', 'reverse', 'opening', 'expire'));

ALTER TABLE entitlement_entries ADD CONSTRAINT ck_entitlement_entries_opening_has_a_source CHECK ((kind = 'opening') = (because is not null));

ALTER TABLE entitlement_entries ADD CONSTRAINT ck_entitlement_entries_units CHECK (units > 0 or (units = 0 and kind = 'expire'));

ALTER TABLE entitlement_uses ADD CONSTRAINT ck_entitlement_uses_units CHECK (units > 0);

ALTER TABLE entitlements ADD CONSTRAINT ck_entitlements_source CHECK (source in ('contract', 'public_program', 'insurance_fund', 'insurance_deductible', 'ltci', 'per_diem', 'limit'));

ALTER TABLE hospital_stays ADD CONSTRAINT ck_hospital_stays_discharged CHECK (discharged_on >= admitted_on);

ALTER TABLE institutions ADD CONSTRAINT ck_institutions_level CHECK (level in ('primary', 'secondary', 'tertiary'));

ALTER TABLE invoice_counters ADD CONSTRAINT ck_invoice_counters_last_no CHECK (last_no > 0);

ALTER TABLE invoices ADD CONSTRAINT ck_invoices_patient CHECK (patient_fen between least(gross_fen, 0) and greatest(gross_fen, 0));

ALTER TABLE invoices ADD CONSTRAINT ck_invoices_red CHECK (gross_fen <> 0 and (gross_fen < 0) = (reverses_id is not null));

ALTER TABLE journal_entries ADD CONSTRAINT ck_journal_entries_book CHECK (book in ('medical', 'elder_care'));

ALTER TABLE journal_entries ADD CONSTRAINT ck_journal_entries_red CHECK (case when source in ('reversal', 'bed_days_reversal') then gross_fen < 0 else gross_fen > 0 end);

ALTER TABLE journal_entries ADD CONSTRAINT ck_journal_entries_source CHECK (source in ('settlement', 'reversal', 'bed_days', 'bed_days_reversal'));

ALTER TABLE journal_lines ADD CONSTRAINT ck_journal_lines_one_side CHECK ((debit_fen = 0) <> (credit_fen = 0));

ALTER TABLE ltci_assessments ADD CONSTRAINT ck_ltci_assessments_grade CHECK (grade between 0 and 5);

ALTER TABLE ltci_rules ADD CONSTRAINT ck_ltci_rules_pay_ratio CHECK (pay_ratio between 0 and 1);

ALTER TABLE packages ADD CONSTRAINT ck_packages_income_class CHECK (income_class in ('unified', 'memorandum'));

ALTER TABLE parked_settlements ADD CONSTRAINT ck_parked_settlements_decided_whole CHECK ((state = 'open') = (decided_at is null) and (decided_at is null) = (decided_by_account_id is null) and (decided_at is null) = (reason is null));

ALTER TABLE parked_settlements ADD CONSTRAINT ck_parked_settlements_settled CHECK (settlement_id is null or state = 'released');

ALTER TABLE parked_settlements ADD CONSTRAINT ck_parked_settlements_state CHECK (state in ('open', 'released', 'rejected'));

ALTER TABLE per_diem_agreements ADD CONSTRAINT ck_per_diem_agreements_amounts CHECK (daily_rate >= 0 and year_cap_fen >= 0);

ALTER TABLE per_diem_agreements ADD CONSTRAINT ck_per_diem_agreements_income_class CHECK (income_class in ('unified', 'memorandum'));

ALTER TABLE per_diem_agreements ADD CONSTRAINT ck_per_diem_agreements_kind CHECK (kind in ('treatment', 'rehabilitation', 'palliative', 'hospice_ward', 'medical_rehabilitation'));

ALTER TABLE per_diem_agreements ADD CONSTRAINT ck_per_diem_agreements_ratios CHECK (pay_ratio between 0 and 1 and institution_share between 0 and 1);

ALTER TABLE price_limits ADD CONSTRAINT ck_price_limits_codes CHECK (cardinality(codes) > 0);

ALTER TABLE price_limits ADD CONSTRAINT ck_price_limits_maximum CHECK (maximum > 0);

ALTER TABLE price_limits ADD CONSTRAINT ck_price_limits_per CHECK (per in ('day', 'week', 'bed_cycle', 'year'));

ALTER TABLE price_rows ADD CONSTRAINT ck_price_rows_category CHECK (category in ('service', 'drug', 'consumable'));

ALTER TABLE price_rows ADD CONSTRAINT ck_price_rows_income_class CHECK (income_class in ('unified', 'memorandum'));

ALTER TABLE price_rows ADD CONSTRAINT ck_price_rows_level CHECK (level in ('primary', 'secondary', 'tertiary'));

ALTER TABLE price_rows ADD CONSTRAINT ck_price_rows_one_book CHECK (num_nonnulls(institution_id, level) = 1);

ALTER TABLE price_rows ADD CONSTRAINT ck_price_rows_own_price CHECK (level is null or category = 'service');

ALTER TABLE programmes ADD CONSTRAINT ck_programmes_kind CHECK (kind in ('basic_public_health', 'elder_health', 'disabled_action', 'government_purchase', 'free_clinic'));

ALTER TABLE programmes ADD CONSTRAINT ck_programmes_minimum_age CHECK (minimum_age between 0 and 150);

ALTER TABLE reduction_rules ADD CONSTRAINT ck_reduction_rules_bill_cap CHECK (bill_cap_fen > 0);

ALTER TABLE reduction_rules ADD CONSTRAINT ck_reduction_rules_ratio CHECK (ratio > 0 and ratio <= 1);

ALTER TABLE settlements ADD CONSTRAINT ck_settlements_follows CHECK (seq > 0 and follows_seq is not distinct from nullif(seq - 1, 0));

ALTER TABLE settlements ADD CONSTRAINT ck_settlements_kind CHECK (kind in ('visit', 'cancellation'));

ALTER TABLE tariff_proposals ADD CONSTRAINT ck_tariff_proposals_announced CHECK (valid_from > published_on + notice_days);

ALTER TABLE tariff_proposals ADD CONSTRAINT ck_tariff_proposals_costs CHECK (radius_km > 0 and labour_cost >= 0 and transport_cost >= 0);

ALTER TABLE tariff_proposals ADD CONSTRAINT ck_tariff_proposals_days CHECK (notice_days >= 0 and interval_days >= 0);

ALTER TABLE tariff_proposals ADD CONSTRAINT ck_tariff_proposals_distance_base CHECK (distance_base in ('institution', 'nearest_station'));

ALTER TABLE tariff_proposals ADD CONSTRAINT ck_tariff_proposals_distance_method CHECK (distance_method in ('great_circle', 'road'));

ALTER TABLE tariff_proposals ADD CONSTRAINT ck_tariff_proposals_income_class CHECK (income_class in ('unified', 'memorandum'));

ALTER TABLE tariff_proposals ADD CONSTRAINT ck_tariff_proposals_reasons CHECK (supply_and_demand <> '' and reason <> '');

ALTER TABLE tariff_proposals ADD CONSTRAINT ck_tariff_proposals_unit CHECK (unit in ('visit', 'visit_staff'));

ALTER TABLE tariff_proposals ADD CONSTRAINT ck_tariff_proposals_withdrawn_whole CHECK ((withdrawn_at is null) = (withdrawn_by_account_id is null) and (withdrawn_at is null) = (withdrawn_because is null));

ALTER TABLE visit_consents ADD CONSTRAINT ck_visit_consents_amount CHECK (amount_fen >= 0);

ALTER TABLE visit_consents ADD CONSTRAINT ck_visit_consents_crew_shows_it CHECK (given_by <> 'crew' or evidence_file_id is not null);

ALTER TABLE visit_consents ADD CONSTRAINT ck_visit_consents_given_by CHECK (given_by in ('elder', 'proxy', 'crew'));

ALTER TABLE visit_fee_tariffs ADD CONSTRAINT ck_visit_fee_tariffs_income_class CHECK (income_class in ('unified', 'memorandum'));

alter table bed_day_reversals add constraint bed_day_reversals_of_a_day FOREIGN KEY (region_id, person_id, service_on, seq, settlement_id) REFERENCES bed_days(region_id, person_id, service_on, seq, settlement_id);

alter table bed_day_reversals add constraint bed_day_reversals_of_a_reversal FOREIGN KEY (region_id, reversal_id, settlement_id) REFERENCES bed_reversals(region_id, id, settlement_id);

alter table bed_days add constraint bed_days_follow_a_reversal FOREIGN KEY (region_id, person_id, service_on, follows_seq) REFERENCES bed_day_reversals(region_id, person_id, service_on, seq);

alter table bed_days add constraint bed_days_of_a_settlement FOREIGN KEY (region_id, settlement_id, institution_id, person_id, bed_id) REFERENCES bed_settlements(region_id, id, institution_id, person_id, bed_id);

alter table bed_pauses add constraint fk_bed_pauses_region_id_bed_id FOREIGN KEY (region_id, bed_id) REFERENCES beds(region_id, id);

alter table bed_reversals add constraint bed_reversals_of_a_settlement FOREIGN KEY (region_id, settlement_id, institution_id, person_id, bed_id) REFERENCES bed_settlements(region_id, id, institution_id, person_id, bed_id);

alter table bed_settlement_fundings add constraint bed_settlement_fundings_of_a_line FOREIGN KEY (region_id, settlement_id, year) REFERENCES bed_settlement_lines(region_id, settlement_id, year);

alter table bed_settlement_lines add constraint fk_bed_settlement_lines_region_id_settlement_id FOREIGN KEY (region_id, settlement_id) REFERENCES bed_settlements(region_id, id);

alter table bed_settlements add constraint fk_bed_settlements_region_id_agreement_id FOREIGN KEY (region_id, agreement_id) REFERENCES per_diem_agreements(region_id, id);

alter table bed_settlements add constraint fk_bed_settlements_region_id_bed_id FOREIGN KEY (region_id, bed_id) REFERENCES beds(region_id, id);

alter table bed_settlements add constraint fk_bed_settlements_region_id_person_id FOREIGN KEY (region_id, person_id) REFERENCES patients(region_id, id);

alter table beds add constraint fk_beds_region_id_agreement_id FOREIGN KEY (region_id, agreement_id) REFERENCES per_diem_agreements(region_id, id);

alter table entitlement_use_reversals add constraint fk_entitlement_use_reversals_region_id_use_id FOREIGN KEY (region_id, use_id) REFERENCES entitlement_uses(region_id, id);

alter table entitlement_uses add constraint fk_entitlement_uses_region_id_institution_id FOREIGN KEY (region_id, institution_id) REFERENCES institutions(region_id, id);

alter table entitlement_uses add constraint fk_entitlement_uses_region_id_person_id FOREIGN KEY (region_id, person_id) REFERENCES patients(region_id, id);

alter table hospital_stays add constraint fk_hospital_stays_region_id_person_id FOREIGN KEY (region_id, person_id) REFERENCES patients(region_id, id);

alter table institution_designations add constraint fk_institution_designations_region_id_institution_id FOREIGN KEY (region_id, institution_id) REFERENCES institutions(region_id, id);

alter table invoices add constraint invoices_reverse_an_invoice FOREIGN KEY (region_id, reverses_id) REFERENCES invoices(region_id, id);

alter table journal_lines add constraint fk_journal_lines_region_id_entry_id FOREIGN KEY (region_id, entry_id) REFERENCES journal_entries(region_id, id);

alter table ltci_assessments add constraint fk_ltci_assessments_region_id_district_id FOREIGN KEY (region_id, district_id) REFERENCES districts(region_id, id);

alter table ltci_assessments add constraint fk_ltci_assessments_region_id_person_id FOREIGN KEY (region_id, person_id) REFERENCES patients(region_id, id);

alter table parked_settlements add constraint fk_parked_settlements_region_id_person_id FOREIGN KEY (region_id, person_id) REFERENCES patients(region_id, id);

alter table parked_settlements add constraint fk_parked_settlements_region_id_settlement_id FOREIGN KEY (region_id, settlement_id) REFERENCES settlements(region_id, id);

alter table parked_settlements add constraint fk_parked_settlements_region_id_visit_id FOREIGN KEY (region_id, visit_id) REFERENCES visits(region_id, id);

alter table per_diem_agreements add constraint fk_per_diem_agreements_region_id_institution_id FOREIGN KEY (region_id, institution_id) REFERENCES institutions(region_id, id);

alter table reduction_rules add constraint fk_reduction_rules_region_id_institution_id FOREIGN KEY (region_id, institution_id) REFERENCES institutions(region_id, id);

alter table tariff_approvals add constraint fk_tariff_approvals_region_id_account_id FOREIGN KEY (region_id, account_id) REFERENCES accounts(region_id, id);

alter table tariff_approvals add constraint fk_tariff_approvals_region_id_proposal_id FOREIGN KEY (region_id, proposal_id) REFERENCES tariff_proposals(region_id, id);

alter table tariff_proposals add constraint fk_tariff_proposals_region_id_institution_id FOREIGN KEY (region_id, institution_id) REFERENCES institutions(region_id, id);

alter table visit_consents add constraint fk_visit_consents_region_id_evidence_file_id FOREIGN KEY (region_id, evidence_file_id) REFERENCES files(region_id, id);

alter table visit_consents add constraint fk_visit_consents_region_id_person_id FOREIGN KEY (region_id, person_id) REFERENCES patients(region_id, id);

alter table visit_consents add constraint fk_visit_consents_region_id_quote_id FOREIGN KEY (region_id, quote_id) REFERENCES quotes(region_id, id);

alter table visit_consents add constraint fk_visit_consents_region_id_visit_id FOREIGN KEY (region_id, visit_id) REFERENCES visits(region_id, id);

alter table visit_fee_tariffs add constraint fk_visit_fee_tariffs_region_id_proposal_id FOREIGN KEY (region_id, proposal_id) REFERENCES tariff_proposals(region_id, id);

CREATE INDEX ix_parked_settlements_visit ON parked_settlements (region_id, visit_id);

CREATE INDEX ix_bed_days_bed ON bed_days (region_id, bed_id, service_on);

CREATE INDEX ix_journal_lines_booked ON journal_lines (region_id, institution_id, booked_on, book, account) INCLUDE (debit_fen, credit_fen, line_no);

CREATE INDEX ix_invoices_reverses ON invoices (region_id, reverses_id);

CREATE INDEX ix_invoices_issued ON invoices (region_id, institution_id, issued_on);

CREATE INDEX ix_bed_days_settlement ON bed_days (region_id, settlement_id);

CREATE UNIQUE INDEX settlements_one_cancellation ON settlements (region_id, visit_id) WHERE kind = 'cancellation';

CREATE INDEX ix_bed_settlements_bed ON bed_settlements (region_id, bed_id);

CREATE INDEX ix_parked_settlements_list ON parked_settlements (region_id, institution_id, id);

CREATE UNIQUE INDEX entitlement_entries_opened_once ON entitlement_entries (region_id, entitlement_id) WHERE kind = 'opening';

CREATE INDEX ix_settlements_settled ON settlements (region_id, institution_id, settled_at);

CREATE INDEX ix_visit_consents_visit ON visit_consents (region_id, visit_id);

CREATE INDEX ix_journal_entries_booked ON journal_entries (region_id, institution_id, booked_on);

CREATE INDEX ix_entitlement_uses_person ON entitlement_uses (region_id, person_id);

CREATE INDEX ix_reversals_reversed ON reversals (region_id, institution_id, reversed_at);

CREATE UNIQUE INDEX parked_settlements_one_open ON parked_settlements (region_id, visit_id) WHERE state = 'open';

CREATE UNIQUE INDEX entitlement_entries_expires_once ON entitlement_entries (region_id, entitlement_id) WHERE kind = 'expire';

CREATE INDEX ix_bed_day_reversals_reversal ON bed_day_reversals (region_id, reversal_id);

CREATE INDEX ix_bed_reversals_settlement ON bed_reversals (region_id, settlement_id);

create trigger institution_designations_take_turns before insert on institution_designations for each row execute function institution_designations_take_turns();

create trigger ltci_assessments_take_turns before insert on ltci_assessments for each row execute function ltci_assessments_take_turns();

create trigger hospital_stays_take_turns before insert on hospital_stays for each row execute function hospital_stays_take_turns();

create trigger price_rows_levels_take_turns before insert on price_rows for each row execute function price_rows_levels_take_turns();

create trigger ltci_rules_take_turns before insert on ltci_rules for each row execute function ltci_rules_take_turns();

create trigger per_diem_agreements_take_turns before insert on per_diem_agreements for each row execute function per_diem_agreements_take_turns();

create trigger price_limits_take_turns before insert on price_limits for each row execute function price_limits_take_turns();

create trigger reduction_rules_take_turns before insert on reduction_rules for each row execute function reduction_rules_take_turns();

create trigger tariff_proposals_published_today after insert on tariff_proposals for each row execute function tariff_proposals_published_today();

create trigger tariff_proposals_withdrawn_for_good before update on tariff_proposals for each row execute function tariff_proposals_withdrawn_for_good();

create trigger tariff_approvals_in_time after insert on tariff_approvals for each row execute function tariff_approvals_in_time();

create trigger visit_fee_tariffs_keep_steady after insert on visit_fee_tariffs for each row execute function visit_fee_tariffs_keep_steady();

create trigger visit_fee_tariffs_end_only before update of valid_to on visit_fee_tariffs for each row execute function visit_fee_tariffs_end_only();

create trigger bed_pauses_inside after insert or update on bed_pauses for each row execute function bed_pauses_inside();

create constraint trigger beds_hold_their_pauses after update on beds deferrable initially deferred for each row when (new.opened_on <> old.opened_on or new.closed_on is distinct from old.closed_on) execute function beds_hold_their_pauses();

create trigger bed_pauses_take_turns before insert on bed_pauses for each row execute function bed_pauses_take_turns();

create trigger parked_settlements_decided_for_good before update on parked_settlements for each row execute function parked_settlements_decided_for_good();

create constraint trigger journal_entries_balance after insert on journal_entries deferrable initially deferred for each row  execute function journal_entries_balance();

create constraint trigger journal_lines_balance after insert on journal_lines deferrable initially deferred for each row  execute function journal_entries_balance();

create constraint trigger settlements_journaled after insert on settlements deferrable initially deferred for each row when (new.journaled) execute function settlements_journaled();

create constraint trigger reversals_journaled after insert on reversals deferrable initially deferred for each row when (new.journaled) execute function settlements_journaled();

create trigger invoices_follow before insert on invoices for each row execute function invoices_follow();

create constraint trigger invoice_counters_used after insert or update on invoice_counters deferrable initially deferred for each row  execute function invoice_counters_used();

create constraint trigger bed_settlements_add_up after insert on bed_settlements deferrable initially deferred for each row execute function bed_settlements_add_up();

create constraint trigger bed_settlement_lines_add_up after insert on bed_settlement_lines deferrable initially deferred for each row execute function bed_settlements_add_up();

create constraint trigger bed_settlement_fundings_add_up after insert on bed_settlement_fundings deferrable initially deferred for each row execute function bed_settlements_add_up();

create constraint trigger bed_days_add_up after insert on bed_days deferrable initially deferred for each row execute function bed_settlements_add_up();

create constraint trigger bed_reversals_add_up after insert on bed_reversals deferrable initially deferred for each row execute function bed_reversals_add_up();

create constraint trigger bed_day_reversals_add_up after insert on bed_day_reversals deferrable initially deferred for each row execute function bed_reversals_add_up();

create trigger bed_days_in_stay after insert on bed_days for each row execute function bed_days_in_stay();

create trigger bed_pauses_spare_billed_days after insert or update on bed_pauses for each row execute function bed_pauses_spare_billed_days();

create trigger beds_keep_billed_days after update on beds for each row when (new.opened_on <> old.opened_on or new.closed_on is distinct from old.closed_on) execute function beds_keep_billed_days();

alter table institution_designations enable row level security;

alter table ltci_assessments enable row level security;

alter table hospital_stays enable row level security;

alter table ltci_rules enable row level security;

alter table per_diem_agreements enable row level security;

alter table price_limits enable row level security;

alter table reduction_rules enable row level security;

alter table tariff_proposals enable row level security;

alter table tariff_approvals enable row level security;

alter table entitlement_uses enable row level security;

alter table entitlement_use_reversals enable row level security;

alter table bed_pauses enable row level security;

alter table parked_settlements enable row level security;

alter table visit_consents enable row level security;

alter table journal_entries enable row level security;

alter table journal_lines enable row level security;

alter table invoices enable row level security;

alter table invoice_counters enable row level security;

alter table bed_settlements enable row level security;

alter table bed_settlement_lines enable row level security;

alter table bed_settlement_fundings enable row level security;

alter table bed_days enable row level security;

alter table bed_reversals enable row level security;

alter table bed_day_reversals enable row level security;

create policy institution_designations_sees on institution_designations for select using (region_id = (select app_region()));

create policy institution_designations_adds on institution_designations for insert with check (region_id = (select app_region()) and (select app_region_wide()));

create policy institution_designations_changes on institution_designations for update using (region_id = (select app_region()) and (select app_region_wide())) with check (region_id = (select app_region()) and (select app_region_wide()));

create policy ltci_assessments_sees on ltci_assessments for select using (region_id = (select app_region()) and app_sees_person(region_id, person_id));

create policy ltci_assessments_adds on ltci_assessments for insert with check (region_id = (select app_region()) and app_sees_person(region_id, person_id));

create policy ltci_assessments_changes on ltci_assessments for update using (region_id = (select app_region()) and app_sees_person(region_id, person_id)) with check (region_id = (select app_region()) and app_sees_person(region_id, person_id));

create policy hospital_stays_sees on hospital_stays for select using (region_id = (select app_region()) and app_sees_person(region_id, person_id));

create policy hospital_stays_adds on hospital_stays for insert with check (region_id = (select app_region()) and app_sees_person(region_id, person_id));

create policy hospital_stays_changes on hospital_stays for update using (region_id = (select app_region()) and app_sees_person(region_id, person_id)) with check (region_id = (select app_region()) and app_sees_person(region_id, person_id));

create policy price_rows_adds on price_rows for insert with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and (select app_region_wide()) and institution_id is null));

create policy price_rows_changes on price_rows for update using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and (select app_region_wide()) and institution_id is null)) with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and (select app_region_wide()) and institution_id is null));

create policy ltci_rules_sees on ltci_rules for select using (region_id = (select app_region()));

create policy ltci_rules_adds on ltci_rules for insert with check (region_id = (select app_region()) and (select app_region_wide()));

create policy ltci_rules_changes on ltci_rules for update using (region_id = (select app_region()) and (select app_region_wide())) with check (region_id = (select app_region()) and (select app_region_wide()));

create policy per_diem_agreements_sees on per_diem_agreements for select using (region_id = (select app_region()));

create policy per_diem_agreements_adds on per_diem_agreements for insert with check (region_id = (select app_region()) and (select app_region_wide()));

create policy per_diem_agreements_changes on per_diem_agreements for update using (region_id = (select app_region()) and (select app_region_wide())) with check (region_id = (select app_region()) and (select app_region_wide()));

create policy price_limits_sees on price_limits for select using (region_id = (select app_region()));

create policy price_limits_adds on price_limits for insert with check (region_id = (select app_region()) and (select app_region_wide()));

create policy price_limits_changes on price_limits for update using (region_id = (select app_region()) and (select app_region_wide())) with check (region_id = (select app_region()) and (select app_region_wide()));

create policy reduction_rules_sees on reduction_rules for select using (region_id = (select app_region()));

create policy reduction_rules_adds on reduction_rules for insert with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and (select app_region_wide()) and institution_id is null));

create policy reduction_rules_changes on reduction_rules for update using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and (select app_region_wide()) and institution_id is null)) with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and (select app_region_wide()) and institution_id is null));

create policy tariff_proposals_sees on tariff_proposals for select using (region_id = (select app_region()));

create policy tariff_proposals_adds on tariff_proposals for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]) and proposed_by_account_id = (select app_account()));

create policy tariff_proposals_changes on tariff_proposals for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy tariff_approvals_sees on tariff_approvals for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy tariff_approvals_adds on tariff_approvals for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]) and account_id = (select app_account()));

create policy entitlement_uses_sees on entitlement_uses for select using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy entitlement_uses_adds on entitlement_uses for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy entitlement_use_reversals_sees on entitlement_use_reversals for select using (exists (select 1 from entitlement_uses u where u.region_id = entitlement_use_reversals.region_id and u.id = use_id));

create policy entitlement_use_reversals_adds on entitlement_use_reversals for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy bed_pauses_sees on bed_pauses for select using (exists (select 1 from beds b where b.region_id = bed_pauses.region_id and b.id = bed_id));

create policy bed_pauses_adds on bed_pauses for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy bed_pauses_changes on bed_pauses for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy parked_settlements_sees on parked_settlements for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy parked_settlements_adds on parked_settlements for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy parked_settlements_changes on parked_settlements for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy visit_consents_sees on visit_consents for select using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy visit_consents_adds on visit_consents for insert with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy journal_entries_sees on journal_entries for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy journal_entries_adds on journal_entries for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy journal_lines_sees on journal_lines for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy journal_lines_adds on journal_lines for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy invoice_counters_sees on invoice_counters for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy invoice_counters_adds on invoice_counters for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy invoice_counters_changes on invoice_counters for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy invoices_sees on invoices for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy invoices_adds on invoices for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy bed_settlements_sees on bed_settlements for select using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy bed_settlements_adds on bed_settlements for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy bed_settlement_lines_sees on bed_settlement_lines for select using (exists (select 1 from bed_settlements s where s.region_id = bed_settlement_lines.region_id and s.id = settlement_id));

create policy bed_settlement_lines_adds on bed_settlement_lines for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy bed_settlement_fundings_sees on bed_settlement_fundings for select using (exists (select 1 from bed_settlements s where s.region_id = bed_settlement_fundings.region_id and s.id = settlement_id));

create policy bed_settlement_fundings_adds on bed_settlement_fundings for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy bed_days_sees on bed_days for select using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy bed_days_adds on bed_days for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy bed_reversals_sees on bed_reversals for select using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy bed_reversals_adds on bed_reversals for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy bed_day_reversals_sees on bed_day_reversals for select using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy bed_day_reversals_adds on bed_day_reversals for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

grant insert on institution_designations to xunzhen_app;

grant select on institution_designations to xunzhen_app;

grant update on institution_designations to xunzhen_app;

grant insert on ltci_assessments to xunzhen_app;

grant select on ltci_assessments to xunzhen_app;

grant update on ltci_assessments to xunzhen_app;

grant insert on hospital_stays to xunzhen_app;

grant select on hospital_stays to xunzhen_app;

grant update on hospital_stays to xunzhen_app;

grant insert on ltci_rules to xunzhen_app;

grant select on ltci_rules to xunzhen_app;

grant update on ltci_rules to xunzhen_app;

grant insert on per_diem_agreements to xunzhen_app;

grant select on per_diem_agreements to xunzhen_app;

grant update on per_diem_agreements to xunzhen_app;

grant insert on price_limits to xunzhen_app;

grant select on price_limits to xunzhen_app;

grant update on price_limits to xunzhen_app;

grant insert on reduction_rules to xunzhen_app;

grant select on reduction_rules to xunzhen_app;

grant update on reduction_rules to xunzhen_app;

grant insert on tariff_proposals to xunzhen_app;

grant select on tariff_proposals to xunzhen_app;

grant insert on tariff_approvals to xunzhen_app;

grant select on tariff_approvals to xunzhen_app;

grant insert on entitlement_uses to xunzhen_app;

grant select on entitlement_uses to xunzhen_app;

grant insert on entitlement_use_reversals to xunzhen_app;

grant select on entitlement_use_reversals to xunzhen_app;

grant insert on bed_pauses to xunzhen_app;

grant select on bed_pauses to xunzhen_app;

grant update on bed_pauses to xunzhen_app;

grant insert on parked_settlements to xunzhen_app;

grant select on parked_settlements to xunzhen_app;

grant update on parked_settlements to xunzhen_app;

grant insert on visit_consents to xunzhen_app;

grant select on visit_consents to xunzhen_app;

grant insert on journal_entries to xunzhen_app;

grant select on journal_entries to xunzhen_app;

grant insert on journal_lines to xunzhen_app;

grant select on journal_lines to xunzhen_app;

grant insert on invoices to xunzhen_app;

grant select on invoices to xunzhen_app;

grant insert on invoice_counters to xunzhen_app;

grant select on invoice_counters to xunzhen_app;

grant update on invoice_counters to xunzhen_app;

grant insert on bed_settlements to xunzhen_app;

grant select on bed_settlements to xunzhen_app;

grant insert on bed_settlement_lines to xunzhen_app;

grant select on bed_settlement_lines to xunzhen_app;

grant insert on bed_settlement_fundings to xunzhen_app;

grant select on bed_settlement_fundings to xunzhen_app;

grant insert on bed_days to xunzhen_app;

grant select on bed_days to xunzhen_app;

grant insert on bed_reversals to xunzhen_app;

grant select on bed_reversals to xunzhen_app;

grant insert on bed_day_reversals to xunzhen_app;

grant select on bed_day_reversals to xunzhen_app;

grant update (valid_to) on visit_fee_tariffs to xunzhen_app;

grant update (withdrawn_by_account_id) on tariff_proposals to xunzhen_app;

grant update (withdrawn_because) on tariff_proposals to xunzhen_app;

grant update (withdrawn_at) on tariff_proposals to xunzhen_app;

grant execute on function institution_designations_take_turns() to public;

grant execute on function ltci_assessments_take_turns() to public;

grant execute on function hospital_stays_take_turns() to public;

grant execute on function price_rows_levels_take_turns() to public;

grant execute on function ltci_rules_take_turns() to public;

grant execute on function per_diem_agreements_take_turns() to public;

grant execute on function price_limits_take_turns() to public;

grant execute on function reduction_rules_take_turns() to public;

grant execute on function tariff_proposals_published_today() to public;

grant execute on function tariff_proposals_withdrawn_for_good() to public;

grant execute on function tariff_approvals_in_time() to public;

grant execute on function visit_fee_tariffs_keep_steady() to public;

grant execute on function visit_fee_tariffs_end_only() to public;

grant execute on function contracts_cover_at(uuid,date,uuid) to xunzhen_app;

grant execute on function entitlements_standing(uuid) to xunzhen_app;

grant execute on function entitlement_open(uuid,bigint,date,text,text) to xunzhen_app;

grant execute on function entitlement_openings(uuid[]) to xunzhen_app;

grant execute on function entitlement_close(uuid,uuid,date) to public;

grant execute on function contracts_close(uuid) to xunzhen_app;

grant execute on function entitlements_close_due(date,uuid,integer) to xunzhen_app;

grant execute on function contracts_fulfilled(uuid[],timestamp with time zone) to xunzhen_app;

grant execute on function entitlements_traced(uuid) to xunzhen_app;

grant execute on function bed_pauses_inside() to public;

grant execute on function beds_hold_their_pauses() to public;

grant execute on function beds_stay_on(uuid,date) to xunzhen_app;

grant execute on function bed_pauses_take_turns() to public;

grant execute on function billing_settled_that_day(uuid,date) to xunzhen_app;

grant execute on function parked_settlements_decided_for_good() to public;

grant execute on function journal_entries_balance() to public;

grant execute on function settlements_journaled() to public;

grant execute on function invoices_follow() to public;

grant execute on function invoice_counters_used() to public;

grant execute on function bed_settlements_add_up() to public;

grant execute on function bed_reversals_add_up() to public;

grant execute on function bed_days_in_stay() to public;

grant execute on function bed_pauses_spare_billed_days() to public;

grant execute on function beds_keep_billed_days() to public;

grant execute on function bed_days_billed(uuid,date,date) to xunzhen_app;

-- what held until now goes on: an institution with prices was paid by every insurance, a package was valid everywhere
insert into institution_designations (region_id, id, institution_id, plan_code, valid_from)
select r.region_id, gen_random_uuid(), i.id, r.plan_code, min(r.valid_from)
from insurance_rules r join institutions i on i.region_id = r.region_id
where exists (select 1 from price_rows p where p.region_id = i.region_id and p.institution_id = i.id)
group by r.region_id, i.id, r.plan_code;

update packages set valid_region_wide = true;

-- what was posted before is booked and numbered
-- Order by posting: `settlement` sorts after `reversal` descending, so an original of the same moment comes first.
with parts as (
    select s.region_id, s.institution_id, s.id, s.settled_at,
           (s.settled_at at time zone 'Asia/Shanghai')::date as booked_on,
           case coalesce(f.income_class, l.income_class) when 'memorandum' then 'elder_care' else 'medical' end as book,
           case f.source when 'self_pay' then '1212.01' when 'medical_insurance' then '1212.02' when 'ltci' then '1212.03'
                when 'public_program' then '1212.04' when 'contract' then '1212.05' when 'capitation' then '1212.06'
                when 'bed_per_diem' then '1212.07' when 'reduction' then '4101.90' when 'institution' then '5001.01'
           end as debited,
           case l.code when 'VISIT_FEE' then '4101.04' else '4101.01' end as credited, f.amount_fen
    from settlements s
    join bill_lines l on l.region_id = s.region_id and l.settlement_id = s.id
    join bill_fundings f on f.region_id = s.region_id and f.settlement_id = s.id and f.line_no = l.line_no
    where f.amount_fen > 0 and not exists (select 1 from journal_entries e where e.region_id = s.region_id
                                           and e.source = 'settlement' and e.source_id = s.id)
), entries as (
    insert into journal_entries
        (region_id, id, institution_id, book, source, source_id, booked_on, gross_fen, posted_at)
    select region_id, gen_random_uuid(), institution_id, book, 'settlement', id, booked_on, sum(amount_fen), settled_at
    from parts group by region_id, institution_id, book, id, booked_on, settled_at
    returning region_id, id, institution_id, book, source_id, booked_on
), sides as (
    select region_id, id, book, debited as account, sum(amount_fen) as debit_fen, 0 as credit_fen from parts
    group by region_id, id, book, debited
    union all
    select region_id, id, book, credited, 0, sum(amount_fen) from parts group by region_id, id, book, credited
)
insert into journal_lines
    (region_id, institution_id, entry_id, line_no, book, booked_on, account, debit_fen, credit_fen)
select e.region_id, e.institution_id, e.id, row_number() over (partition by e.id order by s.account), e.book, e.booked_on,
       s.account, s.debit_fen, s.credit_fen
from entries e join sides s on s.region_id = e.region_id and s.id = e.source_id and s.book = e.book;

with red as (
    insert into journal_entries
        (region_id, id, institution_id, book, source, source_id, booked_on, gross_fen, posted_at)
    select r.region_id, gen_random_uuid(), r.institution_id, e.book, 'reversal', r.id,
           (r.reversed_at at time zone 'Asia/Shanghai')::date, -e.gross_fen, r.reversed_at
    from reversals r
    join journal_entries e on e.region_id = r.region_id and e.source = 'settlement' and e.source_id = r.settlement_id
    where not exists (select 1 from journal_entries x where x.region_id = r.region_id and x.source = 'reversal'
                      and x.source_id = r.id)
    returning region_id, id, institution_id, book, source_id, booked_on
)
insert into journal_lines
    (region_id, institution_id, entry_id, line_no, book, booked_on, account, debit_fen, credit_fen)
select n.region_id, n.institution_id, n.id, l.line_no, l.book, n.booked_on, l.account, -l.debit_fen, -l.credit_fen
from red n
join reversals r on r.region_id = n.region_id and r.id = n.source_id
join journal_entries e on e.region_id = r.region_id and e.source = 'settlement' and e.source_id = r.settlement_id
                      and e.book = n.book
join journal_lines l on l.region_id = e.region_id and l.entry_id = e.id;

-- settlements first (a red letter refers to its original), each in the order in which it was posted
do $body$
declare
    each record;
    next_no int;
begin
    for each in
        select e.region_id, e.institution_id, e.source, e.source_id, e.booked_on, e.posted_at,
               extract(year from e.booked_on)::int as year, sum(e.gross_fen) as gross_fen,
               coalesce((select sum(l.debit_fen) from journal_entries o
                         join journal_lines l on l.region_id = o.region_id and l.entry_id = o.id
                                             and l.account = '1212.01'
                         where o.region_id = e.region_id and o.source = e.source and o.source_id = e.source_id), 0)
                   as patient_fen
        from journal_entries e
        where e.source in ('settlement', 'reversal')
          and not exists (select 1 from invoices i where i.region_id = e.region_id and i.source = e.source
                          and i.source_id = e.source_id)
        group by e.region_id, e.institution_id, e.source, e.source_id, e.booked_on, e.posted_at
        order by e.posted_at, e.source desc
    loop
        insert into invoice_counters as c (region_id, institution_id, year, last_no)
        values (each.region_id, each.institution_id, each.year, 1)
        on conflict (region_id, institution_id, year) do update set last_no = c.last_no + 1
        returning last_no into next_no;
        insert into invoices (region_id, id, institution_id, year, number, source, source_id, reverses_id, gross_fen,
                              patient_fen, issued_on, issued_at)
        select each.region_id, gen_random_uuid(), each.institution_id, each.year, next_no, each.source, each.source_id,
               (select i.id from reversals r join invoices i on i.region_id = r.region_id and i.source = 'settlement'
                                                            and i.source_id = r.settlement_id
                where each.source = 'reversal' and r.region_id = each.region_id and r.id = each.source_id),
               each.gross_fen, each.patient_fen, each.booked_on, each.posted_at;
    end loop;
end
$body$;
"""

DOWN = r"""
set local check_function_bodies = off;

-- charges that the version before has no words for are not dropped with their tables
do $body$
begin
    if exists (select 1 from bed_settlements) or exists (select 1 from settlements where kind <> 'visit')
       or exists (select 1 from bill_fundings where source in ('reduction', 'institution')) then
        raise exception 'there are bills of bed days, cancellations or reductions: the version before cannot hold them';
    end if;
end
$body$;
update settlements set facts = facts -> 'case' where facts ->> 'format' = 'xunzhen.proof/1';
delete from price_rows where institution_id is null;
delete from entitlement_entries where kind = 'expire' or (kind = 'opening' and units = 0);
update entitlement_entries set kind = 'consume' where kind = 'opening';
delete from entitlement_entries x using entitlements e
where e.region_id = x.region_id and e.id = x.entitlement_id and e.source in ('ltci', 'per_diem', 'limit');
delete from entitlements where source in ('ltci', 'per_diem', 'limit');

revoke update (valid_to) on visit_fee_tariffs from xunzhen_app;

revoke execute on function institution_designations_take_turns() from public;

revoke execute on function ltci_assessments_take_turns() from public;

revoke execute on function hospital_stays_take_turns() from public;

revoke execute on function price_rows_levels_take_turns() from public;

revoke execute on function ltci_rules_take_turns() from public;

revoke execute on function per_diem_agreements_take_turns() from public;

revoke execute on function price_limits_take_turns() from public;

revoke execute on function reduction_rules_take_turns() from public;

revoke execute on function tariff_proposals_published_today() from public;

revoke execute on function tariff_proposals_withdrawn_for_good() from public;

revoke execute on function tariff_approvals_in_time() from public;

revoke execute on function visit_fee_tariffs_keep_steady() from public;

revoke execute on function visit_fee_tariffs_end_only() from public;

revoke execute on function contracts_cover_at(uuid,date,uuid) from xunzhen_app;

revoke execute on function entitlements_standing(uuid) from xunzhen_app;

revoke execute on function entitlement_open(uuid,bigint,date,text,text) from xunzhen_app;

revoke execute on function entitlement_openings(uuid[]) from xunzhen_app;

revoke execute on function entitlement_close(uuid,uuid,date) from public;

revoke execute on function contracts_close(uuid) from xunzhen_app;

revoke execute on function entitlements_close_due(date,uuid,integer) from xunzhen_app;

revoke execute on function contracts_fulfilled(uuid[],timestamp with time zone) from xunzhen_app;

revoke execute on function entitlements_traced(uuid) from xunzhen_app;

revoke execute on function bed_pauses_inside() from public;

revoke execute on function beds_hold_their_pauses() from public;

revoke execute on function beds_stay_on(uuid,date) from xunzhen_app;

revoke execute on function bed_pauses_take_turns() from public;

revoke execute on function billing_settled_that_day(uuid,date) from xunzhen_app;

revoke execute on function parked_settlements_decided_for_good() from public;

revoke execute on function journal_entries_balance() from public;

revoke execute on function settlements_journaled() from public;

revoke execute on function invoices_follow() from public;

revoke execute on function invoice_counters_used() from public;

revoke execute on function bed_settlements_add_up() from public;

revoke execute on function bed_reversals_add_up() from public;

revoke execute on function bed_days_in_stay() from public;

revoke execute on function bed_pauses_spare_billed_days() from public;

revoke execute on function beds_keep_billed_days() from public;

revoke execute on function bed_days_billed(uuid,date,date) from xunzhen_app;

drop policy price_rows_adds on price_rows;

drop policy price_rows_changes on price_rows;

drop trigger price_rows_levels_take_turns on price_rows;

drop trigger visit_fee_tariffs_keep_steady on visit_fee_tariffs;

drop trigger visit_fee_tariffs_end_only on visit_fee_tariffs;

drop trigger beds_hold_their_pauses on beds;

drop trigger settlements_journaled on settlements;

drop trigger reversals_journaled on reversals;

drop trigger beds_keep_billed_days on beds;

drop index ix_parked_settlements_visit;

drop index ix_bed_days_bed;

drop index ix_journal_lines_booked;

drop index ix_invoices_reverses;

drop index ix_invoices_issued;

drop index ix_bed_days_settlement;

drop index settlements_one_cancellation;

drop index ix_bed_settlements_bed;

drop index ix_parked_settlements_list;

drop index entitlement_entries_opened_once;

drop index ix_settlements_settled;

drop index ix_visit_consents_visit;

drop index ix_journal_entries_booked;

drop index ix_entitlement_uses_person;

drop index ix_reversals_reversed;

drop index parked_settlements_one_open;

drop index entitlement_entries_expires_once;

drop index ix_bed_day_reversals_reversal;

drop index ix_bed_reversals_settlement;

alter table visit_fee_tariffs drop constraint visit_fee_tariffs_of_proposal_once;

alter table price_rows drop constraint price_rows_one_level_price;

alter table beds drop constraint ck_beds_agreement;

alter table beds drop constraint ck_beds_kind;

alter table bill_fundings drop constraint ck_bill_fundings_income_class;

alter table bill_lines drop constraint ck_bill_lines_claimed;

alter table bill_lines drop constraint ck_bill_lines_income_class;

alter table entitlement_entries drop constraint ck_entitlement_entries_opening_has_a_source;

alter table institutions drop constraint ck_institutions_level;

alter table packages drop constraint ck_packages_income_class;

alter table price_rows drop constraint ck_price_rows_category;

alter table price_rows drop constraint ck_price_rows_income_class;

alter table price_rows drop constraint ck_price_rows_level;

alter table price_rows drop constraint ck_price_rows_one_book;

alter table price_rows drop constraint ck_price_rows_own_price;

alter table programmes drop constraint ck_programmes_kind;

alter table programmes drop constraint ck_programmes_minimum_age;

alter table settlements drop constraint ck_settlements_kind;

alter table visit_fee_tariffs drop constraint ck_visit_fee_tariffs_income_class;

alter table beds drop constraint fk_beds_region_id_agreement_id;

alter table visit_fee_tariffs drop constraint fk_visit_fee_tariffs_region_id_proposal_id;

alter table entitlement_entries drop constraint ck_entitlement_entries_kind;

alter table entitlement_entries drop constraint ck_entitlement_entries_units;

alter table entitlements drop constraint ck_entitlements_source;

alter table settlements drop constraint ck_settlements_follows;

drop function institution_designations_take_turns() cascade;

drop function ltci_assessments_take_turns() cascade;

drop function hospital_stays_take_turns() cascade;

drop function price_rows_levels_take_turns() cascade;

drop function ltci_rules_take_turns() cascade;

drop function per_diem_agreements_take_turns() cascade;

drop function price_limits_take_turns() cascade;

drop function reduction_rules_take_turns() cascade;

drop function tariff_proposals_published_today() cascade;

drop function tariff_proposals_withdrawn_for_good() cascade;

drop function tariff_approvals_in_time() cascade;

drop function visit_fee_tariffs_keep_steady() cascade;

drop function visit_fee_tariffs_end_only() cascade;

drop function contracts_cover_at(uuid,date,uuid) cascade;

drop function entitlements_standing(uuid) cascade;

drop function entitlement_open(uuid,bigint,date,text,text) cascade;

drop function entitlement_openings(uuid[]) cascade;

drop function entitlement_close(uuid,uuid,date) cascade;

drop function contracts_close(uuid) cascade;

drop function entitlements_close_due(date,uuid,integer) cascade;

drop function contracts_fulfilled(uuid[],timestamp with time zone) cascade;

drop function entitlements_traced(uuid) cascade;

drop function bed_pauses_inside() cascade;

drop function beds_hold_their_pauses() cascade;

drop function beds_stay_on(uuid,date) cascade;

drop function bed_pauses_take_turns() cascade;

drop function billing_settled_that_day(uuid,date) cascade;

drop function parked_settlements_decided_for_good() cascade;

drop function journal_entries_balance() cascade;

drop function settlements_journaled() cascade;

drop function invoices_follow() cascade;

drop function invoice_counters_used() cascade;

drop function bed_settlements_add_up() cascade;

drop function bed_reversals_add_up() cascade;

drop function bed_days_in_stay() cascade;

drop function bed_pauses_spare_billed_days() cascade;

drop function beds_keep_billed_days() cascade;

drop function bed_days_billed(uuid,date,date) cascade;

alter table institutions drop column level;

alter table programmes drop column kind;

alter table programmes drop column minimum_age;

alter table programmes drop column key_groups;

alter table price_rows drop column level;

alter table price_rows drop column category;

alter table price_rows drop column income_class;

alter table price_rows drop column national_code;

alter table price_rows drop column unit;

alter table price_rows drop column output;

alter table price_rows drop column composition;

alter table price_rows drop column surcharges;

alter table price_rows drop column note;

alter table visit_fee_tariffs drop column income_class;

alter table visit_fee_tariffs drop column proposal_id;

alter table packages drop column valid_at;

alter table packages drop column valid_region_wide;

alter table packages drop column income_class;

alter table entitlement_entries drop column because;

alter table entitlement_entries drop column document_no;

alter table beds drop column kind;

alter table beds drop column agreement_id;

alter table visit_items drop column lot_no;

alter table visit_items drop column added;

alter table quotes drop column asked;

alter table quotes drop column valid_until;

alter table quotes drop column token;

alter table quotes drop column accepted_at;

alter table settlements drop column kind;

alter table settlements drop column plan_code;

alter table settlements drop column journaled;

alter table bill_lines drop column national_code;

alter table bill_lines drop column unit;

alter table bill_lines drop column income_class;

alter table bill_lines drop column sentence;

alter table bill_lines drop column insurance_class;

alter table bill_lines drop column insured_fen;

alter table bill_lines drop column eligible_fen;

alter table bill_lines drop column deductible_fen;

alter table bill_fundings drop column income_class;

alter table bill_fundings drop column remaining;

alter table reversals drop column journaled;

drop table bed_day_reversals cascade;

drop table bed_days cascade;

drop table bed_pauses cascade;

drop table bed_reversals cascade;

drop table bed_settlement_fundings cascade;

drop table bed_settlement_lines cascade;

drop table bed_settlements cascade;

drop table entitlement_use_reversals cascade;

drop table entitlement_uses cascade;

drop table hospital_stays cascade;

drop table institution_designations cascade;

drop table invoice_counters cascade;

drop table invoices cascade;

drop table journal_entries cascade;

drop table journal_lines cascade;

drop table ltci_assessments cascade;

drop table ltci_rules cascade;

drop table parked_settlements cascade;

drop table per_diem_agreements cascade;

drop table price_limits cascade;

drop table reduction_rules cascade;

drop table tariff_approvals cascade;

drop table tariff_proposals cascade;

drop table visit_consents cascade;

alter table price_rows alter column institution_id set not null;

CREATE OR REPLACE FUNCTION public.app_region()
 RETURNS uuid
 LANGUAGE sql
 STABLE
AS $function$ select nullif(current_setting('app.region_id', true), '')::uuid $function$;

CREATE OR REPLACE FUNCTION public.app_institutions()
 RETURNS uuid[]
 LANGUAGE sql
 STABLE
AS $function$ select coalesce(nullif(current_setting('app.institution_ids', true), ''), '{}')::uuid[] $function$;

CREATE OR REPLACE FUNCTION public.app_account()
 RETURNS uuid
 LANGUAGE sql
 STABLE
AS $function$ select nullif(current_setting('app.account_id', true), '')::uuid $function$;

CREATE OR REPLACE FUNCTION public.app_region_wide()
 RETURNS boolean
 LANGUAGE sql
 STABLE
AS $function$ select coalesce(current_setting('app.region_wide', true), 'off') = 'on' $function$;

CREATE OR REPLACE FUNCTION public.app_now()
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE
AS $function$ select coalesce(nullif(current_setting('app.now', true), '')::timestamptz, now()) $function$;

CREATE OR REPLACE FUNCTION public.entitlement_entries_chain()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
    before record;
    ceiling bigint;
    used_delta bigint := case new.kind when 'consume' then new.units when 'reverse' then -new.units else 0 end;
    held_delta bigint := case new.kind when 'reserve' then new.units when 'release' then -new.units else 0 end;
begin
    select cap into ceiling from entitlements where region_id = new.region_id and id = new.entitlement_id;
    select seq, used_after, reserved_after into before from entitlement_entries
        where region_id = new.region_id and entitlement_id = new.entitlement_id order by seq desc limit 1;
    if new.seq <> coalesce(before.seq, 0) + 1
       or new.used_after <> coalesce(before.used_after, 0) + used_delta
       or new.reserved_after <> coalesce(before.reserved_after, 0) + held_delta then
        raise exception 'entry does not continue its chain'
            using errcode = '23514', constraint = 'entitlement_entries_chain';
    end if;
    if used_delta + held_delta > 0 and new.used_after + new.reserved_after > ceiling then
        raise exception 'entitlement exhausted'
            using errcode = '23514', constraint = 'entitlement_entries_within_cap';
    end if;
    return new;
end
$function$;

CREATE OR REPLACE FUNCTION public.entitlement_grant(asked_id uuid, asked_person uuid, asked_source text, asked_ref uuid, asked_code text, asked_period text, asked_cap bigint, asked_counting text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
insert into entitlements (region_id, id, person_id, source, ref_id, code, period, cap, counting)
select app_region(), asked_id, asked_person, asked_source, asked_ref, asked_code, asked_period, asked_cap,
       asked_counting
where app_may_ask(app_region(), asked_person)
-- granted already: a cap stays as it was, but a better insurance rule of the same year raises it
on conflict on constraint entitlements_once do update set cap = excluded.cap
where entitlements.cap < excluded.cap and entitlements.source in ('insurance_fund', 'insurance_deductible')
$function$;

CREATE OR REPLACE FUNCTION public.entitlement_balances(asked_person uuid)
 RETURNS TABLE(entitlement_id uuid, source text, ref_id uuid, code text, period text, cap bigint, counting text, used bigint, reserved bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select e.id, e.source, e.ref_id, e.code, e.period, e.cap, e.counting,
       coalesce(l.used_after, 0), coalesce(l.reserved_after, 0)
from entitlements e
left join lateral (select used_after, reserved_after from entitlement_entries x
                   where x.region_id = e.region_id and x.entitlement_id = e.id order by seq desc limit 1) l on true
where e.region_id = app_region() and e.person_id = asked_person and app_may_ask(e.region_id, e.person_id)
$function$;

CREATE OR REPLACE FUNCTION public.orders_refuse_illegal_move()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if old.state <> new.state and not ((old.state = 'draft' and new.state in ('cancelled', 'submitted')) or (old.state = 'submitted' and new.state in ('accepted', 'cancelled', 'rejected')) or (old.state = 'accepted' and new.state in ('cancelled', 'rejected', 'scheduled')) or (old.state = 'scheduled' and new.state in ('accepted', 'cancelled', 'in_progress', 'noshow')) or (old.state = 'in_progress' and new.state in ('done', 'noshow')) or (old.state = 'done' and new.state in ('closed')) or (old.state = 'closed' and new.state in ('done'))) then
        raise exception 'illegal move % -> %', old.state, new.state
            using errcode = '23514', constraint = 'orders_state_moves';
    end if;
    return new;
end
$function$;

alter table entitlement_entries add constraint ck_entitlement_entries_kind CHECK (((kind)::text = ANY ((ARRAY['reserve'::character varying, 'release'::character varying, 'consume'::character varying, 'reverse'::character varying])::text[])));

alter table entitlement_entries add constraint ck_entitlement_entries_units CHECK ((units > 0));

alter table entitlements add constraint ck_entitlements_source CHECK (((source)::text = ANY ((ARRAY['contract'::character varying, 'public_program'::character varying, 'insurance_fund'::character varying, 'insurance_deductible'::character varying])::text[])));

alter table settlements add constraint ck_settlements_follows CHECK ((((seq = 1) AND (follows_seq IS NULL)) OR ((seq > 1) AND (follows_seq = (seq - 1)))));

create policy price_rows_adds on price_rows for insert with check (((region_id = ( SELECT app_region() AS app_region)) AND (institution_id = ANY (( SELECT app_institutions() AS app_institutions)::uuid[]))));

create policy price_rows_changes on price_rows for update using (((region_id = ( SELECT app_region() AS app_region)) AND (institution_id = ANY (( SELECT app_institutions() AS app_institutions)::uuid[])))) with check (((region_id = ( SELECT app_region() AS app_region)) AND (institution_id = ANY (( SELECT app_institutions() AS app_institutions)::uuid[]))));

grant update on visit_fee_tariffs to xunzhen_app;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
