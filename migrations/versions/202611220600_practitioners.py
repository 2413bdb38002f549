"""Practitioners, qualifications, shifts.

Revision: 202611220600, after 202611220500
"""

from migrations import sql

revision = "202611220600"
down_revision = "202611220500"
branch_labels = None
depends_on = None

UP = r"""
CREATE TABLE practitioners (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    staff_no VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    sex VARCHAR NOT NULL,
    role VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    station_id UUID NOT NULL,
    travel_mode VARCHAR NOT NULL,
    account_id UUID,
    active BOOLEAN NOT NULL,
    CONSTRAINT pk_practitioners PRIMARY KEY (region_id, id),
    CONSTRAINT fk_practitioners_region_id_institution_id FOREIGN KEY(region_id, institution_id) REFERENCES institutions (region_id, id),
    CONSTRAINT fk_practitioners_region_id_station_id FOREIGN KEY(region_id, station_id) REFERENCES stations (region_id, id),
    CONSTRAINT fk_practitioners_region_id_account_id FOREIGN KEY(region_id, account_id) REFERENCES accounts (region_id, id),
    CONSTRAINT practitioners_staff_no_once UNIQUE (region_id, institution_id, staff_no),
    CONSTRAINT practitioners_account_once UNIQUE (region_id, account_id),
    CONSTRAINT ck_practitioners_travel_mode CHECK (travel_mode in ('walk', 'bike', 'ebike', 'car')),
    CONSTRAINT ck_practitioners_sex CHECK (sex in ('female', 'male')),
    CONSTRAINT ck_practitioners_role CHECK (role in ('doctor', 'village_doctor', 'nurse', 'therapist', 'pharmacist')),
    CONSTRAINT ck_practitioners_title CHECK (title in ('none', 'assistant', 'junior', 'intermediate', 'associate', 'senior'))
);

CREATE TABLE qualifications (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    practitioner_id UUID NOT NULL,
    kind VARCHAR NOT NULL,
    code VARCHAR NOT NULL,
    certificate_no VARCHAR NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_qualifications PRIMARY KEY (region_id, id),
    CONSTRAINT fk_qualifications_region_id_practitioner_id FOREIGN KEY(region_id, practitioner_id) REFERENCES practitioners (region_id, id),
    CONSTRAINT ck_qualifications_kind CHECK (kind in ('licence', 'skill')),
    CONSTRAINT qualifications_once EXCLUDE USING gist (region_id WITH =, practitioner_id WITH =, kind WITH =, code WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);

CREATE TABLE shifts (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    practitioner_id UUID NOT NULL,
    service_on DATE NOT NULL,
    during TSTZRANGE NOT NULL,
    lunch_from TIMESTAMP WITH TIME ZONE,
    lunch_to TIMESTAMP WITH TIME ZONE,
    lunch_minutes INTEGER NOT NULL,
    CONSTRAINT pk_shifts PRIMARY KEY (region_id, id),
    CONSTRAINT fk_shifts_region_id_practitioner_id FOREIGN KEY(region_id, practitioner_id) REFERENCES practitioners (region_id, id),
    CONSTRAINT shifts_no_overlap EXCLUDE USING gist (region_id WITH =, practitioner_id WITH =, during WITH &&),
    CONSTRAINT shifts_one_a_day UNIQUE (region_id, practitioner_id, service_on),
    CONSTRAINT ck_shifts_lunch_whole CHECK ((lunch_from is null) = (lunch_to is null)),
    CONSTRAINT ck_shifts_lunch_minutes CHECK (lunch_minutes between 0 and 180)
);

CREATE INDEX ix_shifts_on ON shifts (region_id, institution_id, service_on);

alter table practitioners enable row level security;

grant select, insert, update on practitioners to xunzhen_app;

create policy practitioners_sees on practitioners for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy practitioners_adds on practitioners for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy practitioners_changes on practitioners for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

alter table qualifications enable row level security;

grant select, insert, update on qualifications to xunzhen_app;

create policy qualifications_sees on qualifications for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy qualifications_adds on qualifications for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy qualifications_changes on qualifications for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

alter table shifts enable row level security;

grant select, insert, update, delete on shifts to xunzhen_app;

create policy shifts_sees on shifts for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy shifts_adds on shifts for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy shifts_changes on shifts for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy shifts_removes on shifts for delete using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create function qualifications_take_turns() returns trigger language plpgsql as $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('qualifications/' || new.region_id || '/' || new.practitioner_id, 0));
    return new;
end
$body$;

create trigger qualifications_take_turns before insert on qualifications for each row execute function qualifications_take_turns();

create function shifts_take_turns() returns trigger language plpgsql as $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('shifts/' || new.region_id || '/' || new.practitioner_id, 0));
    return new;
end
$body$;

create trigger shifts_take_turns before insert on shifts for each row execute function shifts_take_turns();
"""

DOWN = """
drop table shifts, qualifications, practitioners cascade;
drop function shifts_take_turns cascade;
drop function qualifications_take_turns cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
