"""Bound clients resettlements and days left out.

Revision: 202611230018, after 202611222247
"""

from migrations import sql

revision = "202611230018"
down_revision = "202611222247"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

drop policy accounts_adds on accounts;

drop policy sessions_adds on sessions;

alter table programmes drop constraint programmes_code_once;

alter table visit_consents drop constraint ck_visit_consents_given_by;

create table resettlements (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    before_id uuid not null,
    after_id uuid not null,
    reversal_id uuid not null,
    gross_difference_fen bigint not null,
    patient_difference_fen bigint not null,
    differences jsonb not null,
    borne jsonb not null,
    reason character varying not null,
    resettled_by_account_id uuid not null,
    resettled_at timestamp with time zone not null
);

alter table accounts add column bound_client_id uuid;

alter table insurance_rules add column insutype character varying;

alter table insurance_rules add column med_types jsonb default '{}'::jsonb not null;

alter table ltci_rules add column insutype character varying;

alter table ltci_rules add column med_types jsonb default '{}'::jsonb not null;

alter table visits add column in_vain boolean default false not null;

alter table reversals add column reason_code character varying;

alter table visit_consents add column agreed_by character varying;

alter table visit_consents add column shown_by character varying;

CREATE OR REPLACE FUNCTION public.accounts_bound_at_opening()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if new.role in ('elder', 'family_proxy') and new.bound_client_id is null then
        select a.id into new.bound_client_id from accounts a
        where a.region_id = app_region() and a.id = app_account() and a.role = 'service_client';
    end if;
    return new;
end
$function$;

revoke all on function accounts_bound_at_opening() from public;

CREATE OR REPLACE FUNCTION public.patients_bind_account(asked_id uuid, asked_index bytea, asked_name text, asked_account uuid, asked_because text)
 RETURNS uuid
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
with person as (
    select p.region_id, p.id from patients p
    join accounts a on a.region_id = p.region_id and a.id = asked_account and a.role = 'elder' and a.status = 'active'
    where p.region_id = app_region() and p.id_number_index = asked_index and p.name = asked_name
        and coalesce(a.bound_client_id, app_account()) = app_account()  -- never another client's user
), related as (
    insert into care_relations
        (region_id, id, person_id, kind, account_id, rights, during, because, granted_by_account_id)
    select p.region_id, asked_id, p.id, 'self', asked_account, '{view,book,pay,grant}', tstzrange(app_now(), null),
           asked_because, app_account()
    from person p
)
select id from person
$function$;

CREATE OR REPLACE FUNCTION public.programmes_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('programmes/' || new.region_id || '/' || new.code, 0));
    end if;
    return new;
end
$function$;

revoke all on function programmes_take_turns() from public;

CREATE OR REPLACE FUNCTION public.bill_lines_charge_within_fee()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
    mine record;
