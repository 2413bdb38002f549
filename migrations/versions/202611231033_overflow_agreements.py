"""Overflow agreements.

Revision: 202611231033, after 202611231003
"""

from migrations import sql

revision = "202611231033"
down_revision = "202611231003"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

drop policy home_reviews_sees on home_reviews;

drop policy home_reviews_adds on home_reviews;

drop policy home_reviews_changes on home_reviews;

drop policy order_items_adds on order_items;

drop policy order_items_changes on order_items;

drop policy order_items_removes on order_items;

drop policy settlement_refusals_sees on settlement_refusals;

create table overflow_agreements (
    region_id uuid not null,
    id uuid not null,
    giving_institution_id uuid not null,
    helping_institution_id uuid not null,
    order_kinds text[] not null,
    price_minutes integer not null,
    valid_from date not null,
    valid_to date,
    recorded_by_account_id uuid not null,
    recorded_at timestamp with time zone not null
);

alter table plan_stops add column overflow_agreement_id uuid;

alter table appointments add column overflow_agreement_id uuid;

CREATE OR REPLACE FUNCTION public.overflow_agreements_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('overflow_agreements/' || new.region_id || '/' || new.giving_institution_id || '/' || new.helping_institution_id, 0));
    end if;
    return new;
end
$function$;

revoke all on function overflow_agreements_take_turns() from public;

CREATE OR REPLACE FUNCTION public.appointments_by_agreement()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
declare
    employer uuid;
begin
    select p.institution_id into employer from practitioners p
    where p.region_id = new.region_id and p.id = new.practitioner_id;
    if new.overflow_agreement_id is null and employer = new.institution_id then
        return new;
    end if;
    perform 1 from overflow_agreements g
    join orders o on o.region_id = new.region_id and o.id = new.order_id
    where g.region_id = new.region_id and g.id = new.overflow_agreement_id
      and g.giving_institution_id = new.institution_id and g.helping_institution_id = employer
      and daterange(g.valid_from, g.valid_to, '[]') @> new.service_on
      and (g.order_kinds = '{}' or o.kind = any(g.order_kinds))
    for share of g;
    if not found then
        raise exception 'no agreement' using errcode = '23514', constraint = 'appointments_by_agreement';
    end if;
    return new;
end
$function$;

revoke all on function appointments_by_agreement() from public;

