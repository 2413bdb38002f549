"""Service items, prices, tariffs, programmes, insurance rules.

Revision: 202611220700, after 202611220600
"""

from migrations import sql

revision = "202611220700"
down_revision = "202611220600"
branch_labels = None
depends_on = None

UP = r"""
CREATE TABLE insurance_rules (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    plan_code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    deductible_fen BIGINT NOT NULL,
    pay_ratio NUMERIC(14, 4) NOT NULL,
    yearly_cap_fen BIGINT NOT NULL,
    CONSTRAINT pk_insurance_rules PRIMARY KEY (region_id, id),
    CONSTRAINT insurance_rules_one EXCLUDE USING gist (region_id WITH =, plan_code WITH =, daterange(valid_from, valid_to, '[]') WITH &&),
    CONSTRAINT ck_insurance_rules_pay_ratio CHECK (pay_ratio between 0 and 1)
);

CREATE TABLE programmes (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    payer VARCHAR NOT NULL,
    CONSTRAINT pk_programmes PRIMARY KEY (region_id, id),
    CONSTRAINT programmes_code_once UNIQUE (region_id, code)
);

CREATE TABLE service_items (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    duration_minutes INTEGER NOT NULL,
    staff_count INTEGER NOT NULL,
    skills TEXT[] NOT NULL,
    order_kinds TEXT[] NOT NULL,
    latest_start TIME WITHOUT TIME ZONE,
    home_allowed BOOLEAN NOT NULL,
    refusal_note VARCHAR,
    CONSTRAINT pk_service_items PRIMARY KEY (region_id, id),
    CONSTRAINT service_items_code_once UNIQUE (region_id, code),
    CONSTRAINT ck_service_items_duration CHECK (duration_minutes between 1 and 600),
    CONSTRAINT ck_service_items_staff_count CHECK (staff_count between 1 and 4)
);

CREATE TABLE price_rows (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    institution_id UUID NOT NULL,
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    unit_price NUMERIC(14, 4) NOT NULL,
    per_visit_max INTEGER,
    includes TEXT[] NOT NULL,
    excludes TEXT[] NOT NULL,
    insurance_class VARCHAR NOT NULL,
    self_ratio NUMERIC(14, 4) NOT NULL,
    CONSTRAINT pk_price_rows PRIMARY KEY (region_id, id),
    CONSTRAINT fk_price_rows_region_id_institution_id FOREIGN KEY(region_id, institution_id) REFERENCES institutions (region_id, id),
    CONSTRAINT price_rows_one_price EXCLUDE USING gist (region_id WITH =, institution_id WITH =, code WITH =, daterange(valid_from, valid_to, '[]') WITH &&),
    CONSTRAINT ck_price_rows_unit_price CHECK (unit_price >= 0),
    CONSTRAINT ck_price_rows_insurance_class CHECK (insurance_class in ('A', 'B', 'C')),
    CONSTRAINT ck_price_rows_self_ratio CHECK (self_ratio between 0 and 1),
    CONSTRAINT ck_price_rows_per_visit_max CHECK (per_visit_max > 0)
);

CREATE TABLE visit_fee_tariffs (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    valid_from DATE NOT NULL,
    valid_to DATE,
    institution_id UUID NOT NULL,
    unit VARCHAR NOT NULL,
    tiers JSONB NOT NULL,
    night JSONB,
    insurance_class VARCHAR NOT NULL,
    self_ratio NUMERIC(14, 4) NOT NULL,
    distance_base VARCHAR NOT NULL,
    distance_method VARCHAR NOT NULL,
    CONSTRAINT pk_visit_fee_tariffs PRIMARY KEY (region_id, id),
    CONSTRAINT fk_visit_fee_tariffs_region_id_institution_id FOREIGN KEY(region_id, institution_id) REFERENCES institutions (region_id, id),
    CONSTRAINT visit_fee_tariffs_one EXCLUDE USING gist (region_id WITH =, institution_id WITH =, daterange(valid_from, valid_to, '[]') WITH &&),
    CONSTRAINT ck_visit_fee_tariffs_unit CHECK (unit in ('visit', 'visit_staff')),
    CONSTRAINT ck_visit_fee_tariffs_distance_base CHECK (distance_base in ('institution', 'nearest_station')),
    CONSTRAINT ck_visit_fee_tariffs_distance_method CHECK (distance_method in ('great_circle', 'road'))
);

CREATE TABLE programme_items (
    region_id UUID NOT NULL,
    programme_id UUID NOT NULL,
    code VARCHAR NOT NULL,
    per_year INTEGER NOT NULL,
    CONSTRAINT pk_programme_items PRIMARY KEY (region_id, programme_id, code),
    CONSTRAINT fk_programme_items_region_id_programme_id FOREIGN KEY(region_id, programme_id) REFERENCES programmes (region_id, id),
    CONSTRAINT ck_programme_items_per_year CHECK (per_year >= 0)
);

alter table service_items enable row level security;

grant select, insert, update on service_items to xunzhen_app;

create policy service_items_sees on service_items for select using (region_id = (select app_region()));

create policy service_items_adds on service_items for insert with check (region_id = (select app_region()) and (select app_region_wide()));

create policy service_items_changes on service_items for update using (region_id = (select app_region()) and (select app_region_wide())) with check (region_id = (select app_region()) and (select app_region_wide()));

alter table programmes enable row level security;

grant select, insert, update on programmes to xunzhen_app;

create policy programmes_sees on programmes for select using (region_id = (select app_region()));

create policy programmes_adds on programmes for insert with check (region_id = (select app_region()) and (select app_region_wide()));

create policy programmes_changes on programmes for update using (region_id = (select app_region()) and (select app_region_wide())) with check (region_id = (select app_region()) and (select app_region_wide()));

alter table programme_items enable row level security;

grant select, insert, update on programme_items to xunzhen_app;

create policy programme_items_sees on programme_items for select using (region_id = (select app_region()));

create policy programme_items_adds on programme_items for insert with check (region_id = (select app_region()) and (select app_region_wide()));

create policy programme_items_changes on programme_items for update using (region_id = (select app_region()) and (select app_region_wide())) with check (region_id = (select app_region()) and (select app_region_wide()));

alter table insurance_rules enable row level security;

grant select, insert, update on insurance_rules to xunzhen_app;

create policy insurance_rules_sees on insurance_rules for select using (region_id = (select app_region()));

create policy insurance_rules_adds on insurance_rules for insert with check (region_id = (select app_region()) and (select app_region_wide()));

create policy insurance_rules_changes on insurance_rules for update using (region_id = (select app_region()) and (select app_region_wide())) with check (region_id = (select app_region()) and (select app_region_wide()));

alter table price_rows enable row level security;

grant select, insert, update on price_rows to xunzhen_app;

create policy price_rows_sees on price_rows for select using (region_id = (select app_region()));

create policy price_rows_adds on price_rows for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy price_rows_changes on price_rows for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

alter table visit_fee_tariffs enable row level security;

grant select, insert, update on visit_fee_tariffs to xunzhen_app;

create policy visit_fee_tariffs_sees on visit_fee_tariffs for select using (region_id = (select app_region()));

create policy visit_fee_tariffs_adds on visit_fee_tariffs for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy visit_fee_tariffs_changes on visit_fee_tariffs for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create function price_rows_take_turns() returns trigger language plpgsql as $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('price_rows/' || new.region_id || '/' || new.institution_id || '/' || new.code, 0));
    return new;
end
$body$;

create trigger price_rows_take_turns before insert on price_rows for each row execute function price_rows_take_turns();

create function visit_fee_tariffs_take_turns() returns trigger language plpgsql as $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('visit_fee_tariffs/' || new.region_id || '/' || new.institution_id, 0));
    return new;
end
$body$;

create trigger visit_fee_tariffs_take_turns before insert on visit_fee_tariffs for each row execute function visit_fee_tariffs_take_turns();

create function insurance_rules_take_turns() returns trigger language plpgsql as $body$
begin
    perform pg_advisory_xact_lock(hashtextextended('insurance_rules/' || new.region_id || '/' || new.plan_code, 0));
    return new;
end
$body$;

create trigger insurance_rules_take_turns before insert on insurance_rules for each row execute function insurance_rules_take_turns();
"""

DOWN = """
drop table visit_fee_tariffs, price_rows, programme_items, service_items, programmes, insurance_rules cascade;
drop function insurance_rules_take_turns cascade;
drop function visit_fee_tariffs_take_turns cascade;
drop function price_rows_take_turns cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
