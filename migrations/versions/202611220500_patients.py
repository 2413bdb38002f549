"""Persons, homes, care relations.

Revision: 202611220500, after 202611220400
"""

from migrations import sql

revision = "202611220500"
down_revision = "202611220400"
branch_labels = None
depends_on = None

UP = r"""
CREATE TABLE homes (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    registered_by_institution_id UUID NOT NULL,
    address_sealed BYTEA NOT NULL,
    lon FLOAT NOT NULL,
    lat FLOAT NOT NULL,
    datum VARCHAR NOT NULL,
    floor INTEGER NOT NULL,
    has_lift BOOLEAN NOT NULL,
    care_institution_id UUID,
    CONSTRAINT pk_homes PRIMARY KEY (region_id, id),
    CONSTRAINT fk_homes_region_id_registered_by_institution_id FOREIGN KEY(region_id, registered_by_institution_id) REFERENCES institutions (region_id, id),
    CONSTRAINT ck_homes_on_earth CHECK (lon between -180 and 180 and lat between -90 and 90),
    CONSTRAINT ck_homes_floor CHECK (floor between 1 and 150),
    CONSTRAINT ck_homes_datum CHECK (datum in ('wgs84', 'gcj02', 'bd09'))
);

CREATE INDEX ix_homes_registered_by ON homes (region_id, registered_by_institution_id);

CREATE TABLE patients (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    registered_by_institution_id UUID NOT NULL,
    name VARCHAR NOT NULL,
    sex VARCHAR NOT NULL,
    born_on DATE NOT NULL,
    id_number_sealed BYTEA NOT NULL,
    id_number_index BYTEA NOT NULL,
    phone_sealed BYTEA,
    phone_index BYTEA,
    home_id UUID,
    deceased_on DATE,
    registered_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_patients PRIMARY KEY (region_id, id),
    CONSTRAINT fk_patients_region_id_registered_by_institution_id FOREIGN KEY(region_id, registered_by_institution_id) REFERENCES institutions (region_id, id),
    CONSTRAINT fk_patients_region_id_home_id FOREIGN KEY(region_id, home_id) REFERENCES homes (region_id, id),
    CONSTRAINT patients_id_number_once UNIQUE (region_id, id_number_index),
    CONSTRAINT ck_patients_sex CHECK (sex in ('female', 'male')),
    CONSTRAINT ck_patients_dies_after_birth CHECK (deceased_on >= born_on)
);

CREATE INDEX ix_patients_home ON patients (region_id, home_id);

CREATE INDEX ix_patients_phone ON patients (region_id, phone_index);

CREATE TABLE care_relations (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    kind VARCHAR NOT NULL,
    institution_id UUID,
    account_id UUID,
    relation VARCHAR,
    rights TEXT[] NOT NULL,
    during TSTZRANGE NOT NULL,
    because VARCHAR NOT NULL,
    granted_by_account_id UUID,
    CONSTRAINT pk_care_relations PRIMARY KEY (region_id, id),
    CONSTRAINT fk_care_relations_region_id_person_id FOREIGN KEY(region_id, person_id) REFERENCES patients (region_id, id),
    CONSTRAINT ck_care_relations_kind CHECK (kind in ('institution', 'self', 'proxy')),
    CONSTRAINT ck_care_relations_institution CHECK ((kind = 'institution') = (institution_id is not null)),
    CONSTRAINT ck_care_relations_account CHECK ((kind in ('self', 'proxy')) = (account_id is not null)),
    CONSTRAINT care_relations_institution_once EXCLUDE USING gist (region_id WITH =, person_id WITH =, institution_id WITH =, during WITH &&),
    CONSTRAINT care_relations_account_once EXCLUDE USING gist (region_id WITH =, person_id WITH =, account_id WITH =, during WITH &&),
    CONSTRAINT care_relations_one_self EXCLUDE USING gist (region_id WITH =, person_id WITH =, during WITH &&) WHERE (kind = 'self'),
    CONSTRAINT care_relations_self_once EXCLUDE USING gist (region_id WITH =, account_id WITH =, during WITH &&) WHERE (kind = 'self')
);

CREATE INDEX ix_care_relations_account ON care_relations (region_id, account_id);

CREATE TABLE coverages (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    plan_code VARCHAR NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_coverages PRIMARY KEY (region_id, id),
    CONSTRAINT fk_coverages_region_id_person_id FOREIGN KEY(region_id, person_id) REFERENCES patients (region_id, id),
    CONSTRAINT coverages_one_insurance EXCLUDE USING gist (region_id WITH =, person_id WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);

CREATE TABLE key_group_rows (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    person_id UUID NOT NULL,
    key_group VARCHAR NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_key_group_rows PRIMARY KEY (region_id, id),
    CONSTRAINT fk_key_group_rows_region_id_person_id FOREIGN KEY(region_id, person_id) REFERENCES patients (region_id, id),
    CONSTRAINT key_group_rows_once EXCLUDE USING gist (region_id WITH =, person_id WITH =, key_group WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);

create function app_acts_for(asked_region uuid, asked_person uuid) returns boolean language sql stable security definer set search_path = public, pg_temp as $body$
select asked_region = app_region() and exists (
    select 1 from care_relations r where r.region_id = asked_region and r.person_id = asked_person
    and r.account_id = app_account() and r.during @> app_now())
$body$;

revoke all on function app_acts_for from public;

grant execute on function app_acts_for to xunzhen_app;

create function app_sees_person(asked_region uuid, asked_person uuid) returns boolean language sql stable security definer set search_path = public, pg_temp as $body$
select asked_region = app_region() and exists (
    select 1 from care_relations r where r.region_id = asked_region and r.person_id = asked_person
    and (r.account_id = app_account() or r.institution_id = any(app_institutions())) and r.during @> app_now())
$body$;

revoke all on function app_sees_person from public;

grant execute on function app_sees_person to xunzhen_app;

create function app_sees_home(asked_region uuid, asked_home uuid) returns boolean language sql stable security definer set search_path = public, pg_temp as $body$
select exists (select 1 from patients p where p.region_id = asked_region and p.home_id = asked_home
               and app_sees_person(p.region_id, p.id))
$body$;

revoke all on function app_sees_home from public;

grant execute on function app_sees_home to xunzhen_app;

create function patients_proxy_names(asked_person uuid) returns table (account_id uuid, name text) language sql stable security definer set search_path = public, pg_temp as $body$
select r.account_id, a.display_name from care_relations r
join accounts a on a.region_id = r.region_id and a.id = r.account_id
where r.region_id = app_region() and r.person_id = asked_person and r.kind = 'proxy'
  and app_sees_person(r.region_id, r.person_id)
$body$;

revoke all on function patients_proxy_names from public;

grant execute on function patients_proxy_names to xunzhen_app;

create function patients_relate_institution(asked_id uuid, asked_person uuid, asked_institution uuid, asked_because text) returns void language sql volatile security definer set search_path = public, pg_temp as $body$
insert into care_relations
    (region_id, id, person_id, kind, institution_id, rights, during, because, granted_by_account_id)
select p.region_id, asked_id, p.id, 'institution', asked_institution, '{}', tstzrange(app_now(), null), asked_because,
       app_account()
from patients p
where p.region_id = app_region() and p.id = asked_person
  and ((p.registered_by_institution_id = asked_institution and asked_institution = any(app_institutions()))
       or app_acts_for(p.region_id, p.id))
  and not exists (select 1 from care_relations r where r.region_id = p.region_id and r.person_id = p.id
                  and r.institution_id = asked_institution and r.during @> app_now())
$body$;

revoke all on function patients_relate_institution from public;

grant execute on function patients_relate_institution to xunzhen_app;

create function patients_admit(asked_id uuid, asked_index bytea, asked_name text, asked_institution uuid, asked_because text) returns uuid language sql volatile security definer set search_path = public, pg_temp as $body$
with person as (
    select p.region_id, p.id from patients p
    where p.region_id = app_region() and p.id_number_index = asked_index and p.name = asked_name
      and asked_institution = any(app_institutions())
), related as (
    insert into care_relations
        (region_id, id, person_id, kind, institution_id, rights, during, because, granted_by_account_id)
    select p.region_id, asked_id, p.id, 'institution', asked_institution, '{}', tstzrange(app_now(), null),
           asked_because, app_account()
    from person p where not exists (
        select 1 from care_relations r where r.region_id = p.region_id and r.person_id = p.id
        and r.institution_id = asked_institution and r.during @> app_now())
)
select id from person
$body$;

revoke all on function patients_admit from public;

grant execute on function patients_admit to xunzhen_app;

create function patients_bind_account(asked_id uuid, asked_index bytea, asked_name text, asked_account uuid, asked_because text) returns uuid language sql volatile security definer set search_path = public, pg_temp as $body$
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
$body$;

revoke all on function patients_bind_account from public;

grant execute on function patients_bind_account to xunzhen_app;

create function patients_grant_proxy(asked_id uuid, asked_person uuid, asked_account uuid, asked_relation text, asked_rights text[], asked_to timestamptz, asked_because text, asked_max_proxies int, asked_max_elders int) returns boolean language plpgsql volatile security definer set search_path = public, pg_temp as $body$
declare
    region uuid := app_region();
begin
    -- both locks, always in this order: grants for one elder, or to one account, count one after the other
    perform 1 from patients p where p.region_id = region and p.id = asked_person
        and app_sees_person(p.region_id, p.id) for update;
    if not found then
        return false;
    end if;
    perform 1 from accounts a where a.region_id = region and a.id = asked_account
        and a.role in ('elder', 'family_proxy') and a.status = 'active' for update;
    if not found then
        return false;
    end if;
    if (select count(*) from care_relations r where r.region_id = region and r.person_id = asked_person
        and r.kind = 'proxy' and r.account_id <> asked_account and r.during @> app_now()) >= asked_max_proxies then
        raise exception 'too many proxies' using errcode = '23514', constraint = 'care_relations_max_proxies';
    end if;
    if (select count(*) from care_relations r where r.region_id = region and r.account_id = asked_account
        and r.kind = 'proxy' and r.person_id <> asked_person and r.during @> app_now()) >= asked_max_elders then
        raise exception 'too many elders' using errcode = '23514', constraint = 'care_relations_max_elders';
    end if;
    insert into care_relations
        (region_id, id, person_id, kind, account_id, relation, rights, during, because, granted_by_account_id)
    values (region, asked_id, asked_person, 'proxy', asked_account, asked_relation, asked_rights,
            tstzrange(app_now(), asked_to), asked_because, app_account());
    return true;
end
$body$;

revoke all on function patients_grant_proxy from public;

grant execute on function patients_grant_proxy to xunzhen_app;

alter table care_relations enable row level security;

grant select, update on care_relations to xunzhen_app;

create policy care_relations_sees on care_relations for select using (region_id = (select app_region()) and (account_id = (select app_account()) or institution_id = any((select app_institutions())::uuid[]) or app_sees_person(region_id, person_id)));

create policy care_relations_changes on care_relations for update using (region_id = (select app_region()) and app_sees_person(region_id, person_id)) with check (region_id = (select app_region()) and app_sees_person(region_id, person_id));

revoke update on care_relations from xunzhen_app;

grant update (during) on care_relations to xunzhen_app;

alter table patients enable row level security;

grant select, insert, update on patients to xunzhen_app;

create policy patients_sees on patients for select using (region_id = (select app_region()) and app_sees_person(region_id, id));

create policy patients_adds on patients for insert with check (region_id = (select app_region()) and registered_by_institution_id = any((select app_institutions())::uuid[]));

create policy patients_changes on patients for update using (region_id = (select app_region()) and app_sees_person(region_id, id)) with check (region_id = (select app_region()) and app_sees_person(region_id, id));

alter table homes enable row level security;

grant select, insert, update on homes to xunzhen_app;

create policy homes_sees on homes for select using ((region_id = (select app_region()) and registered_by_institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_sees_home(region_id, id)));

create policy homes_adds on homes for insert with check (region_id = (select app_region()) and registered_by_institution_id = any((select app_institutions())::uuid[]));

create policy homes_changes on homes for update using ((region_id = (select app_region()) and registered_by_institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_sees_home(region_id, id))) with check ((region_id = (select app_region()) and registered_by_institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_sees_home(region_id, id)));

alter table key_group_rows enable row level security;

grant select, insert, update on key_group_rows to xunzhen_app;

create policy key_group_rows_sees on key_group_rows for select using (region_id = (select app_region()) and app_sees_person(region_id, person_id));

create policy key_group_rows_adds on key_group_rows for insert with check (region_id = (select app_region()) and app_sees_person(region_id, person_id));

create policy key_group_rows_changes on key_group_rows for update using (region_id = (select app_region()) and app_sees_person(region_id, person_id)) with check (region_id = (select app_region()) and app_sees_person(region_id, person_id));

alter table coverages enable row level security;

grant select, insert, update on coverages to xunzhen_app;

create policy coverages_sees on coverages for select using (region_id = (select app_region()) and app_sees_person(region_id, person_id));

create policy coverages_adds on coverages for insert with check (region_id = (select app_region()) and app_sees_person(region_id, person_id));

create policy coverages_changes on coverages for update using (region_id = (select app_region()) and app_sees_person(region_id, person_id)) with check (region_id = (select app_region()) and app_sees_person(region_id, person_id));

create function key_group_rows_take_turns() returns trigger language plpgsql as $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('key_group_rows/' || new.region_id || '/' || new.person_id, 0));
    return new;
end
$body$;

create trigger key_group_rows_take_turns before insert on key_group_rows for each row execute function key_group_rows_take_turns();

create function coverages_take_turns() returns trigger language plpgsql as $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('coverages/' || new.region_id || '/' || new.person_id, 0));
    return new;
end
$body$;

create trigger coverages_take_turns before insert on coverages for each row execute function coverages_take_turns();

create function care_relations_take_turns() returns trigger language plpgsql as $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('care_relations/' || new.region_id || '/' || new.person_id, 0));
    return new;
end
$body$;

create trigger care_relations_take_turns before insert on care_relations for each row execute function care_relations_take_turns();
"""

DOWN = """
drop table key_group_rows, coverages, care_relations, patients, homes cascade;
drop function care_relations_take_turns cascade;
drop function coverages_take_turns cascade;
drop function key_group_rows_take_turns cascade;
drop function patients_grant_proxy cascade;
drop function patients_bind_account cascade;
drop function patients_admit cascade;
drop function patients_relate_institution cascade;
drop function patients_proxy_names cascade;
drop function app_sees_home cascade;
drop function app_sees_person cascade;
drop function app_acts_for cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
