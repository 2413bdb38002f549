"""Services in parts.

Revision: 202611231252, after 202611231033
"""

from migrations import sql

revision = "202611231252"
down_revision = "202611231033"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table visit_events drop constraint visit_events_once;

alter table visit_events drop constraint ck_visit_events_kind;

alter table visit_exceptions drop constraint ck_visit_exceptions_kind;

create table visit_parts (
    region_id uuid not null,
    institution_id uuid not null,
    visit_id uuid not null,
    number integer not null,
    planned_start_at timestamp with time zone not null,
    planned_end_at timestamp with time zone not null,
    after_min_minutes integer,
    after_max_minutes integer
);

alter table service_items add column parts jsonb default '[]'::jsonb not null;

alter table plan_stops add column part integer default 1 not null;

alter table plan_stops add column parts integer default 1 not null;

alter table appointments add column part integer default 1 not null;

alter table appointments add column parts integer default 1 not null;

alter table visit_events add column part integer default 1 not null;

CREATE OR REPLACE FUNCTION public.handovers_busy(asked_practitioners uuid[], asked_from timestamp with time zone, asked_to timestamp with time zone, asked_but uuid)
 RETURNS TABLE(practitioner_id uuid, order_id uuid, start_at timestamp with time zone, end_at timestamp with time zone, travel_seconds integer, lon double precision, lat double precision)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select s.practitioner_id, case when o.institution_id = any(app_institutions()) then o.id end, s.start_at, s.end_at,
  s.travel_seconds, i.lon, i.lat
from plan_stops s
join appointments a on a.region_id = s.region_id and a.plan_id = s.plan_id and a.order_id = s.specimen_of
  and a.practitioner_id = s.practitioner_id and a.state = 'booked' and a.part = 1
join orders o on o.region_id = s.region_id and o.id = s.specimen_of
join institutions i on i.region_id = o.region_id and i.id = o.institution_id
where s.region_id = app_region() and s.practitioner_id = any(asked_practitioners)
  and s.start_at < asked_to and s.end_at >= asked_from
  and not (asked_but is not null and a.plan_id = asked_but and o.state = 'scheduled')
  and exists (select 1 from practitioners p where p.region_id = s.region_id and p.id = s.practitioner_id
              and p.institution_id = any(app_institutions()))
$function$;

alter table visit_parts add constraint pk_visit_parts PRIMARY KEY (region_id, visit_id, number);

alter table visit_events add constraint visit_events_once UNIQUE (region_id, visit_id, practitioner_id, kind, part);

ALTER TABLE appointments ADD CONSTRAINT ck_appointments_part CHECK (part between 1 and parts);

ALTER TABLE plan_stops ADD CONSTRAINT ck_plan_stops_part CHECK (part between 1 and parts);

ALTER TABLE service_items ADD CONSTRAINT ck_service_items_parts CHECK (jsonb_array_length(parts) <= 3);

ALTER TABLE service_items ADD CONSTRAINT ck_service_items_parts_alone CHECK (parts = '[]'::jsonb or (staff_count = 1 and specimen_minutes is null));

ALTER TABLE visit_events ADD CONSTRAINT ck_visit_events_kind CHECK (kind in ('depart', 'arrive', 'start', 'step_out', 'come_back', 'complete', 'leave'));

ALTER TABLE visit_events ADD CONSTRAINT ck_visit_events_part CHECK (part = 1 or kind in ('step_out', 'come_back'));

ALTER TABLE visit_exceptions ADD CONSTRAINT ck_visit_exceptions_kind CHECK (kind in ('out_of_fence', 'place_unknown', 'crew_incomplete', 'end_missing', 'too_short', 'evidence_missing', 'back_late', 'part_missing'));

ALTER TABLE visit_parts ADD CONSTRAINT ck_visit_parts_between CHECK (after_min_minutes <= after_max_minutes);

ALTER TABLE visit_parts ADD CONSTRAINT ck_visit_parts_number CHECK (number >= 2);

alter table visit_parts add constraint fk_visit_parts_region_id_visit_id FOREIGN KEY (region_id, visit_id) REFERENCES visits(region_id, id);

CREATE UNIQUE INDEX appointments_part_once ON appointments (region_id, order_id, practitioner_id, part) WHERE state = 'booked';

alter table visit_parts enable row level security;

create policy visit_parts_sees on visit_parts for select using (exists (select 1 from visits v where v.region_id = visit_parts.region_id and v.id = visit_id));

create policy visit_parts_adds on visit_parts for insert with check (exists (select 1 from visits v where v.region_id = visit_parts.region_id and v.id = visit_id));

create policy visit_parts_removes on visit_parts for delete using (exists (select 1 from visits v where v.region_id = visit_parts.region_id and v.id = visit_id));

grant insert on visit_parts to xunzhen_app;

grant select on visit_parts to xunzhen_app;

grant delete on visit_parts to xunzhen_app;
"""

DOWN = r"""
set local check_function_bodies = off;

drop index appointments_part_once;

alter table appointments drop constraint ck_appointments_part;

alter table plan_stops drop constraint ck_plan_stops_part;

alter table service_items drop constraint ck_service_items_parts;

alter table service_items drop constraint ck_service_items_parts_alone;

alter table visit_events drop constraint ck_visit_events_part;

alter table visit_events drop constraint visit_events_once;

alter table visit_events drop constraint ck_visit_events_kind;

alter table visit_exceptions drop constraint ck_visit_exceptions_kind;

alter table service_items drop column parts;

alter table plan_stops drop column part;

alter table plan_stops drop column parts;

alter table appointments drop column part;

alter table appointments drop column parts;

alter table visit_events drop column part;

drop table visit_parts cascade;

CREATE OR REPLACE FUNCTION public.handovers_busy(asked_practitioners uuid[], asked_from timestamp with time zone, asked_to timestamp with time zone, asked_but uuid)
 RETURNS TABLE(practitioner_id uuid, order_id uuid, start_at timestamp with time zone, end_at timestamp with time zone, travel_seconds integer, lon double precision, lat double precision)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select s.practitioner_id, case when o.institution_id = any(app_institutions()) then o.id end, s.start_at, s.end_at,
  s.travel_seconds, i.lon, i.lat
from plan_stops s
join appointments a on a.region_id = s.region_id and a.plan_id = s.plan_id and a.order_id = s.specimen_of
  and a.practitioner_id = s.practitioner_id and a.state = 'booked'
join orders o on o.region_id = s.region_id and o.id = s.specimen_of
join institutions i on i.region_id = o.region_id and i.id = o.institution_id
where s.region_id = app_region() and s.practitioner_id = any(asked_practitioners)
  and s.start_at < asked_to and s.end_at >= asked_from
  and not (asked_but is not null and a.plan_id = asked_but and o.state = 'scheduled')
  and exists (select 1 from practitioners p where p.region_id = s.region_id and p.id = s.practitioner_id
              and p.institution_id = any(app_institutions()))
$function$;

alter table visit_events add constraint visit_events_once UNIQUE (region_id, visit_id, practitioner_id, kind);

alter table visit_events add constraint ck_visit_events_kind CHECK (((kind)::text = ANY ((ARRAY['depart'::character varying, 'arrive'::character varying, 'start'::character varying, 'complete'::character varying, 'leave'::character varying])::text[])));

alter table visit_exceptions add constraint ck_visit_exceptions_kind CHECK (((kind)::text = ANY ((ARRAY['out_of_fence'::character varying, 'place_unknown'::character varying, 'crew_incomplete'::character varying, 'end_missing'::character varying, 'too_short'::character varying, 'evidence_missing'::character varying])::text[])));
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
