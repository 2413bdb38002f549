"""Absences round plans and periods.

Revision: 202611230234, after 202611230018
"""

from migrations import sql

revision = "202611230234"
down_revision = "202611230018"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

create table absences (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    practitioner_id uuid not null,
    during tstzrange not null,
    reason character varying not null,
    note character varying not null,
    entered_by_account_id uuid not null,
    entered_at timestamp with time zone not null,
    ended_by_account_id uuid,
    ended_at timestamp with time zone
);

create table period_plans (
    region_id uuid not null,
    id uuid not null,
    area_id uuid,
    institution_ids uuid[] not null,
    first date not null,
    last date not null,
    travel_minutes integer not null,
    state character varying not null,
    requested_by_account_id uuid not null,
    requested_at timestamp with time zone not null,
    solved_at timestamp with time zone,
    accepted_by_account_id uuid,
    accepted_at timestamp with time zone,
    summary jsonb,
    failure character varying
);

create table period_rounds (
    region_id uuid not null,
    period_plan_id uuid not null,
    round_plan_id uuid not null,
    seq integer not null,
    institution_id uuid not null,
    person_id uuid not null,
    due_on date not null,
    planned_on date,
    half_day character varying,
    reason character varying,
    order_id uuid,
    refusal jsonb
);

create table round_plans (
    region_id uuid not null,
    id uuid not null,
    institution_id uuid not null,
    kind character varying not null,
    person_id uuid not null,
    items jsonb not null,
    every_days integer not null,
    minimum_days integer not null,
    weekdays smallint[] not null,
    half_day character varying not null,
    mobility_reason character varying not null,
    valid_from date not null,
    valid_to date,
    entered_by_account_id uuid not null,
    entered_at timestamp with time zone not null
);

CREATE OR REPLACE FUNCTION public.absences_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('absences/' || new.region_id || '/' || new.practitioner_id, 0));
    end if;
    return new;
end
$function$;

revoke all on function absences_take_turns() from public;

CREATE OR REPLACE FUNCTION public.round_plans_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('round_plans/' || new.region_id || '/' || new.person_id, 0));
    end if;
    return new;
end
$function$;

revoke all on function round_plans_take_turns() from public;

alter table absences add constraint pk_absences PRIMARY KEY (region_id, id);

alter table period_plans add constraint pk_period_plans PRIMARY KEY (region_id, id);

alter table period_rounds add constraint pk_period_rounds PRIMARY KEY (region_id, period_plan_id, round_plan_id, seq);

alter table round_plans add constraint pk_round_plans PRIMARY KEY (region_id, id);

alter table period_rounds add constraint period_rounds_order_once UNIQUE (region_id, order_id);

alter table absences add constraint absences_one EXCLUDE USING gist (region_id WITH =, practitioner_id WITH =, during WITH &&);

alter table round_plans add constraint round_plans_one EXCLUDE USING gist (region_id WITH =, institution_id WITH =, person_id WITH =, kind WITH =, daterange(valid_from, valid_to, '[]'::text) WITH &&);

ALTER TABLE absences ADD CONSTRAINT ck_absences_ended_by_somebody CHECK ((ended_at is null) = (ended_by_account_id is null));

ALTER TABLE absences ADD CONSTRAINT ck_absences_reason CHECK (reason in ('leave', 'sick', 'training', 'secondment', 'rotation', 'other'));

ALTER TABLE absences ADD CONSTRAINT ck_absences_whole CHECK (not isempty(during) and not upper_inf(during) and not lower_inf(during));

ALTER TABLE period_plans ADD CONSTRAINT ck_period_plans_days CHECK (last - first between 0 and 13);

ALTER TABLE period_plans ADD CONSTRAINT ck_period_plans_state CHECK (state in ('queued', 'solved', 'accepted', 'failed'));

ALTER TABLE period_plans ADD CONSTRAINT ck_period_plans_travel_minutes CHECK (travel_minutes between 0 and 120);

ALTER TABLE period_rounds ADD CONSTRAINT ck_period_rounds_half_day CHECK (half_day in ('morning', 'afternoon', 'any'));

ALTER TABLE period_rounds ADD CONSTRAINT ck_period_rounds_ordered_as_planned CHECK (order_id is null or planned_on is not null);

ALTER TABLE period_rounds ADD CONSTRAINT ck_period_rounds_planned_or_why_not CHECK (planned_on is not null or reason is not null);

ALTER TABLE period_rounds ADD CONSTRAINT ck_period_rounds_planned_whole CHECK ((planned_on is null) = (half_day is null));

ALTER TABLE period_rounds ADD CONSTRAINT ck_period_rounds_reason CHECK (reason in ('no_allowed_day', 'interval_too_short', 'no_staff_that_week', 'no_capacity_in_window', 'home_unseen'));

ALTER TABLE round_plans ADD CONSTRAINT ck_round_plans_days CHECK (minimum_days between 1 and every_days and every_days <= 366);

