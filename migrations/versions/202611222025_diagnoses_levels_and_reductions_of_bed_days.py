"""Diagnoses, dated levels of institutions, reductions of bed days; a bill and its parts in one statement.

Revision: 202611222025, after 202611221717
"""

from migrations import sql

revision = "202611222025"
down_revision = "202611221717"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

drop policy bill_lines_adds on bill_lines;

drop policy bill_fundings_adds on bill_fundings;

alter table bed_days drop constraint ck_bed_days_amounts;

alter table bed_reversals drop constraint ck_bed_reversals_amounts;

alter table bed_settlement_fundings drop constraint ck_bed_settlement_fundings_source;

alter table bed_settlements drop constraint ck_bed_settlements_amounts;

create table diagnoses (
    region_id uuid not null,
    id uuid not null,
    person_id uuid not null,
    code character varying not null,
    name character varying not null,
    source character varying default 'own'::character varying not null,
    valid_from date not null,
    valid_to date,
    recorded_by_institution_id uuid not null,
    recorded_by_account_id uuid not null,
    recorded_at timestamp with time zone not null,
    withdrawn_at timestamp with time zone,
    withdrawn_by_account_id uuid,
    withdrawn_because character varying
);

create table institution_levels (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    level character varying,
    valid_from date not null,
    valid_to date
);

alter table programmes add column diagnosis_prefixes text[] default '{}'::text[] not null;

alter table bed_settlements add column reduction_fen bigint default 0 not null;

alter table bed_days add column reduction_fen bigint default 0 not null;

alter table bed_reversals add column reduction_fen bigint default 0 not null;

CREATE OR REPLACE FUNCTION public.diagnoses_withdrawn_stay()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    raise exception 'a withdrawn diagnosis stays as it is'
        using errcode = '23514', constraint = 'diagnoses_withdrawn_stay';
end
$function$;

revoke all on function diagnoses_withdrawn_stay() from public;

CREATE OR REPLACE FUNCTION public.institution_levels_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('institution_levels/' || new.region_id || '/' || new.institution_id, 0));
    end if;
    return new;
end
$function$;

revoke all on function institution_levels_take_turns() from public;

CREATE OR REPLACE FUNCTION public.institutions_level_dated()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
    today date := (app_now() at time zone 'Asia/Shanghai')::date;
    running institution_levels;
begin
    if not exists (select from institution_levels l where l.region_id = new.region_id and l.institution_id = new.id)
    then
        if new.level is not null then
            insert into institution_levels (region_id, institution_id, id, level, valid_from)
            values (new.region_id, new.id, gen_random_uuid(), new.level, '1900-01-01');
        end if;
        return null;
    end if;
    select * into running from institution_levels l
    where l.region_id = new.region_id and l.institution_id = new.id
      and daterange(l.valid_from, l.valid_to, '[]') @> today;
    if running.level is not distinct from new.level then
        return null;
    end if;
    if running.valid_from = today then
        update institution_levels l set level = new.level where l.region_id = new.region_id and l.id = running.id;
        return null;
    end if;
    update institution_levels l set valid_to = today - 1 where l.region_id = new.region_id and l.id = running.id;
    insert into institution_levels (region_id, institution_id, id, level, valid_from, valid_to)
    select new.region_id, new.id, gen_random_uuid(), new.level, today, min(l.valid_from) - 1
    from institution_levels l
    where l.region_id = new.region_id and l.institution_id = new.id and l.valid_from > today;
    return null;
end
$function$;

revoke all on function institutions_level_dated() from public;

CREATE OR REPLACE FUNCTION public.diagnoses_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('diagnoses/' || new.region_id || '/' || new.person_id, 0));
    end if;
    return new;
end
$function$;

revoke all on function diagnoses_take_turns() from public;

CREATE OR REPLACE FUNCTION public.entitlement_granted(asked_id uuid, asked_person uuid, asked_source text, asked_ref uuid, asked_code text, asked_period text, asked_cap bigint, asked_counting text)
 RETURNS uuid
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
    perform entitlement_grant(asked_id, asked_person, asked_source, asked_ref, asked_code, asked_period, asked_cap,
                              asked_counting);
    -- volatile: it sees also what somebody else has granted since the statement began
    return (select e.id from entitlements e
            where e.region_id = app_region() and e.person_id = asked_person and e.source = asked_source
              and e.ref_id = asked_ref and e.code = asked_code and e.period = asked_period
              and app_may_ask(e.region_id, e.person_id));
