"""Dispatch areas, plans, appointments.

Revision: 202611221100, after 202611221000
"""

from migrations import sql

revision = "202611221100"
down_revision = "202611221000"
branch_labels = None
depends_on = None

UP = r"""
CREATE TABLE dispatch_areas (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    code VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    institution_ids UUID[] NOT NULL,
    CONSTRAINT pk_dispatch_areas PRIMARY KEY (region_id, id),
    CONSTRAINT dispatch_areas_code_once UNIQUE (region_id, code)
);

CREATE TABLE plans (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    area_id UUID NOT NULL,
    service_on DATE NOT NULL,
    institution_ids UUID[] NOT NULL,
    state VARCHAR NOT NULL,
    seconds_limit INTEGER NOT NULL,
    seed INTEGER NOT NULL,
    requested_by_account_id UUID NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    solved_at TIMESTAMP WITH TIME ZONE,
    published_at TIMESTAMP WITH TIME ZONE,
    progress JSONB,
    summary JSONB,
    publication JSONB,
    travel_source VARCHAR,
    failure VARCHAR,
    CONSTRAINT pk_plans PRIMARY KEY (region_id, id),
    CONSTRAINT fk_plans_region_id_area_id FOREIGN KEY(region_id, area_id) REFERENCES dispatch_areas (region_id, id),
    CONSTRAINT ck_plans_state CHECK (state in ('queued', 'solving', 'solved', 'published', 'superseded', 'failed')),
    CONSTRAINT ck_plans_seconds_limit CHECK (seconds_limit between 1 and 600)
);

CREATE UNIQUE INDEX plans_one_published ON plans (region_id, area_id, service_on) WHERE state = 'published';

CREATE TABLE plan_routes (
    region_id UUID NOT NULL,
    plan_id UUID NOT NULL,
    practitioner_id UUID NOT NULL,
    practitioner_name VARCHAR NOT NULL,
    geojson JSONB NOT NULL,
    travel_metres INTEGER NOT NULL,
    travel_seconds INTEGER NOT NULL,
    service_seconds INTEGER NOT NULL,
    CONSTRAINT pk_plan_routes PRIMARY KEY (region_id, plan_id, practitioner_id),
    CONSTRAINT fk_plan_routes_region_id_plan_id FOREIGN KEY(region_id, plan_id) REFERENCES plans (region_id, id),
    CONSTRAINT fk_plan_routes_region_id_practitioner_id FOREIGN KEY(region_id, practitioner_id) REFERENCES practitioners (region_id, id)
);

CREATE TABLE appointments (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    plan_id UUID NOT NULL,
    order_id UUID NOT NULL,
    person_id UUID NOT NULL,
    practitioner_id UUID NOT NULL,
    practitioner_name VARCHAR NOT NULL,
    service_on DATE NOT NULL,
    during TSTZRANGE NOT NULL,
    trip_key UUID NOT NULL,
    state VARCHAR NOT NULL,
    CONSTRAINT pk_appointments PRIMARY KEY (region_id, id),
    CONSTRAINT fk_appointments_region_id_plan_id FOREIGN KEY(region_id, plan_id) REFERENCES plans (region_id, id),
    CONSTRAINT fk_appointments_region_id_order_id FOREIGN KEY(region_id, order_id) REFERENCES orders (region_id, id),
    CONSTRAINT fk_appointments_region_id_person_id FOREIGN KEY(region_id, person_id) REFERENCES patients (region_id, id),
    CONSTRAINT fk_appointments_region_id_practitioner_id FOREIGN KEY(region_id, practitioner_id) REFERENCES practitioners (region_id, id),
    CONSTRAINT ck_appointments_state CHECK (state in ('booked', 'released')),
    CONSTRAINT appointments_staff_once EXCLUDE USING gist (region_id WITH =, practitioner_id WITH =, during WITH &&) WHERE (state = 'booked'),
    CONSTRAINT appointments_person_once EXCLUDE USING gist (region_id WITH =, person_id WITH =, order_id WITH <>, during WITH &&) WHERE (state = 'booked')
);

CREATE INDEX ix_appointments_plan ON appointments (region_id, plan_id);

CREATE INDEX ix_appointments_order ON appointments (region_id, order_id);

CREATE INDEX ix_appointments_staff_day ON appointments (region_id, practitioner_id, service_on);

CREATE TABLE plan_stops (
    region_id UUID NOT NULL,
    plan_id UUID NOT NULL,
    practitioner_id UUID NOT NULL,
    seq INTEGER NOT NULL,
    order_id UUID,
    institution_id UUID,
    start_at TIMESTAMP WITH TIME ZONE NOT NULL,
    end_at TIMESTAMP WITH TIME ZONE NOT NULL,
    travel_seconds INTEGER NOT NULL,
    travel_metres INTEGER NOT NULL,
    CONSTRAINT pk_plan_stops PRIMARY KEY (region_id, plan_id, practitioner_id, seq),
    CONSTRAINT fk_plan_stops_region_id_plan_id FOREIGN KEY(region_id, plan_id) REFERENCES plans (region_id, id),
    CONSTRAINT fk_plan_stops_region_id_order_id FOREIGN KEY(region_id, order_id) REFERENCES orders (region_id, id)
);

CREATE TABLE plan_unassigned (
    region_id UUID NOT NULL,
    plan_id UUID NOT NULL,
    order_id UUID NOT NULL,
    reason VARCHAR NOT NULL,
    facts JSONB NOT NULL,
    CONSTRAINT pk_plan_unassigned PRIMARY KEY (region_id, plan_id, order_id),
    CONSTRAINT fk_plan_unassigned_region_id_plan_id FOREIGN KEY(region_id, plan_id) REFERENCES plans (region_id, id),
    CONSTRAINT fk_plan_unassigned_region_id_order_id FOREIGN KEY(region_id, order_id) REFERENCES orders (region_id, id)
);

alter table dispatch_areas enable row level security;

grant select, insert, update on dispatch_areas to xunzhen_app;

create policy dispatch_areas_sees on dispatch_areas for select using (region_id = (select app_region()));

create policy dispatch_areas_adds on dispatch_areas for insert with check (region_id = (select app_region()) and (select app_region_wide()));

create policy dispatch_areas_changes on dispatch_areas for update using (region_id = (select app_region()) and (select app_region_wide())) with check (region_id = (select app_region()) and (select app_region_wide()));

alter table plans enable row level security;

grant select, insert, update on plans to xunzhen_app;

create policy plans_sees on plans for select using (region_id = (select app_region()) and institution_ids <@ (select app_institutions())::uuid[]);

create policy plans_adds on plans for insert with check (region_id = (select app_region()) and institution_ids <@ (select app_institutions())::uuid[]);

create policy plans_changes on plans for update using (region_id = (select app_region()) and institution_ids <@ (select app_institutions())::uuid[]) with check (region_id = (select app_region()) and institution_ids <@ (select app_institutions())::uuid[]);

alter table plan_routes enable row level security;

grant select, insert, delete on plan_routes to xunzhen_app;

create policy plan_routes_sees on plan_routes for select using (exists (select 1 from plans p where p.region_id = plan_routes.region_id and p.id = plan_id));

create policy plan_routes_adds on plan_routes for insert with check (exists (select 1 from plans p where p.region_id = plan_routes.region_id and p.id = plan_id));

create policy plan_routes_removes on plan_routes for delete using (exists (select 1 from plans p where p.region_id = plan_routes.region_id and p.id = plan_id));

alter table plan_stops enable row level security;

grant select, insert, delete on plan_stops to xunzhen_app;

create policy plan_stops_sees on plan_stops for select using (exists (select 1 from plans p where p.region_id = plan_stops.region_id and p.id = plan_id));

create policy plan_stops_adds on plan_stops for insert with check (exists (select 1 from plans p where p.region_id = plan_stops.region_id and p.id = plan_id));

create policy plan_stops_removes on plan_stops for delete using (exists (select 1 from plans p where p.region_id = plan_stops.region_id and p.id = plan_id));

alter table plan_unassigned enable row level security;

grant select, insert, delete on plan_unassigned to xunzhen_app;

create policy plan_unassigned_sees on plan_unassigned for select using (exists (select 1 from plans p where p.region_id = plan_unassigned.region_id and p.id = plan_id));

create policy plan_unassigned_adds on plan_unassigned for insert with check (exists (select 1 from plans p where p.region_id = plan_unassigned.region_id and p.id = plan_id));

create policy plan_unassigned_removes on plan_unassigned for delete using (exists (select 1 from plans p where p.region_id = plan_unassigned.region_id and p.id = plan_id));

alter table appointments enable row level security;

grant select, insert, update on appointments to xunzhen_app;

create policy appointments_sees on appointments for select using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy appointments_adds on appointments for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy appointments_changes on appointments for update using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id))) with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create function appointments_busy(asked_practitioners uuid[], asked_from timestamptz, asked_to timestamptz, asked_but uuid) returns table (practitioner_id uuid, busy tstzrange, near_lon double precision, near_lat double precision) language sql stable security definer set search_path = public, pg_temp as $body$
select a.practitioner_id, a.during, round(h.lon::numeric, 2)::float8, round(h.lat::numeric, 2)::float8
from appointments a
join orders o on o.region_id = a.region_id and o.id = a.order_id
join homes h on h.region_id = o.region_id and h.id = o.home_id
where a.region_id = app_region() and a.practitioner_id = any(asked_practitioners) and a.state = 'booked'
  and a.during && tstzrange(asked_from, asked_to)
  and not (asked_but is not null and a.plan_id = asked_but and o.state = 'scheduled')
  and exists (select 1 from practitioners p where p.region_id = a.region_id and p.id = a.practitioner_id
              and p.institution_id = any(app_institutions()))
$body$;

revoke all on function appointments_busy from public;

grant execute on function appointments_busy to xunzhen_app;

create function appointments_engaged(asked_persons uuid[], asked_from timestamptz, asked_to timestamptz, asked_but uuid) returns table (person_id uuid, engaged tstzrange) language sql stable security definer set search_path = public, pg_temp as $body$
select distinct a.person_id, a.during from appointments a
join orders o on o.region_id = a.region_id and o.id = a.order_id
where a.region_id = app_region() and a.person_id = any(asked_persons) and a.state = 'booked'
  and a.during && tstzrange(asked_from, asked_to)
  and not (asked_but is not null and a.plan_id = asked_but and o.state = 'scheduled')
  and app_sees_person(a.region_id, a.person_id)
$body$;

revoke all on function appointments_engaged from public;

grant execute on function appointments_engaged to xunzhen_app;
"""

DOWN = """
drop table plan_unassigned, plan_stops, appointments, plan_routes, plans, dispatch_areas cascade;
drop function appointments_engaged cascade;
drop function appointments_busy cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
