"""Visits, events, exceptions, trips.

Revision: 202611221200, after 202611221100
"""

from migrations import sql

revision = "202611221200"
down_revision = "202611221100"
branch_labels = None
depends_on = None

UP = r"""
CREATE TABLE trips (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    home_id UUID NOT NULL,
    crew_key VARCHAR NOT NULL,
    arrived_at TIMESTAMP WITH TIME ZONE NOT NULL,
    left_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_trips PRIMARY KEY (region_id, id),
    CONSTRAINT fk_trips_region_id_home_id FOREIGN KEY(region_id, home_id) REFERENCES homes (region_id, id)
);

CREATE UNIQUE INDEX trips_one_open ON trips (region_id, crew_key) WHERE left_at is null;

CREATE TABLE visits (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    order_id UUID NOT NULL,
    person_id UUID NOT NULL,
    home_id UUID NOT NULL,
    mode VARCHAR NOT NULL,
    service_on DATE NOT NULL,
    planned_start_at TIMESTAMP WITH TIME ZONE NOT NULL,
    planned_end_at TIMESTAMP WITH TIME ZONE NOT NULL,
    trip_key UUID NOT NULL,
    trip_id UUID,
    state VARCHAR NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    verified BOOLEAN NOT NULL,
    CONSTRAINT pk_visits PRIMARY KEY (region_id, id),
    CONSTRAINT fk_visits_region_id_order_id FOREIGN KEY(region_id, order_id) REFERENCES orders (region_id, id),
    CONSTRAINT fk_visits_region_id_person_id FOREIGN KEY(region_id, person_id) REFERENCES patients (region_id, id),
    CONSTRAINT fk_visits_region_id_home_id FOREIGN KEY(region_id, home_id) REFERENCES homes (region_id, id),
    CONSTRAINT fk_visits_region_id_trip_id FOREIGN KEY(region_id, trip_id) REFERENCES trips (region_id, id),
    CONSTRAINT visits_one_per_order UNIQUE (region_id, order_id),
    CONSTRAINT ck_visits_state CHECK (state in ('prepared', 'departed', 'arrived', 'in_service', 'completed', 'missed', 'refused', 'cancelled')),
    CONSTRAINT ck_visits_verified_has_times CHECK (not verified or (started_at is not null and ended_at >= started_at))
);

CREATE INDEX ix_visits_trip ON visits (region_id, trip_id);

CREATE INDEX ix_visits_trip_key ON visits (region_id, trip_key);

CREATE INDEX ix_visits_day ON visits (region_id, institution_id, service_on);

CREATE TABLE visit_events (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    visit_id UUID NOT NULL,
    kind VARCHAR NOT NULL,
    practitioner_id UUID NOT NULL,
    happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    lon FLOAT,
    lat FLOAT,
    accuracy_metres INTEGER,
    home_distance_metres INTEGER,
    CONSTRAINT pk_visit_events PRIMARY KEY (region_id, id),
    CONSTRAINT fk_visit_events_region_id_visit_id FOREIGN KEY(region_id, visit_id) REFERENCES visits (region_id, id),
    CONSTRAINT ck_visit_events_kind CHECK (kind in ('depart', 'arrive', 'start', 'complete', 'leave')),
    CONSTRAINT visit_events_once UNIQUE (region_id, visit_id, practitioner_id, kind)
);

CREATE TABLE visit_exceptions (
    region_id UUID NOT NULL,
    id UUID NOT NULL,
    institution_id UUID NOT NULL,
    visit_id UUID NOT NULL,
    kind VARCHAR NOT NULL,
    facts JSONB NOT NULL,
    raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decision VARCHAR,
    reason_code VARCHAR,
    note VARCHAR,
    decided_by_account_id UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_visit_exceptions PRIMARY KEY (region_id, id),
    CONSTRAINT fk_visit_exceptions_region_id_visit_id FOREIGN KEY(region_id, visit_id) REFERENCES visits (region_id, id),
    CONSTRAINT visit_exceptions_once UNIQUE (region_id, visit_id, kind),
    CONSTRAINT ck_visit_exceptions_kind CHECK (kind in ('out_of_fence', 'place_unknown', 'crew_incomplete', 'end_missing', 'too_short')),
    CONSTRAINT ck_visit_exceptions_decision CHECK (decision in ('approved', 'refused')),
    CONSTRAINT ck_visit_exceptions_decided_whole CHECK ((decision is null) = (decided_at is null) and (decision is null) = (decided_by_account_id is null) and (decision is null) = (reason_code is null))
);

CREATE TABLE visit_items (
    region_id UUID NOT NULL,
    institution_id UUID NOT NULL,
    visit_id UUID NOT NULL,
    code VARCHAR NOT NULL,
    quantity INTEGER NOT NULL,
    performed_by_id UUID NOT NULL,
    performed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_visit_items PRIMARY KEY (region_id, visit_id, code),
    CONSTRAINT fk_visit_items_region_id_visit_id FOREIGN KEY(region_id, visit_id) REFERENCES visits (region_id, id),
    CONSTRAINT ck_visit_items_quantity CHECK (quantity between 1 and 99)
);

CREATE TABLE visit_staff (
    region_id UUID NOT NULL,
    institution_id UUID NOT NULL,
    visit_id UUID NOT NULL,
    practitioner_id UUID NOT NULL,
    practitioner_name VARCHAR NOT NULL,
    CONSTRAINT pk_visit_staff PRIMARY KEY (region_id, visit_id, practitioner_id),
    CONSTRAINT fk_visit_staff_region_id_visit_id FOREIGN KEY(region_id, visit_id) REFERENCES visits (region_id, id),
    CONSTRAINT fk_visit_staff_region_id_practitioner_id FOREIGN KEY(region_id, practitioner_id) REFERENCES practitioners (region_id, id)
);

alter table trips enable row level security;

grant select, insert, update on trips to xunzhen_app;

create policy trips_sees on trips for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy trips_adds on trips for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy trips_changes on trips for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

alter table visits enable row level security;

grant select, insert, update on visits to xunzhen_app;

create policy visits_sees on visits for select using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy visits_adds on visits for insert with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

create policy visits_changes on visits for update using ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id))) with check ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)));

alter table visit_staff enable row level security;

grant select, insert, delete on visit_staff to xunzhen_app;

create policy visit_staff_sees on visit_staff for select using (exists (select 1 from visits v where v.region_id = visit_staff.region_id and v.id = visit_id));

create policy visit_staff_adds on visit_staff for insert with check (exists (select 1 from visits v where v.region_id = visit_staff.region_id and v.id = visit_id));

create policy visit_staff_removes on visit_staff for delete using (exists (select 1 from visits v where v.region_id = visit_staff.region_id and v.id = visit_id));

alter table visit_items enable row level security;

grant select, insert on visit_items to xunzhen_app;

create policy visit_items_sees on visit_items for select using (exists (select 1 from visits v where v.region_id = visit_items.region_id and v.id = visit_id));

create policy visit_items_adds on visit_items for insert with check (exists (select 1 from visits v where v.region_id = visit_items.region_id and v.id = visit_id));

alter table visit_events enable row level security;

grant select, insert on visit_events to xunzhen_app;

create policy visit_events_sees on visit_events for select using (exists (select 1 from visits v where v.region_id = visit_events.region_id and v.id = visit_id));

create policy visit_events_adds on visit_events for insert with check (exists (select 1 from visits v where v.region_id = visit_events.region_id and v.id = visit_id));

alter table visit_exceptions enable row level security;

grant select, insert, update on visit_exceptions to xunzhen_app;

create policy visit_exceptions_sees on visit_exceptions for select using (exists (select 1 from visits v where v.region_id = visit_exceptions.region_id and v.id = visit_id));

create policy visit_exceptions_adds on visit_exceptions for insert with check (exists (select 1 from visits v where v.region_id = visit_exceptions.region_id and v.id = visit_id));

create policy visit_exceptions_changes on visit_exceptions for update using (exists (select 1 from visits v where v.region_id = visit_exceptions.region_id and v.id = visit_id)) with check (exists (select 1 from visits v where v.region_id = visit_exceptions.region_id and v.id = visit_id));

create function visit_exceptions_decided_for_good() returns trigger language plpgsql as $body$
begin
    if old.decision is not null then
        raise exception 'decided' using errcode = '23514', constraint = 'visit_exceptions_decided_for_good';
    end if;
    return new;
end
$body$;

create trigger visit_exceptions_decided_for_good before update on visit_exceptions for each row execute function visit_exceptions_decided_for_good();
"""

DOWN = """
drop table visit_staff, visit_items, visit_exceptions, visit_events, visits, trips cascade;
drop function visit_exceptions_decided_for_good cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