end
$function$;

revoke all on function entitlement_granted(uuid,uuid,text,uuid,text,text,bigint,text) from public;

CREATE OR REPLACE FUNCTION public.billing_shows(asked_region uuid, asked_settlement uuid)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
begin
    -- volatile: it sees a settlement that the same statement has written before
    return exists (select 1 from settlements s where s.region_id = asked_region and s.id = asked_settlement);
end
$function$;

revoke all on function billing_shows(uuid,uuid) from public;

CREATE OR REPLACE FUNCTION public.billing_hold_visit(asked_region uuid, asked_visit uuid)
 RETURNS boolean
 LANGUAGE plpgsql
AS $function$
declare
    held record;
begin
    select v.home_id, v.service_on, v.person_id, v.order_id into held from visits v
    where v.region_id = asked_region and v.id = asked_visit;
    if not found then
        return false;
    end if;
    -- always in this order. The stay: its visits share a fee. The patient: his visits share balances.
    perform pg_advisory_xact_lock(hashtextextended(
        'billing.stay/' || held.home_id || '/' || to_char(held.service_on, 'YYYY-MM-DD') || '/' || asked_region, 0));
    perform pg_advisory_xact_lock(hashtextextended('billing.person/' || held.person_id || '/' || asked_region, 0));
    perform 1 from orders o where o.region_id = asked_region and o.id = held.order_id for update;
    return true;
end
$function$;

revoke all on function billing_hold_visit(uuid,uuid) from public;

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
            select sum(d.gross_fen) as gross, sum(d.fund_fen) as fund, sum(d.institution_fen) as institution,
                   sum(d.reduction_fen) as reduction
            from bed_days d where d.region_id = s.region_id and d.settlement_id = s.id
        ) of_days
        where s.region_id = new.region_id and s.id = bill and (
            (s.gross_fen, s.fund_fen, s.institution_fen, s.reduction_fen)
                is distinct from (of_days.gross, of_days.fund, of_days.institution, of_days.reduction)
            or s.gross_fen <> (select coalesce(sum(l.gross_fen), 0) from bed_settlement_lines l
                               where l.region_id = s.region_id and l.settlement_id = s.id)
            or s.gross_fen <> (select coalesce(sum(e.gross_fen), 0) from journal_entries e
                               where e.region_id = s.region_id and e.source = 'bed_days' and e.source_id = s.id))
    ) or exists (
        select 1 from bed_settlement_lines l
        cross join lateral (
            select count(*) as days, sum(d.gross_fen) as gross, sum(d.fund_fen) as fund,
                   sum(d.institution_fen) as institution, sum(d.reduction_fen) as reduction,
                   sum(d.patient_fen) as patient
            from bed_days d where d.region_id = l.region_id and d.settlement_id = l.settlement_id
              and extract(year from d.service_on) = l.year
        ) of_days
        cross join lateral (
            select coalesce(sum(f.amount_fen) filter (where f.source = 'medical_insurance'), 0) as fund,
                   coalesce(sum(f.amount_fen) filter (where f.source = 'institution'), 0) as institution,
                   coalesce(sum(f.amount_fen) filter (where f.source = 'reduction'), 0) as reduction,
                   coalesce(sum(f.amount_fen) filter (where f.source = 'self_pay'), 0) as patient
            from bed_settlement_fundings f
            where f.region_id = l.region_id and f.settlement_id = l.settlement_id and f.year = l.year
        ) paid
        where l.region_id = new.region_id and l.settlement_id = bill
          and (l.days, l.gross_fen, paid.fund, paid.institution, paid.reduction, paid.patient, l.patient_fen)
              is distinct from (of_days.days, of_days.gross, of_days.fund, of_days.institution, of_days.reduction,
                                of_days.patient, of_days.patient)
    ) then
        raise exception 'bill does not add up' using errcode = '23514', constraint = 'bed_settlements_add_up';
    end if;
    return null;