begin
    select v.trip_key, v.trip_id, v.home_id, s.facts #>> '{case,policy,visit_fee_sharing}' as sharing into mine
    from settlements s join visits v on v.region_id = s.region_id and v.id = s.visit_id
    where s.region_id = new.region_id and s.id = new.settlement_id;
    if mine.sharing is distinct from 'once_per_home' then
        return null;
    end if;
    -- charges of a trip come in one after the other, so that each sees the ones before it
    perform pg_advisory_xact_lock(hashtextextended('billing.charges/' || new.region_id || mine.trip_key, 0));
    if exists (
        select 1 from visits v
        join settlements s on s.region_id = v.region_id and s.visit_id = v.id
        join bill_lines l on l.region_id = s.region_id and l.settlement_id = s.id
                         and l.code in ('VISIT_FEE', 'CANCELLATION')
        left join visit_fees f on f.region_id = s.region_id and f.trip_id = s.trip_id and f.home_id = s.home_id
                              and f.round = s.trip_round
        where v.region_id = new.region_id and v.trip_key = mine.trip_key and v.home_id = mine.home_id
          and (v.trip_id is null or mine.trip_id is null or v.trip_id = mine.trip_id)
          and not exists (select 1 from reversals r where r.region_id = s.region_id and r.settlement_id = s.id)
        having sum(l.gross_fen) > max(coalesce((s.facts #>> '{cancellation,own_fee_fen}')::bigint, f.fee_fen))) then
        raise exception 'more than the fee' using errcode = '23514', constraint = 'bill_lines_charge_within_fee';
    end if;
    return null;
end
$function$;

revoke all on function bill_lines_charge_within_fee() from public;

CREATE OR REPLACE FUNCTION public.resettlements_add_up()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if not exists (
        select 1 from settlements b
        join settlements a on a.region_id = b.region_id and a.visit_id = b.visit_id and a.seq = b.seq + 1
                          and a.institution_id = b.institution_id
        join reversals r on r.region_id = b.region_id and r.settlement_id = b.id
        where b.region_id = new.region_id and b.id = new.before_id and a.id = new.after_id and r.id = new.reversal_id
          and b.institution_id = new.institution_id
          and new.gross_difference_fen = a.gross_fen - b.gross_fen
          and new.patient_difference_fen = a.patient_fen - b.patient_fen)
       or new.differences is distinct from (
        select coalesce(jsonb_object_agg(p.source, p.fen), '{}') from (
            select f.source, sum(case f.settlement_id when new.after_id then f.amount_fen else -f.amount_fen end) as fen
            from bill_fundings f
            where f.region_id = new.region_id and f.settlement_id in (new.before_id, new.after_id)
            group by f.source) p
        where p.fen <> 0) then
        raise exception 'the trail differs from the bills' using errcode = '23514',
            constraint = 'resettlements_add_up';
    end if;
    return null;
end
$function$;

revoke all on function resettlements_add_up() from public;

alter table resettlements add constraint pk_resettlements PRIMARY KEY (region_id, id);

alter table resettlements add constraint resettlements_of_one UNIQUE (region_id, after_id);

alter table resettlements add constraint resettlements_once UNIQUE (region_id, before_id);

alter table programmes add constraint programmes_one_a_year EXCLUDE USING gist (region_id WITH =, code WITH =, int4range((EXTRACT(year FROM valid_from))::integer, (EXTRACT(year FROM valid_to))::integer, '[]'::text) WITH &&);

ALTER TABLE accounts ADD CONSTRAINT ck_accounts_only_residents_are_bound CHECK (bound_client_id is null or role in ('elder', 'family_proxy'));

ALTER TABLE reversals ADD CONSTRAINT ck_reversals_reason_code CHECK (reason_code in ('deceased', 'in_hospital'));

ALTER TABLE visit_consents ADD CONSTRAINT ck_visit_consents_agreed_by CHECK (agreed_by in ('elder', 'proxy'));

ALTER TABLE visit_consents ADD CONSTRAINT ck_visit_consents_finance_shows_it CHECK (given_by <> 'finance' or (evidence_file_id is not null and agreed_by is not null and shown_by is not null));

ALTER TABLE visit_consents ADD CONSTRAINT ck_visit_consents_given_by CHECK (given_by in ('elder', 'proxy', 'crew', 'finance'));

ALTER TABLE visit_consents ADD CONSTRAINT ck_visit_consents_shown_by CHECK (shown_by in ('signature', 'paper_form', 'recording'));

alter table accounts add constraint fk_accounts_region_id_bound_client_id FOREIGN KEY (region_id, bound_client_id) REFERENCES accounts(region_id, id);

alter table resettlements add constraint fk_resettlements_region_id_after_id FOREIGN KEY (region_id, after_id) REFERENCES settlements(region_id, id);

alter table resettlements add constraint fk_resettlements_region_id_before_id FOREIGN KEY (region_id, before_id) REFERENCES settlements(region_id, id);

alter table resettlements add constraint fk_resettlements_region_id_reversal_id FOREIGN KEY (region_id, reversal_id) REFERENCES reversals(region_id, id);

CREATE INDEX ix_resettlements_list ON resettlements (region_id, institution_id, id);

create trigger accounts_bound_at_opening before insert on accounts for each row execute function accounts_bound_at_opening();

create trigger programmes_take_turns before insert on programmes for each row execute function programmes_take_turns();

create constraint trigger bill_lines_charge_within_fee after insert on bill_lines deferrable initially deferred for each row when (new.code = 'CANCELLATION') execute function bill_lines_charge_within_fee();

create trigger resettlements_add_up after insert on resettlements for each row execute function resettlements_add_up();

alter table resettlements enable row level security;

create policy accounts_adds on accounts for insert with check (region_id = (select app_region()) and role <> 'platform_admin' and ((select app_region_wide()) or role in ('elder', 'family_proxy') or (role not in ('civil_affairs_reader', 'inspector', 'region_admin', 'service_client') and cardinality((select app_institutions())) > 0)) and (bound_client_id is null or bound_client_id = (select app_account()) or (select app_region_wide())));

create policy sessions_adds on sessions for insert with check (region_id = (select app_region()) and account_id = (select app_account()) and (client_id is null or exists (select 1 from accounts where accounts.region_id = sessions.region_id and accounts.id = account_id and accounts.bound_client_id = client_id)));

create policy resettlements_sees on resettlements for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy resettlements_adds on resettlements for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

grant insert on resettlements to xunzhen_app;

grant select on resettlements to xunzhen_app;

grant update (bound_client_id) on accounts to xunzhen_app;

grant execute on function accounts_bound_at_opening() to public;

grant execute on function programmes_take_turns() to public;

grant execute on function bill_lines_charge_within_fee() to public;

grant execute on function resettlements_add_up() to public;

-- whose user an account is: the client that last acted for it, or the only one there is; others are bound by hand
update accounts a set bound_client_id = coalesce(
    (select s.client_id from sessions s
     where s.region_id = a.region_id and s.account_id = a.id and s.kind = 'exchange' and s.client_id is not null
     order by s.created_at desc limit 1),
    (select (array_agg(c.id))[1] from accounts c
     where c.region_id = a.region_id and c.role = 'service_client' having count(*) = 1))
where a.role in ('elder', 'family_proxy');

-- which ways were in vain: those charged for, and those still to be looked at
update visits v set in_vain = true
where exists (select 1 from settlements s
              where s.region_id = v.region_id and s.visit_id = v.id and s.kind = 'cancellation')
   or exists (select 1 from pgqueuer q
              where q.entrypoint = 'visit.fruitless'
                and convert_from(q.payload, 'UTF8')::jsonb ->> 'subject_id' = v.id::text);
"""

DOWN = r"""
set local check_function_bodies = off;

revoke update (bound_client_id) on accounts from xunzhen_app;

revoke execute on function accounts_bound_at_opening() from public;

revoke execute on function programmes_take_turns() from public;

revoke execute on function bill_lines_charge_within_fee() from public;

revoke execute on function resettlements_add_up() from public;

drop policy accounts_adds on accounts;

drop policy sessions_adds on sessions;

drop trigger accounts_bound_at_opening on accounts;

drop trigger programmes_take_turns on programmes;

drop trigger bill_lines_charge_within_fee on bill_lines;

drop index ix_resettlements_list;

alter table programmes drop constraint programmes_one_a_year;

alter table accounts drop constraint ck_accounts_only_residents_are_bound;

alter table reversals drop constraint ck_reversals_reason_code;

alter table visit_consents drop constraint ck_visit_consents_agreed_by;

alter table visit_consents drop constraint ck_visit_consents_finance_shows_it;

alter table visit_consents drop constraint ck_visit_consents_shown_by;

alter table accounts drop constraint fk_accounts_region_id_bound_client_id;

alter table visit_consents drop constraint ck_visit_consents_given_by;

drop function accounts_bound_at_opening() cascade;

drop function programmes_take_turns() cascade;

drop function bill_lines_charge_within_fee() cascade;

drop function resettlements_add_up() cascade;

alter table accounts drop column bound_client_id;

alter table insurance_rules drop column insutype;

alter table insurance_rules drop column med_types;

alter table ltci_rules drop column insutype;

alter table ltci_rules drop column med_types;

alter table visits drop column in_vain;

alter table reversals drop column reason_code;

alter table visit_consents drop column agreed_by;

alter table visit_consents drop column shown_by;

drop table resettlements cascade;

CREATE OR REPLACE FUNCTION public.patients_bind_account(asked_id uuid, asked_index bytea, asked_name text, asked_account uuid, asked_because text)
 RETURNS uuid
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
with person as (
    select p.region_id, p.id from patients p
    join accounts a on a.region_id = p.region_id and a.id = asked_account and a.role = 'elder' and a.status = 'active'
    where p.region_id = app_region() and p.id_number_index = asked_index and p.name = asked_name
), related as (
    insert into care_relations
        (region_id, id, person_id, kind, account_id, rights, during, because, granted_by_account_id)
    select p.region_id, asked_id, p.id, 'self', asked_account, '{view,book,pay,grant}', tstzrange(app_now(), null),
           asked_because, app_account()
    from person p
)
select id from person
$function$;

alter table programmes add constraint programmes_code_once UNIQUE (region_id, code);

alter table visit_consents add constraint ck_visit_consents_given_by CHECK (((given_by)::text = ANY ((ARRAY['elder'::character varying, 'proxy'::character varying, 'crew'::character varying])::text[])));

create policy accounts_adds on accounts for insert with check (((region_id = ( SELECT app_region() AS app_region)) AND ((role)::text <> 'platform_admin'::text) AND (( SELECT app_region_wide() AS app_region_wide) OR ((role)::text = ANY ((ARRAY['elder'::character varying, 'family_proxy'::character varying])::text[])) OR (((role)::text <> ALL ((ARRAY['civil_affairs_reader'::character varying, 'inspector'::character varying, 'region_admin'::character varying, 'service_client'::character varying])::text[])) AND (cardinality(( SELECT app_institutions() AS app_institutions)) > 0)))));

create policy sessions_adds on sessions for insert with check (((region_id = ( SELECT app_region() AS app_region)) AND (account_id = ( SELECT app_account() AS app_account))));
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
