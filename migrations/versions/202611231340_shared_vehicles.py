"""Shared vehicles.

Revision: 202611231340, after 202611231252
"""

from migrations import sql

revision = "202611231340"
down_revision = "202611231252"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table practitioners drop constraint ck_practitioners_travel_mode;

create table plan_tours (
    region_id uuid not null,
    plan_id uuid not null,
    vehicle_id uuid not null,
    plate_no character varying not null,
    seats integer not null,
    start_at timestamp with time zone not null,
    end_at timestamp with time zone not null,
    travel_seconds integer not null,
    travel_metres integer not null,
    stops jsonb not null,
    geojson jsonb not null
);

create table vehicle_bookings (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    plan_id uuid not null,
    vehicle_id uuid not null,
    during tstzrange not null,
    state character varying not null
);

create table vehicles (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    station_id uuid not null,
    plate_no character varying not null,
    seats integer not null,
    away_from time without time zone not null,
    away_to time without time zone not null,
    out_from date,
    out_to date
);

alter table plan_routes add column home_ride jsonb;

alter table plan_stops add column ride jsonb;

alter table appointments add column ride jsonb;

CREATE OR REPLACE FUNCTION public.vehicle_bookings_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('vehicle_bookings/' || new.region_id || '/' || new.vehicle_id, 0));
    end if;
    return new;
end
$function$;

revoke all on function vehicle_bookings_take_turns() from public;

alter table plan_tours add constraint pk_plan_tours PRIMARY KEY (region_id, plan_id, vehicle_id);

alter table vehicle_bookings add constraint pk_vehicle_bookings PRIMARY KEY (region_id, id);

alter table vehicles add constraint pk_vehicles PRIMARY KEY (region_id, id);

alter table vehicles add constraint vehicles_plate_once UNIQUE (region_id, institution_id, plate_no);

alter table vehicle_bookings add constraint vehicle_bookings_once EXCLUDE USING gist (region_id WITH =, vehicle_id WITH =, during WITH &&) WHERE (((state)::text = 'booked'::text));

ALTER TABLE practitioners ADD CONSTRAINT ck_practitioners_travel_mode CHECK (travel_mode in ('walk', 'bike', 'ebike', 'car', 'shared'));

ALTER TABLE vehicle_bookings ADD CONSTRAINT ck_vehicle_bookings_state CHECK (state in ('booked', 'released'));

ALTER TABLE vehicles ADD CONSTRAINT ck_vehicles_away CHECK (away_to > away_from);

ALTER TABLE vehicles ADD CONSTRAINT ck_vehicles_out CHECK (out_to is null or (out_from is not null and out_to >= out_from));

ALTER TABLE vehicles ADD CONSTRAINT ck_vehicles_seats CHECK (seats between 1 and 60);

alter table plan_tours add constraint fk_plan_tours_region_id_plan_id FOREIGN KEY (region_id, plan_id) REFERENCES plans(region_id, id);

alter table plan_tours add constraint fk_plan_tours_region_id_vehicle_id FOREIGN KEY (region_id, vehicle_id) REFERENCES vehicles(region_id, id);

alter table vehicle_bookings add constraint fk_vehicle_bookings_region_id_plan_id FOREIGN KEY (region_id, plan_id) REFERENCES plans(region_id, id);

alter table vehicle_bookings add constraint fk_vehicle_bookings_region_id_vehicle_id FOREIGN KEY (region_id, vehicle_id) REFERENCES vehicles(region_id, id);

alter table vehicles add constraint fk_vehicles_region_id_institution_id FOREIGN KEY (region_id, institution_id) REFERENCES institutions(region_id, id);

alter table vehicles add constraint fk_vehicles_region_id_station_id FOREIGN KEY (region_id, station_id) REFERENCES stations(region_id, id);

CREATE INDEX ix_vehicle_bookings_plan ON vehicle_bookings (region_id, plan_id);

create trigger vehicle_bookings_take_turns before insert on vehicle_bookings for each row execute function vehicle_bookings_take_turns();

alter table vehicles enable row level security;

alter table plan_tours enable row level security;

alter table vehicle_bookings enable row level security;

create policy vehicles_sees on vehicles for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy vehicles_adds on vehicles for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy vehicles_changes on vehicles for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy plan_tours_sees on plan_tours for select using (exists (select 1 from plans p where p.region_id = plan_tours.region_id and p.id = plan_id));

create policy plan_tours_adds on plan_tours for insert with check (exists (select 1 from plans p where p.region_id = plan_tours.region_id and p.id = plan_id));

create policy plan_tours_removes on plan_tours for delete using (exists (select 1 from plans p where p.region_id = plan_tours.region_id and p.id = plan_id));

create policy vehicle_bookings_sees on vehicle_bookings for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy vehicle_bookings_adds on vehicle_bookings for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy vehicle_bookings_changes on vehicle_bookings for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

grant insert on vehicles to xunzhen_app;

grant select on vehicles to xunzhen_app;

grant update on vehicles to xunzhen_app;

grant insert on plan_tours to xunzhen_app;

grant select on plan_tours to xunzhen_app;

grant delete on plan_tours to xunzhen_app;

grant insert on vehicle_bookings to xunzhen_app;

grant select on vehicle_bookings to xunzhen_app;

grant update on vehicle_bookings to xunzhen_app;

grant execute on function vehicle_bookings_take_turns() to public;
"""

DOWN = r"""
set local check_function_bodies = off;

revoke execute on function vehicle_bookings_take_turns() from public;

drop index ix_vehicle_bookings_plan;

alter table practitioners drop constraint ck_practitioners_travel_mode;

drop function vehicle_bookings_take_turns() cascade;

alter table plan_routes drop column home_ride;

alter table plan_stops drop column ride;

alter table appointments drop column ride;

drop table plan_tours cascade;

drop table vehicle_bookings cascade;

drop table vehicles cascade;

-- who shared a vehicle walks again
update practitioners set travel_mode = 'walk' where travel_mode = 'shared';

alter table practitioners add constraint ck_practitioners_travel_mode CHECK (((travel_mode)::text = ANY ((ARRAY['walk'::character varying, 'bike'::character varying, 'ebike'::character varying, 'car'::character varying])::text[])));
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