end
$function$;

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
            select sum(d.gross_fen) as gross, sum(d.fund_fen) as fund, sum(d.institution_fen) as institution,
                   sum(d.reduction_fen) as reduction
            from bed_day_reversals r
            join bed_days d on d.region_id = r.region_id and d.person_id = r.person_id
                           and d.service_on = r.service_on and d.seq = r.seq
            where r.region_id = b.region_id and r.reversal_id = b.id
        ) of_days
        where b.region_id = new.region_id and b.id = back and (
            (b.gross_fen, b.fund_fen, b.institution_fen, b.reduction_fen)
                is distinct from (of_days.gross, of_days.fund, of_days.institution, of_days.reduction)
            or -b.gross_fen <> (select coalesce(sum(e.gross_fen), 0) from journal_entries e
                                where e.region_id = b.region_id and e.source = 'bed_days_reversal'
                                  and e.source_id = b.id))) then
        raise exception 'reversal does not add up' using errcode = '23514', constraint = 'bed_reversals_add_up';
    end if;
    return null;
end
$function$;

alter table diagnoses add constraint pk_diagnoses PRIMARY KEY (region_id, id);

alter table institution_levels add constraint pk_institution_levels PRIMARY KEY (region_id, id);

alter table diagnoses add constraint diagnoses_once EXCLUDE USING gist (region_id WITH =, person_id WITH =, code WITH =, daterange(valid_from, valid_to, '[]'::text) WITH &&) WHERE ((withdrawn_at IS NULL));

alter table institution_levels add constraint institution_levels_one EXCLUDE USING gist (region_id WITH =, institution_id WITH =, daterange(valid_from, valid_to, '[]'::text) WITH &&);

ALTER TABLE bed_days ADD CONSTRAINT ck_bed_days_amounts CHECK (gross_fen = fund_fen + institution_fen + reduction_fen + patient_fen and least(fund_fen, institution_fen, reduction_fen, patient_fen) >= 0);

ALTER TABLE bed_reversals ADD CONSTRAINT ck_bed_reversals_amounts CHECK (gross_fen = fund_fen + institution_fen + reduction_fen + patient_fen and least(fund_fen, institution_fen, reduction_fen, patient_fen) >= 0);

ALTER TABLE bed_settlement_fundings ADD CONSTRAINT ck_bed_settlement_fundings_source CHECK (source in ('medical_insurance', 'institution', 'reduction', 'self_pay'));

ALTER TABLE bed_settlements ADD CONSTRAINT ck_bed_settlements_amounts CHECK (gross_fen = fund_fen + institution_fen + reduction_fen + patient_fen and least(fund_fen, institution_fen, reduction_fen, patient_fen) >= 0);

ALTER TABLE diagnoses ADD CONSTRAINT ck_diagnoses_code CHECK (code ~ '^[A-Z][0-9]{2}\.[0-9x][0-9]{2}(x[0-9]{3})?(\+[A-Z][0-9]{2}(\.[0-9])?\*)?$');

ALTER TABLE diagnoses ADD CONSTRAINT ck_diagnoses_source CHECK (source in ('own', 'outside_record', 'check_up', 'chronic_registry'));

ALTER TABLE diagnoses ADD CONSTRAINT ck_diagnoses_withdrawn_whole CHECK (num_nonnulls(withdrawn_at, withdrawn_by_account_id, withdrawn_because) in (0, 3));

ALTER TABLE institution_levels ADD CONSTRAINT ck_institution_levels_level CHECK (level in ('primary', 'secondary', 'tertiary'));

alter table diagnoses add constraint fk_diagnoses_region_id_person_id FOREIGN KEY (region_id, person_id) REFERENCES patients(region_id, id);

alter table diagnoses add constraint fk_diagnoses_region_id_recorded_by_institution_id FOREIGN KEY (region_id, recorded_by_institution_id) REFERENCES institutions(region_id, id);

alter table institution_levels add constraint fk_institution_levels_region_id_institution_id FOREIGN KEY (region_id, institution_id) REFERENCES institutions(region_id, id);

CREATE INDEX ix_diagnoses_person ON diagnoses (region_id, person_id);

create trigger institution_levels_take_turns before insert on institution_levels for each row execute function institution_levels_take_turns();

create trigger institutions_level_added after insert on institutions for each row when (new.level is not null) execute function institutions_level_dated();