CREATE OR REPLACE FUNCTION public.overflow_names(asked_orders uuid[])
 RETURNS TABLE(order_id uuid, name text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select o.id, t.name from practitioners p
join appointments a on a.region_id = p.region_id and a.practitioner_id = p.id and a.state = 'booked'
    and a.overflow_agreement_id is not null and a.order_id = any(asked_orders)
join orders o on o.region_id = a.region_id and o.id = a.order_id
join patients t on t.region_id = o.region_id and t.id = o.person_id
where p.region_id = app_region() and p.account_id = app_account() and p.institution_id = any(app_institutions())
$function$;

revoke all on function overflow_names(uuid[]) from public;

CREATE OR REPLACE FUNCTION public.app_helped_orders()
 RETURNS uuid[]
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select coalesce(array_agg(distinct a.order_id), '{}') from practitioners p
join appointments a on a.region_id = p.region_id and a.practitioner_id = p.id and a.overflow_agreement_id is not null
    and a.service_on >= (app_now() at time zone 'Asia/Shanghai')::date - 1
where p.region_id = app_region() and p.account_id = app_account() and p.institution_id = any(app_institutions())
  and (a.state = 'booked' or exists (
      select 1 from visits v join visit_staff s on s.region_id = v.region_id and s.visit_id = v.id
      where v.region_id = a.region_id and v.order_id = a.order_id and v.state <> 'prepared'
        and s.practitioner_id = p.id))
$function$;

revoke all on function app_helped_orders() from public;

CREATE OR REPLACE FUNCTION public.app_helped_homes()
 RETURNS uuid[]
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select coalesce(array_agg(distinct o.home_id), '{}') from orders o
where o.region_id = app_region() and o.id = any(app_helped_orders())
$function$;

revoke all on function app_helped_homes() from public;

CREATE OR REPLACE FUNCTION public.app_practitioner()
 RETURNS uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select p.id from practitioners p
where p.region_id = app_region() and p.account_id = app_account() and p.institution_id = any(app_institutions())
$function$;

revoke all on function app_practitioner() from public;

CREATE OR REPLACE FUNCTION public.orders_stay()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if old.id = any(app_helped_orders()) then
        raise exception 'stays as it is' using errcode = '42501';
    end if;
    return new;
end
$function$;

revoke all on function orders_stay() from public;

CREATE OR REPLACE FUNCTION public.visits_stay()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if new is distinct from old then
        raise exception 'stays as it is' using errcode = '42501';
    end if;
    return new;
end
$function$;

revoke all on function visits_stay() from public;

CREATE OR REPLACE FUNCTION public.trips_stay()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    if new is distinct from old then
        raise exception 'stays as it is' using errcode = '42501';
    end if;
    return new;
end
$function$;

revoke all on function trips_stay() from public;

alter table overflow_agreements add constraint pk_overflow_agreements PRIMARY KEY (region_id, id);

alter table overflow_agreements add constraint overflow_agreements_once EXCLUDE USING gist (region_id WITH =, giving_institution_id WITH =, helping_institution_id WITH =, daterange(valid_from, valid_to, '[]'::text) WITH &&);

ALTER TABLE overflow_agreements ADD CONSTRAINT ck_overflow_agreements_ends_after_it_starts CHECK (valid_to >= valid_from);

ALTER TABLE overflow_agreements ADD CONSTRAINT ck_overflow_agreements_of_two CHECK (giving_institution_id <> helping_institution_id);

ALTER TABLE overflow_agreements ADD CONSTRAINT ck_overflow_agreements_order_kinds CHECK (order_kinds <@ array['home_visit', 'home_bed_round', 'institution_round']::text[]);

ALTER TABLE overflow_agreements ADD CONSTRAINT ck_overflow_agreements_price_minutes CHECK (price_minutes between 0 and 600);

alter table appointments add constraint fk_appointments_region_id_overflow_agreement_id FOREIGN KEY (region_id, overflow_agreement_id) REFERENCES overflow_agreements(region_id, id);

alter table overflow_agreements add constraint fk_overflow_agreements_region_id_giving_institution_id FOREIGN KEY (region_id, giving_institution_id) REFERENCES institutions(region_id, id);

alter table overflow_agreements add constraint fk_overflow_agreements_region_id_helping_institution_id FOREIGN KEY (region_id, helping_institution_id) REFERENCES institutions(region_id, id);

alter table plan_stops add constraint fk_plan_stops_region_id_overflow_agreement_id FOREIGN KEY (region_id, overflow_agreement_id) REFERENCES overflow_agreements(region_id, id);

CREATE INDEX ix_overflow_agreements_giving ON overflow_agreements (region_id, giving_institution_id);

create trigger orders_stay before update of id, region_id, institution_id, order_no, kind, person_id, home_id, service_on, wished, staff_count, mobility_reason, preferred_practitioner_id, staff_sex, preferred_only, excluded_practitioner_ids, same_staff, distance_metres, round_plan_id, round_owed_on, placed_by_account_id, placed_at on orders for each row execute function orders_stay();

create trigger overflow_agreements_take_turns before insert on overflow_agreements for each row execute function overflow_agreements_take_turns();

create trigger appointments_by_agreement before insert or update of practitioner_id, institution_id, order_id, service_on, overflow_agreement_id on appointments for each row execute function appointments_by_agreement();

create trigger visits_stay before update of id, region_id, institution_id, order_id, person_id on visits for each row execute function visits_stay();

create trigger trips_stay before update of id, region_id, institution_id, home_id, crew_key on trips for each row execute function trips_stay();

alter table overflow_agreements enable row level security;

create policy home_reviews_sees on home_reviews for select using (region_id = (select app_region()) and exists (select 1 from homes h where h.region_id = home_reviews.region_id and h.id = home_id and ((region_id = (select app_region()) and registered_by_institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_sees_home(region_id, id)))));

create policy home_reviews_adds on home_reviews for insert with check (region_id = (select app_region()) and exists (select 1 from homes h where h.region_id = home_reviews.region_id and h.id = home_id and ((region_id = (select app_region()) and registered_by_institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_sees_home(region_id, id)))));

create policy home_reviews_changes on home_reviews for update using (region_id = (select app_region()) and exists (select 1 from homes h where h.region_id = home_reviews.region_id and h.id = home_id and ((region_id = (select app_region()) and registered_by_institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_sees_home(region_id, id))))) with check (region_id = (select app_region()) and exists (select 1 from homes h where h.region_id = home_reviews.region_id and h.id = home_id and ((region_id = (select app_region()) and registered_by_institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_sees_home(region_id, id)))));

create policy order_items_adds on order_items for insert with check (exists (select 1 from orders o where o.region_id = order_items.region_id and o.id = order_id and ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)))));

