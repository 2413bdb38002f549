"""What a day stands on: precautions, languages, paces, tolerances, specimens, wishes of an order, kinds of stops.

Revision: 202611230355, after 202611230308
"""

from migrations import sql

revision = "202611230355"
down_revision = "202611230308"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table patients add column precaution character varying default 'none'::character varying not null;

alter table patients add column language character varying;

alter table patients add column language_required boolean default false not null;

alter table homes add column entry_minutes integer default 0 not null;

alter table practitioners add column pace_percent integer default 100 not null;

alter table practitioners add column languages text[] default '{}'::text[] not null;

alter table shifts add column lunch_at_station boolean default false not null;

alter table service_items add column any_skills text[] default '{}'::text[] not null;

alter table service_items add column tolerance_minutes integer;

alter table service_items add column specimen_minutes integer;

alter table orders add column preferred_only boolean default false not null;

alter table orders add column excluded_practitioner_ids uuid[] default '{}'::uuid[] not null;

alter table orders add column same_staff boolean default false not null;

alter table plan_stops add column kind character varying default 'visit'::character varying not null;

ALTER TABLE homes ADD CONSTRAINT ck_homes_entry_minutes CHECK (entry_minutes between 0 and 60);

ALTER TABLE patients ADD CONSTRAINT ck_patients_precaution CHECK (precaution in ('immunocompromised', 'infectious', 'none'));

update plan_stops set kind = 'lunch' where order_id is null;

ALTER TABLE plan_stops ADD CONSTRAINT ck_plan_stops_kind CHECK (kind in ('visit', 'lunch', 'delivery'));

ALTER TABLE plan_stops ADD CONSTRAINT ck_plan_stops_order CHECK ((kind = 'visit') = (order_id is not null));

ALTER TABLE practitioners ADD CONSTRAINT ck_practitioners_pace_percent CHECK (pace_percent between 50 and 300);

ALTER TABLE service_items ADD CONSTRAINT ck_service_items_specimen CHECK (specimen_minutes between 10 and 600);

ALTER TABLE service_items ADD CONSTRAINT ck_service_items_tolerance CHECK (tolerance_minutes between 0 and 240);
"""

DOWN = r"""
set local check_function_bodies = off;

delete from plan_stops where kind = 'delivery';

alter table homes drop constraint ck_homes_entry_minutes;

alter table patients drop constraint ck_patients_precaution;

alter table plan_stops drop constraint ck_plan_stops_kind;

alter table plan_stops drop constraint ck_plan_stops_order;

alter table practitioners drop constraint ck_practitioners_pace_percent;

alter table service_items drop constraint ck_service_items_specimen;

alter table service_items drop constraint ck_service_items_tolerance;

alter table patients drop column precaution;

alter table patients drop column language;

alter table patients drop column language_required;

alter table homes drop column entry_minutes;

alter table practitioners drop column pace_percent;

alter table practitioners drop column languages;

alter table shifts drop column lunch_at_station;

alter table service_items drop column any_skills;

alter table service_items drop column tolerance_minutes;

alter table service_items drop column specimen_minutes;

alter table orders drop column preferred_only;

alter table orders drop column excluded_practitioner_ids;

alter table orders drop column same_staff;

alter table plan_stops drop column kind;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