create trigger institutions_level_said after update of level on institutions for each row execute function institutions_level_dated();

create trigger diagnoses_withdrawn_stay before update on diagnoses for each row when (old.withdrawn_at is not null) execute function diagnoses_withdrawn_stay();

create trigger diagnoses_take_turns before insert on diagnoses for each row execute function diagnoses_take_turns();

alter table institution_levels enable row level security;

alter table diagnoses enable row level security;

create policy institution_levels_sees on institution_levels for select using (region_id = (select app_region()));

create policy institution_levels_adds on institution_levels for insert with check (region_id = (select app_region()) and (select app_region_wide()));

create policy institution_levels_changes on institution_levels for update using (region_id = (select app_region()) and (select app_region_wide())) with check (region_id = (select app_region()) and (select app_region_wide()));

create policy diagnoses_sees on diagnoses for select using (region_id = (select app_region()) and app_sees_person(region_id, person_id));

create policy diagnoses_adds on diagnoses for insert with check (region_id = (select app_region()) and app_sees_person(region_id, person_id) and recorded_by_institution_id = any((select app_institutions())::uuid[]) and recorded_by_account_id = (select app_account()));

create policy diagnoses_changes on diagnoses for update using (region_id = (select app_region()) and app_sees_person(region_id, person_id)) with check (region_id = (select app_region()) and app_sees_person(region_id, person_id));

create policy bill_lines_adds on bill_lines for insert with check (billing_shows(region_id, settlement_id));

create policy bill_fundings_adds on bill_fundings for insert with check (billing_shows(region_id, settlement_id));

grant insert on institution_levels to xunzhen_app;

grant select on institution_levels to xunzhen_app;

grant insert on diagnoses to xunzhen_app;

grant select on diagnoses to xunzhen_app;

grant update (level) on institution_levels to xunzhen_app;

grant update (valid_to) on institution_levels to xunzhen_app;

grant update (valid_to) on diagnoses to xunzhen_app;

grant update (withdrawn_at) on diagnoses to xunzhen_app;

grant update (withdrawn_by_account_id) on diagnoses to xunzhen_app;

grant update (withdrawn_because) on diagnoses to xunzhen_app;

grant execute on function diagnoses_withdrawn_stay() to public;

grant execute on function institution_levels_take_turns() to public;

grant execute on function institutions_level_dated() to public;

grant execute on function diagnoses_take_turns() to public;

grant execute on function entitlement_granted(uuid,uuid,text,uuid,text,text,bigint,text) to xunzhen_app;

grant execute on function billing_shows(uuid,uuid) to public;

grant execute on function billing_hold_visit(uuid,uuid) to public;

-- the level that an institution has is the one that it always had
insert into institution_levels (region_id, institution_id, id, level, valid_from)
select region_id, id, gen_random_uuid(), level, '1900-01-01' from institutions where level is not null;

-- visits that were refused for good still held units
do $body$
declare
    each record;
begin
    for each in
        select x.region_id, x.entitlement_id, x.order_id, max(v.service_on) as service_on,
               sum(case x.kind when 'reserve' then x.units else -x.units end) as held
        from entitlement_entries x
        join visits v on v.region_id = x.region_id and v.order_id = x.order_id and v.state = 'refused'
        where x.kind in ('reserve', 'release')
        group by x.region_id, x.entitlement_id, x.order_id
        having sum(case x.kind when 'reserve' then x.units else -x.units end) > 0
    loop
        insert into entitlement_entries
            (region_id, entitlement_id, seq, kind, units, used_after, reserved_after, service_on, order_id, posted_at)
        select l.region_id, l.entitlement_id, l.seq + 1, 'release', each.held, l.used_after,
               l.reserved_after - each.held, each.service_on, each.order_id, now()
        from entitlement_entries l
        where l.region_id = each.region_id and l.entitlement_id = each.entitlement_id
        order by l.seq desc limit 1;
    end loop;
end
$body$;
"""

DOWN = r"""
set local check_function_bodies = off;

-- what the version before has no words for is not dropped with its columns
do $body$
begin
    if exists (select 1 from bed_settlements where reduction_fen > 0) then
        raise exception 'there are reductions of bed days: the version before cannot hold them';
    end if;