create policy order_items_changes on order_items for update using (exists (select 1 from orders o where o.region_id = order_items.region_id and o.id = order_id and ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id))))) with check (exists (select 1 from orders o where o.region_id = order_items.region_id and o.id = order_id and ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)))));

create policy order_items_removes on order_items for delete using (exists (select 1 from orders o where o.region_id = order_items.region_id and o.id = order_id and ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)))));

create policy overflow_agreements_sees on overflow_agreements for select using (region_id = (select app_region()));

create policy overflow_agreements_adds on overflow_agreements for insert with check (region_id = (select app_region()) and (select app_region_wide()));

create policy overflow_agreements_changes on overflow_agreements for update using (region_id = (select app_region()) and (select app_region_wide())) with check (region_id = (select app_region()) and (select app_region_wide()));

create policy appointments_helped on appointments for select using (region_id = (select app_region()) and order_id = any((select app_helped_orders())::uuid[]));

create policy orders_helped on orders for select using (region_id = (select app_region()) and id = any((select app_helped_orders())::uuid[]));

create policy orders_helped_moves on orders for update using (region_id = (select app_region()) and id = any((select app_helped_orders())::uuid[])) with check (region_id = (select app_region()) and id = any((select app_helped_orders())::uuid[]));

create policy homes_helped on homes for select using (region_id = (select app_region()) and id = any((select app_helped_homes())::uuid[]));

create policy visits_helped on visits for select using (region_id = (select app_region()) and order_id = any((select app_helped_orders())::uuid[]));

create policy visits_helped_adds on visits for insert with check (region_id = (select app_region()) and order_id = any((select app_helped_orders())::uuid[]) and institution_id <> all((select app_institutions())::uuid[]) and exists (select 1 from orders o where o.region_id = visits.region_id and o.id = visits.order_id and (o.institution_id, o.person_id) = (visits.institution_id, visits.person_id)));

create policy visits_helped_changes on visits for update using (region_id = (select app_region()) and order_id = any((select app_helped_orders())::uuid[])) with check (region_id = (select app_region()) and order_id = any((select app_helped_orders())::uuid[]) and exists (select 1 from orders o where o.region_id = visits.region_id and o.id = visits.order_id and (o.institution_id, o.person_id) = (visits.institution_id, visits.person_id)));

create policy trips_helped on trips for select using (region_id = (select app_region()) and position((select app_practitioner())::text in crew_key) > 0);

create policy trips_helped_adds on trips for insert with check (region_id = (select app_region()) and position((select app_practitioner())::text in crew_key) > 0 and region_id = (select app_region()) and home_id = any((select app_helped_homes())::uuid[]));

create policy trips_helped_changes on trips for update using (region_id = (select app_region()) and position((select app_practitioner())::text in crew_key) > 0) with check (region_id = (select app_region()) and position((select app_practitioner())::text in crew_key) > 0);

create policy settlement_refusals_sees on settlement_refusals for select using (exists (select 1 from visits v where v.region_id = settlement_refusals.region_id and v.id = visit_id and ((region_id = (select app_region()) and institution_id = any((select app_institutions())::uuid[])) or (region_id = (select app_region()) and app_acts_for(region_id, person_id)))));

grant insert on overflow_agreements to xunzhen_app;

grant select on overflow_agreements to xunzhen_app;

grant update on overflow_agreements to xunzhen_app;

grant execute on function overflow_agreements_take_turns() to public;

grant execute on function overflow_names(uuid[]) to xunzhen_app;

grant execute on function app_helped_orders() to xunzhen_app;

grant execute on function app_helped_homes() to xunzhen_app;

grant execute on function app_practitioner() to xunzhen_app;

grant execute on function orders_stay() to public;

grant execute on function visits_stay() to public;