ALTER TABLE round_plans ADD CONSTRAINT ck_round_plans_ends_after_it_starts CHECK (valid_to is null or valid_to >= valid_from);

ALTER TABLE round_plans ADD CONSTRAINT ck_round_plans_half_day CHECK (half_day in ('morning', 'afternoon', 'any'));

ALTER TABLE round_plans ADD CONSTRAINT ck_round_plans_kind CHECK (kind in ('home_visit', 'home_bed_round', 'institution_round'));

ALTER TABLE round_plans ADD CONSTRAINT ck_round_plans_weekdays CHECK (cardinality(weekdays) between 1 and 7 and weekdays <@ '{1,2,3,4,5,6,7}');

alter table absences add constraint fk_absences_region_id_practitioner_id FOREIGN KEY (region_id, practitioner_id) REFERENCES practitioners(region_id, id);

alter table period_plans add constraint fk_period_plans_region_id_area_id FOREIGN KEY (region_id, area_id) REFERENCES dispatch_areas(region_id, id);

alter table period_rounds add constraint fk_period_rounds_region_id_order_id FOREIGN KEY (region_id, order_id) REFERENCES orders(region_id, id);

alter table period_rounds add constraint fk_period_rounds_region_id_period_plan_id FOREIGN KEY (region_id, period_plan_id) REFERENCES period_plans(region_id, id);

alter table period_rounds add constraint fk_period_rounds_region_id_person_id FOREIGN KEY (region_id, person_id) REFERENCES patients(region_id, id);

alter table period_rounds add constraint fk_period_rounds_region_id_round_plan_id FOREIGN KEY (region_id, round_plan_id) REFERENCES round_plans(region_id, id);

alter table round_plans add constraint fk_round_plans_region_id_institution_id FOREIGN KEY (region_id, institution_id) REFERENCES institutions(region_id, id);

alter table round_plans add constraint fk_round_plans_region_id_person_id FOREIGN KEY (region_id, person_id) REFERENCES patients(region_id, id);

CREATE INDEX ix_absences_list ON absences (region_id, institution_id, id);

CREATE INDEX ix_round_plans_list ON round_plans (region_id, institution_id, id);

create trigger absences_take_turns before insert on absences for each row execute function absences_take_turns();

create trigger round_plans_take_turns before insert on round_plans for each row execute function round_plans_take_turns();

alter table absences enable row level security;

alter table round_plans enable row level security;

alter table period_plans enable row level security;

alter table period_rounds enable row level security;

create policy absences_sees on absences for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy absences_adds on absences for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy absences_changes on absences for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy absences_removes on absences for delete using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy round_plans_sees on round_plans for select using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy round_plans_adds on round_plans for insert with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy round_plans_changes on round_plans for update using (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) with check (region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[]));

create policy period_plans_sees on period_plans for select using (region_id = (select app_region()) and institution_ids <@ (select app_institutions())::uuid[]);

create policy period_plans_adds on period_plans for insert with check (region_id = (select app_region()) and institution_ids <@ (select app_institutions())::uuid[]);

create policy period_plans_changes on period_plans for update using (region_id = (select app_region()) and institution_ids <@ (select app_institutions())::uuid[]) with check (region_id = (select app_region()) and institution_ids <@ (select app_institutions())::uuid[]);

create policy period_rounds_sees on period_rounds for select using (exists (select 1 from period_plans p where p.region_id = period_rounds.region_id and p.id = period_plan_id));

create policy period_rounds_adds on period_rounds for insert with check (exists (select 1 from period_plans p where p.region_id = period_rounds.region_id and p.id = period_plan_id));

create policy period_rounds_changes on period_rounds for update using (exists (select 1 from period_plans p where p.region_id = period_rounds.region_id and p.id = period_plan_id)) with check (exists (select 1 from period_plans p where p.region_id = period_rounds.region_id and p.id = period_plan_id));

grant insert on absences to xunzhen_app;

grant select on absences to xunzhen_app;

grant update on absences to xunzhen_app;

grant delete on absences to xunzhen_app;

grant insert on round_plans to xunzhen_app;

grant select on round_plans to xunzhen_app;

grant update on round_plans to xunzhen_app;

grant insert on period_plans to xunzhen_app;

grant select on period_plans to xunzhen_app;

grant update on period_plans to xunzhen_app;

grant insert on period_rounds to xunzhen_app;

grant select on period_rounds to xunzhen_app;

grant update on period_rounds to xunzhen_app;

grant execute on function absences_take_turns() to public;

grant execute on function round_plans_take_turns() to public;
"""

DOWN = r"""
set local check_function_bodies = off;

revoke execute on function absences_take_turns() from public;

revoke execute on function round_plans_take_turns() from public;

drop index ix_absences_list;

drop index ix_round_plans_list;

drop function absences_take_turns() cascade;

drop function round_plans_take_turns() cascade;

drop table absences cascade;

drop table period_plans cascade;

drop table period_rounds cascade;

drop table round_plans cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
