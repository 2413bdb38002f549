"""Packages, contracts and the entitlement ledger.

Revision: 202611220800, after 202611220700
"""

from migrations import sql

revision = "202611220800"
down_revision = "202611220700"
branch_labels = None
depends_on = None

UP = r"""
CREATE TABLE packages (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    covers_visit_fee BOOLEAN NOT NULL,
    capitated_codes TEXT[] NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_packages PRIMARY KEY (region_id, id),
    CONSTRAINT fk_packages_region_id_institution_id FOREIGN KEY(region_id, institution_id) REFERENCES institutions (region_id, id),
    CONSTRAINT packages_one_version EXCLUDE USING gist (region_id WITH =, institution_id WITH =, code WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);

CREATE TABLE entitlements (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    source VARCHAR NOT NULL,
    ref_id UUID NOT NULL,
    code VARCHAR NOT NULL,
    period VARCHAR NOT NULL,
    cap BIGINT NOT NULL,
    counting VARCHAR NOT NULL,
    CONSTRAINT pk_entitlements PRIMARY KEY (region_id, id),
    CONSTRAINT fk_entitlements_region_id_person_id FOREIGN KEY(region_id, person_id) REFERENCES patients (region_id, id),
    CONSTRAINT entitlements_once UNIQUE (region_id, person_id, source, ref_id, code, period),
    CONSTRAINT ck_entitlements_source CHECK (source in ('contract', 'public_program', 'insurance_fund', 'insurance_deductible')),
    CONSTRAINT ck_entitlements_cap CHECK (cap >= 0)
);

CREATE TABLE programme_enrolments (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    programme_id UUID NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_programme_enrolments PRIMARY KEY (region_id, id),
    CONSTRAINT fk_programme_enrolments_region_id_person_id FOREIGN KEY(region_id, person_id) REFERENCES patients (region_id, id),
    CONSTRAINT fk_programme_enrolments_region_id_programme_id FOREIGN KEY(region_id, programme_id) REFERENCES programmes (region_id, id),
    CONSTRAINT programme_enrolments_once EXCLUDE USING gist (region_id WITH =, person_id WITH =, programme_id WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);

CREATE TABLE package_items (
    region_id UUID NOT NULL,
    institution_id UUID NOT NULL,
    package_id UUID NOT NULL,
    code VARCHAR NOT NULL,
    quantity INTEGER NOT NULL,
    counting VARCHAR NOT NULL,
    CONSTRAINT pk_package_items PRIMARY KEY (region_id, package_id, code),
    CONSTRAINT fk_package_items_region_id_package_id FOREIGN KEY(region_id, package_id) REFERENCES packages (region_id, id),
    CONSTRAINT ck_package_items_counting CHECK (counting in ('quantity', 'visit')),
    CONSTRAINT ck_package_items_quantity CHECK (quantity >= 0)
);

CREATE TABLE contracts (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    person_id UUID NOT NULL,
    package_id UUID NOT NULL,
    doctor_id UUID NOT NULL,
    signed_on DATE NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE NOT NULL,
    terminated_on DATE,
    termination_reason VARCHAR,
    CONSTRAINT pk_contracts PRIMARY KEY (region_id, id),
    CONSTRAINT fk_contracts_region_id_institution_id FOREIGN KEY(region_id, institution_id) REFERENCES institutions (region_id, id),
    CONSTRAINT fk_contracts_region_id_person_id FOREIGN KEY(region_id, person_id) REFERENCES patients (region_id, id),
    CONSTRAINT fk_contracts_region_id_package_id FOREIGN KEY(region_id, package_id) REFERENCES packages (region_id, id),
    CONSTRAINT fk_contracts_region_id_doctor_id FOREIGN KEY(region_id, doctor_id) REFERENCES practitioners (region_id, id),
    CONSTRAINT contracts_one_family_doctor EXCLUDE USING gist (region_id WITH =, person_id WITH =, daterange(valid_from, least(valid_to + 1, terminated_on), '[)') WITH &&) WHERE (terminated_on is null or terminated_on > valid_from),
    CONSTRAINT ck_contracts_ends_after_it_starts CHECK (valid_to >= valid_from),
    CONSTRAINT ck_contracts_terminated_for_a_reason CHECK ((terminated_on is null) = (termination_reason is null))
);

CREATE INDEX ix_contracts_person ON contracts (region_id, person_id);

CREATE TABLE entitlement_entries (
    region_id UUID NOT NULL,
    entitlement_id UUID NOT NULL,
    seq INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    units BIGINT NOT NULL,
    used_after BIGINT NOT NULL,
    reserved_after BIGINT NOT NULL,
    order_id UUID,
    visit_id UUID,
    settlement_id UUID,
    service_on DATE NOT NULL,
    posted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_entitlement_entries PRIMARY KEY (region_id, entitlement_id, seq),
    CONSTRAINT fk_entitlement_entries_region_id_entitlement_id FOREIGN KEY(region_id, entitlement_id) REFERENCES entitlements (region_id, id),
    CONSTRAINT ck_entitlement_entries_kind CHECK (kind in ('reserve', 'release', 'consume', 'reverse')),
    CONSTRAINT ck_entitlement_entries_units CHECK (units > 0),
    CONSTRAINT ck_entitlement_entries_never_negative CHECK (used_after >= 0 and reserved_after >= 0)
);

CREATE UNIQUE INDEX entitlement_entries_settled_once ON entitlement_entries (region_id, entitlement_id, settlement_id, kind) WHERE settlement_id is not null and kind in ('consume', 'reverse');

CREATE INDEX ix_entitlement_entries_settlement ON entitlement_entries (region_id, settlement_id);

CREATE INDEX ix_entitlement_entries_order ON entitlement_entries (region_id, order_id);

alter table packages enable row level security;

grant select, insert, update on packages to xunzhen_app;

create policy packages_sees on packages for select using (region_id = (select app_region()));

create policy packages_adds on packages for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy packages_changes on packages for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

alter table package_items enable row level security;

grant select, insert on package_items to xunzhen_app;

create policy package_items_sees on package_items for select using (region_id = (select app_region()));

create policy package_items_adds on package_items for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

alter table contracts enable row level security;

grant select, insert, update on contracts to xunzhen_app;

create policy contracts_sees on contracts for select using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy contracts_adds on contracts for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy contracts_changes on contracts for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

alter table programme_enrolments enable row level security;

grant select, insert, update on programme_enrolments to xunzhen_app;

create policy programme_enrolments_sees on programme_enrolments for select using (region_id = (select app_region()) and app_sees_person(region_id, person_id));

create policy programme_enrolments_adds on programme_enrolments for insert with check (region_id = (select app_region()) and app_sees_person(region_id, person_id));

create policy programme_enrolments_changes on programme_enrolments for update using (region_id = (select app_region()) and app_sees_person(region_id, person_id)) with check (region_id = (select app_region()) and app_sees_person(region_id, person_id));

alter table entitlements enable row level security;

grant select on entitlements to xunzhen_app;

create policy entitlements_sees on entitlements for select using (region_id = (select app_region()) and app_acts_for(region_id, person_id));

alter table entitlement_entries enable row level security;

grant select on entitlement_entries to xunzhen_app;

create policy entitlement_entries_sees on entitlement_entries for select using (region_id = (select app_region()) and exists (select 1 from entitlements e where e.region_id = entitlement_entries.region_id and e.id = entitlement_id));

create function entitlement_entries_chain() returns trigger language plpgsql as $body$
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
$body$;

create trigger entitlement_entries_chain before insert on entitlement_entries for each row execute function entitlement_entries_chain();

create function app_may_ask(asked_region uuid, asked_person uuid) returns boolean language sql stable security definer set search_path = public, pg_temp as $body$
select app_sees_person(asked_region, asked_person)
$body$;

revoke all on function app_may_ask from public;

grant execute on function app_may_ask to xunzhen_app;

create function contracts_cover(asked_person uuid, asked_on date) returns table (contract_id uuid, institution_id uuid, signed_on date, valid_from date, valid_to date, terminated_on date, covers_visit_fee boolean, capitated_codes text[], items jsonb) language sql stable security definer set search_path = public, pg_temp as $body$
select c.id, c.institution_id, c.signed_on, c.valid_from, c.valid_to, c.terminated_on, p.covers_visit_fee,
       p.capitated_codes,
       coalesce(
           jsonb_agg(jsonb_build_object('code', i.code, 'quantity', i.quantity, 'counting', i.counting) order by i.code)
           filter (where i.code is not null),
           '[]'::jsonb)
from contracts c
join packages p on p.region_id = c.region_id and p.id = c.package_id
left join package_items i on i.region_id = p.region_id and i.package_id = p.id
where c.region_id = app_region() and c.person_id = asked_person
  and c.valid_from <= asked_on and asked_on <= c.valid_to and (c.terminated_on is null or asked_on < c.terminated_on)
  and app_may_ask(c.region_id, c.person_id)
group by c.region_id, c.id, p.region_id, p.id
order by c.signed_on, c.id
$body$;

revoke all on function contracts_cover from public;

grant execute on function contracts_cover to xunzhen_app;

create function entitlement_grant(asked_id uuid, asked_person uuid, asked_source text, asked_ref uuid, asked_code text, asked_period text, asked_cap bigint, asked_counting text) returns void language sql volatile security definer set search_path = public, pg_temp as $body$
insert into entitlements (region_id, id, person_id, source, ref_id, code, period, cap, counting)
select app_region(), asked_id, asked_person, asked_source, asked_ref, asked_code, asked_period, asked_cap,
       asked_counting
where app_may_ask(app_region(), asked_person)
-- granted already: a cap stays as it was, but a better insurance rule of the same year raises it
on conflict on constraint entitlements_once do update set cap = excluded.cap
where entitlements.cap < excluded.cap and entitlements.source in ('insurance_fund', 'insurance_deductible')
$body$;

revoke all on function entitlement_grant from public;

grant execute on function entitlement_grant to xunzhen_app;

create function entitlement_balances(asked_person uuid) returns table (entitlement_id uuid, source text, ref_id uuid, code text, period text, cap bigint, counting text, used bigint, reserved bigint) language sql stable security definer set search_path = public, pg_temp as $body$
select e.id, e.source, e.ref_id, e.code, e.period, e.cap, e.counting,
       coalesce(l.used_after, 0), coalesce(l.reserved_after, 0)
from entitlements e
left join lateral (select used_after, reserved_after from entitlement_entries x
                   where x.region_id = e.region_id and x.entitlement_id = e.id order by seq desc limit 1) l on true
where e.region_id = app_region() and e.person_id = asked_person and app_may_ask(e.region_id, e.person_id)
$body$;

revoke all on function entitlement_balances from public;

grant execute on function entitlement_balances to xunzhen_app;

create function entitlement_post(asked_entitlement uuid, asked_kind text, asked_units bigint, asked_order uuid, asked_visit uuid, asked_settlement uuid, asked_on date) returns void language plpgsql volatile security definer set search_path = public, pg_temp as $body$
declare
    last record;
    new_used bigint;
    new_held bigint;
begin
    -- the lock serialises the chain: whoever comes second sees the first one's entry
    perform 1 from entitlements e where e.region_id = app_region() and e.id = asked_entitlement
        and app_may_ask(e.region_id, e.person_id) for update;
    if not found then
        raise exception 'no such entitlement' using errcode = '23503', constraint = 'entitlements_known';
    end if;
    select seq, used_after, reserved_after into last from entitlement_entries
        where region_id = app_region() and entitlement_id = asked_entitlement order by seq desc limit 1;
    new_used := coalesce(last.used_after, 0)
        + case asked_kind when 'consume' then asked_units when 'reverse' then -asked_units else 0 end;
    new_held := coalesce(last.reserved_after, 0)
        + case asked_kind when 'reserve' then asked_units when 'release' then -asked_units else 0 end;
    insert into entitlement_entries (region_id, entitlement_id, seq, kind, units, used_after, reserved_after, order_id,
                                     visit_id, settlement_id, service_on, posted_at)
    values (app_region(), asked_entitlement, coalesce(last.seq, 0) + 1, asked_kind, asked_units, new_used, new_held,
            asked_order, asked_visit, asked_settlement, asked_on, app_now());
end
$body$;

revoke all on function entitlement_post from public;

grant execute on function entitlement_post to xunzhen_app;

create function entitlements_held(asked_order uuid) returns table (entitlement_id uuid, units bigint) language sql stable security definer set search_path = public, pg_temp as $body$
select x.entitlement_id,
       sum(case x.kind when 'reserve' then x.units when 'release' then -x.units else 0 end)::bigint
from entitlement_entries x
join entitlements e on e.region_id = x.region_id and e.id = x.entitlement_id
where x.region_id = app_region() and x.order_id = asked_order and app_may_ask(e.region_id, e.person_id)
group by x.entitlement_id
having sum(case x.kind when 'reserve' then x.units when 'release' then -x.units else 0 end) > 0
$body$;

revoke all on function entitlements_held from public;

grant execute on function entitlements_held to xunzhen_app;

create function entitlements_consumed(asked_settlement uuid) returns table (entitlement_id uuid, units bigint) language sql stable security definer set search_path = public, pg_temp as $body$
select x.entitlement_id, sum(case x.kind when 'consume' then x.units else -x.units end)::bigint
from entitlement_entries x
join entitlements e on e.region_id = x.region_id and e.id = x.entitlement_id
where x.region_id = app_region() and x.settlement_id = asked_settlement and x.kind in ('consume', 'reverse')
  and app_may_ask(e.region_id, e.person_id)
group by x.entitlement_id
having sum(case x.kind when 'consume' then x.units else -x.units end) > 0
$body$;

revoke all on function entitlements_consumed from public;

grant execute on function entitlements_consumed to xunzhen_app;

create function packages_take_turns() returns trigger language plpgsql as $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('packages/' || new.region_id || '/' || new.institution_id || '/' || new.code, 0));
    return new;
end
$body$;

create trigger packages_take_turns before insert on packages for each row execute function packages_take_turns();

create function contracts_take_turns() returns trigger language plpgsql as $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('contracts/' || new.region_id || '/' || new.person_id, 0));
    return new;
end
$body$;

create trigger contracts_take_turns before insert on contracts for each row execute function contracts_take_turns();

create function programme_enrolments_take_turns() returns trigger language plpgsql as $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('programme_enrolments/' || new.region_id || '/' || new.person_id || '/' || new.programme_id, 0));
    return new;
end
$body$;

create trigger programme_enrolments_take_turns before insert on programme_enrolments for each row execute function programme_enrolments_take_turns();
"""

DOWN = """
drop table entitlement_entries, programme_enrolments, entitlements, contracts, package_items, packages cascade;
drop function programme_enrolments_take_turns cascade;
drop function contracts_take_turns cascade;
drop function packages_take_turns cascade;
drop function entitlements_consumed cascade;
drop function entitlements_held cascade;
drop function entitlement_post cascade;
drop function entitlement_balances cascade;
drop function entitlement_grant cascade;
drop function contracts_cover cascade;
drop function app_may_ask cascade;
drop function entitlement_entries_chain cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