grant execute on function trips_stay() to public;
"""

DOWN = r"""
set local check_function_bodies = off;

revoke execute on function overflow_agreements_take_turns() from public;

revoke execute on function overflow_names(uuid[]) from xunzhen_app;

revoke execute on function app_helped_orders() from xunzhen_app;

revoke execute on function app_helped_homes() from xunzhen_app;

revoke execute on function app_practitioner() from xunzhen_app;

revoke execute on function orders_stay() from public;

revoke execute on function visits_stay() from public;

revoke execute on function trips_stay() from public;

drop policy appointments_helped on appointments;

drop policy orders_helped on orders;

drop policy orders_helped_moves on orders;

drop policy homes_helped on homes;

drop policy visits_helped on visits;

drop policy visits_helped_adds on visits;

drop policy visits_helped_changes on visits;

drop policy trips_helped on trips;

drop policy trips_helped_adds on trips;

drop policy trips_helped_changes on trips;

drop policy order_items_adds on order_items;

drop policy order_items_changes on order_items;

drop policy order_items_removes on order_items;

drop policy settlement_refusals_sees on settlement_refusals;

drop policy home_reviews_sees on home_reviews;

drop policy home_reviews_adds on home_reviews;

drop policy home_reviews_changes on home_reviews;

drop trigger orders_stay on orders;

drop trigger appointments_by_agreement on appointments;

drop trigger visits_stay on visits;

drop trigger trips_stay on trips;

drop index ix_overflow_agreements_giving;

alter table appointments drop constraint fk_appointments_region_id_overflow_agreement_id;

alter table plan_stops drop constraint fk_plan_stops_region_id_overflow_agreement_id;

drop function overflow_agreements_take_turns() cascade;

drop function appointments_by_agreement() cascade;

drop function overflow_names(uuid[]) cascade;

drop function app_helped_orders() cascade;

drop function app_helped_homes() cascade;

drop function app_practitioner() cascade;

drop function orders_stay() cascade;

drop function visits_stay() cascade;

drop function trips_stay() cascade;

alter table plan_stops drop column overflow_agreement_id;

alter table appointments drop column overflow_agreement_id;

drop table overflow_agreements cascade;

create policy order_items_adds on order_items for insert with check ((EXISTS ( SELECT 1
   FROM orders o
  WHERE ((o.region_id = order_items.region_id) AND (o.id = order_items.order_id)))));

create policy order_items_changes on order_items for update using ((EXISTS ( SELECT 1
   FROM orders o
  WHERE ((o.region_id = order_items.region_id) AND (o.id = order_items.order_id))))) with check ((EXISTS ( SELECT 1
   FROM orders o
  WHERE ((o.region_id = order_items.region_id) AND (o.id = order_items.order_id)))));

create policy order_items_removes on order_items for delete using ((EXISTS ( SELECT 1
   FROM orders o
  WHERE ((o.region_id = order_items.region_id) AND (o.id = order_items.order_id)))));

create policy settlement_refusals_sees on settlement_refusals for select using ((EXISTS ( SELECT 1
   FROM visits v
  WHERE ((v.region_id = settlement_refusals.region_id) AND (v.id = settlement_refusals.visit_id)))));

create policy home_reviews_sees on home_reviews for select using (((region_id = ( SELECT app_region() AS app_region)) AND (EXISTS ( SELECT 1
   FROM homes h
  WHERE ((h.region_id = home_reviews.region_id) AND (h.id = home_reviews.home_id))))));

create policy home_reviews_adds on home_reviews for insert with check (((region_id = ( SELECT app_region() AS app_region)) AND (EXISTS ( SELECT 1
   FROM homes h
  WHERE ((h.region_id = home_reviews.region_id) AND (h.id = home_reviews.home_id))))));

create policy home_reviews_changes on home_reviews for update using (((region_id = ( SELECT app_region() AS app_region)) AND (EXISTS ( SELECT 1
   FROM homes h
  WHERE ((h.region_id = home_reviews.region_id) AND (h.id = home_reviews.home_id)))))) with check (((region_id = ( SELECT app_region() AS app_region)) AND (EXISTS ( SELECT 1
   FROM homes h
  WHERE ((h.region_id = home_reviews.region_id) AND (h.id = home_reviews.home_id))))));
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