end
$body$;
update bed_settlements set facts = facts -> 'case' where facts ->> 'format' = 'xunzhen.bed-days-proof/1';
update settlements
set facts = case when facts #> '{ceiling,uncollected_fen}' = '0' then facts - 'ceiling'
                 else jsonb_set(facts, '{ceiling}', jsonb_build_object(
                     'quoted', facts #> '{ceiling,quoted}',
                     'consented_fen', facts #> '{ceiling,consents,-1,amount_fen}',
                     'uncollected_fen', facts #> '{ceiling,uncollected_fen}')) end
where facts #> '{ceiling,quote}' is not null;
update settlements
set facts = jsonb_build_object(
    'format', 'xunzhen.cancellation/1', 'visit', visit_id, 'patient', person_id, 'service_on', service_on,
    'departed_at', facts #> '{cancellation,departed_at}', 'own_fee_fen', facts #> '{cancellation,own_fee_fen}',
    'ratio', facts #> '{cancellation,ratio}', 'quoted_fee_fen', facts #> '{cancellation,quoted_fee_fen}',
    'amount_fen', gross_fen)
where facts ->> 'format' = 'xunzhen.cancellation-proof/1';

revoke execute on function diagnoses_withdrawn_stay() from public;

revoke execute on function institution_levels_take_turns() from public;

revoke execute on function institutions_level_dated() from public;

revoke execute on function diagnoses_take_turns() from public;

revoke execute on function entitlement_granted(uuid,uuid,text,uuid,text,text,bigint,text) from xunzhen_app;

revoke execute on function billing_shows(uuid,uuid) from public;

revoke execute on function billing_hold_visit(uuid,uuid) from public;

drop policy bill_lines_adds on bill_lines;

drop policy bill_fundings_adds on bill_fundings;

drop trigger institutions_level_added on institutions;

drop trigger institutions_level_said on institutions;

drop index ix_diagnoses_person;

alter table bed_days drop constraint ck_bed_days_amounts;

alter table bed_reversals drop constraint ck_bed_reversals_amounts;

alter table bed_settlement_fundings drop constraint ck_bed_settlement_fundings_source;

alter table bed_settlements drop constraint ck_bed_settlements_amounts;

drop function diagnoses_withdrawn_stay() cascade;

drop function institution_levels_take_turns() cascade;

drop function institutions_level_dated() cascade;

drop function diagnoses_take_turns() cascade;

drop function entitlement_granted(uuid,uuid,text,uuid,text,text,bigint,text) cascade;

drop function billing_shows(uuid,uuid) cascade;

drop function billing_hold_visit(uuid,uuid) cascade;

alter table programmes drop column diagnosis_prefixes;

alter table bed_settlements drop column reduction_fen;

alter table bed_days drop column reduction_fen;

alter table bed_reversals drop column reduction_fen;

drop table diagnoses cascade;

drop table institution_levels cascade;

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

alter table bed_days add constraint ck_bed_days_amounts CHECK (((gross_fen = ((fund_fen + institution_fen) + patient_fen)) AND (LEAST(fund_fen, institution_fen, patient_fen) >= 0)));

alter table bed_reversals add constraint ck_bed_reversals_amounts CHECK (((gross_fen = ((fund_fen + institution_fen) + patient_fen)) AND (LEAST(fund_fen, institution_fen, patient_fen) >= 0)));

alter table bed_settlement_fundings add constraint ck_bed_settlement_fundings_source CHECK (((source)::text = ANY ((ARRAY['medical_insurance'::character varying, 'institution'::character varying, 'self_pay'::character varying])::text[])));

alter table bed_settlements add constraint ck_bed_settlements_amounts CHECK (((gross_fen = ((fund_fen + institution_fen) + patient_fen)) AND (LEAST(fund_fen, institution_fen, patient_fen) >= 0)));

create policy bill_lines_adds on bill_lines for insert with check ((EXISTS ( SELECT 1
   FROM settlements s
  WHERE ((s.region_id = bill_lines.region_id) AND (s.id = bill_lines.settlement_id)))));

create policy bill_fundings_adds on bill_fundings for insert with check ((EXISTS ( SELECT 1
   FROM settlements s
  WHERE ((s.region_id = bill_fundings.region_id) AND (s.id = bill_fundings.settlement_id)))));
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
