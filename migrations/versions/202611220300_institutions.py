"""Regions, institutions, service modes, settings.

Revision: 202611220300, after 202611220200
"""

from migrations import sql

revision = "202611220300"
down_revision = "202611220200"
branch_labels = None
depends_on = None

UP = r"""
CREATE TABLE districts (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    CONSTRAINT pk_districts PRIMARY KEY (region_id, id),
    CONSTRAINT districts_code_once UNIQUE (region_id, code)
);

CREATE TABLE regions (
    id UUID NOT NULL,
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    CONSTRAINT pk_regions PRIMARY KEY (id),
    CONSTRAINT uq_regions_code UNIQUE (code)
);

CREATE TABLE setting_rows (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID,
    key VARCHAR NOT NULL,
    value JSONB NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    set_by_account_id UUID NOT NULL,
    set_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_setting_rows PRIMARY KEY (region_id, id),
    CONSTRAINT setting_rows_one_value EXCLUDE USING gist (region_id WITH =, coalesce(institution_id, '00000000-0000-0000-0000-000000000000'::uuid) WITH =, key WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);

CREATE INDEX ix_setting_rows_lookup ON setting_rows (region_id, key);

CREATE TABLE institutions (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    district_id UUID NOT NULL,
    address VARCHAR NOT NULL,
    lon FLOAT NOT NULL,
    lat FLOAT NOT NULL,
    licence_no VARCHAR,
    licence_from DATE,
    licence_to DATE,
    published_phone VARCHAR,
    CONSTRAINT pk_institutions PRIMARY KEY (region_id, id),
    CONSTRAINT institutions_code_once UNIQUE (region_id, code),
    CONSTRAINT fk_institutions_region_id_district_id FOREIGN KEY(region_id, district_id) REFERENCES districts (region_id, id),
    CONSTRAINT ck_institutions_kind CHECK (kind in ('community_health_centre', 'township_health_centre', 'village_clinic', 'hospital', 'nursing_hospital', 'nursing_centre', 'rehab_hospital', 'rehab_centre', 'hospice_centre', 'care_institution')),
    CONSTRAINT ck_institutions_on_earth CHECK (lon between -180 and 180 and lat between -90 and 90),
    CONSTRAINT ck_institutions_licence_dated CHECK ((licence_no is null) = (licence_from is null)),
    CONSTRAINT ck_institutions_licence_ends_after_it_starts CHECK (licence_to is null or licence_to >= licence_from)
);

CREATE TABLE service_modes (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    mode VARCHAR NOT NULL,
    registration_no VARCHAR NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    CONSTRAINT pk_service_modes PRIMARY KEY (region_id, id),
    CONSTRAINT fk_service_modes_region_id_institution_id FOREIGN KEY(region_id, institution_id) REFERENCES institutions (region_id, id),
    CONSTRAINT ck_service_modes_mode CHECK (mode in ('round', 'home_bed')),
    CONSTRAINT service_modes_registered_once EXCLUDE USING gist (region_id WITH =, institution_id WITH =, mode WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);

CREATE TABLE stations (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    lon FLOAT NOT NULL,
    lat FLOAT NOT NULL,
    CONSTRAINT pk_stations PRIMARY KEY (region_id, id),
    CONSTRAINT stations_code_once UNIQUE (region_id, institution_id, code),
    CONSTRAINT fk_stations_region_id_institution_id FOREIGN KEY(region_id, institution_id) REFERENCES institutions (region_id, id),
    CONSTRAINT ck_stations_on_earth CHECK (lon between -180 and 180 and lat between -90 and 90)
);

grant select on regions to xunzhen_app;

alter table districts enable row level security;

grant select, insert, update on districts to xunzhen_app;

create policy districts_sees on districts for select using (region_id = (select app_region()));

create policy districts_adds on districts for insert with check (region_id = (select app_region()) and (select app_region_wide()));

create policy districts_changes on districts for update using (region_id = (select app_region()) and (select app_region_wide())) with check (region_id = (select app_region()) and (select app_region_wide()));

alter table institutions enable row level security;

grant select, insert, update on institutions to xunzhen_app;

create policy institutions_sees on institutions for select using (region_id = (select app_region()));

create policy institutions_adds on institutions for insert with check (region_id = (select app_region()) and (select app_region_wide()));

create policy institutions_changes on institutions for update using (region_id = (select app_region()) and (id = any((select app_institutions())::uuid[]) or (select app_region_wide()))) with check (region_id = (select app_region()) and (id = any((select app_institutions())::uuid[]) or (select app_region_wide())));

alter table stations enable row level security;

grant select, insert, update on stations to xunzhen_app;

create policy stations_sees on stations for select using (region_id = (select app_region()));

create policy stations_adds on stations for insert with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and (select app_region_wide())));

create policy stations_changes on stations for update using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and (select app_region_wide()))) with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and (select app_region_wide())));

alter table service_modes enable row level security;

grant select, insert, update on service_modes to xunzhen_app;

create policy service_modes_sees on service_modes for select using (region_id = (select app_region()));

create policy service_modes_adds on service_modes for insert with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and (select app_region_wide())));

create policy service_modes_changes on service_modes for update using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and (select app_region_wide()))) with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and (select app_region_wide())));

alter table setting_rows enable row level security;

grant select, insert, update on setting_rows to xunzhen_app;

create policy setting_rows_sees on setting_rows for select using (region_id = (select app_region()));

create policy setting_rows_adds on setting_rows for insert with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and (select app_region_wide())));

create policy setting_rows_changes on setting_rows for update using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and (select app_region_wide()))) with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and (select app_region_wide())));

create function service_modes_take_turns() returns trigger language plpgsql as $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('service_modes/' || new.region_id || '/' || new.institution_id, 0));
    return new;
end
$body$;

create trigger service_modes_take_turns before insert on service_modes for each row execute function service_modes_take_turns();

create function setting_rows_take_turns() returns trigger language plpgsql as $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('setting_rows/' || new.region_id || '/' || new.key, 0));
    return new;
end
$body$;

create trigger setting_rows_take_turns before insert on setting_rows for each row execute function setting_rows_take_turns();
"""

DOWN = """
drop table stations, service_modes, institutions, setting_rows, regions, districts cascade;
drop function setting_rows_take_turns cascade;
drop function service_modes_take_turns cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
