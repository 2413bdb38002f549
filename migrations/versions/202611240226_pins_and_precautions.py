"""What staff are busy with tells the precaution of whoever is visited; a plan may pin visits.

Revision: 202611240226, after 202611240224
"""

from migrations import sql

revision = "202611240226"
down_revision = "202611240224"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

drop function appointments_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) cascade;

drop function handovers_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) cascade;

alter table plans add column pinned_order_ids uuid[] default '{}'::uuid[] not null;

CREATE OR REPLACE FUNCTION public.appointments_busy(asked_practitioners uuid[], asked_from timestamp with time zone, asked_to timestamp with time zone, asked_but uuid)
 RETURNS TABLE(practitioner_id uuid, busy tstzrange, near_lon double precision, near_lat double precision, precaution character varying)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select a.practitioner_id, a.during, round(h.lon::numeric, 2)::float8, round(h.lat::numeric, 2)::float8, t.precaution
from appointments a
join patients t on t.region_id = a.region_id and t.id = a.person_id
join orders o on o.region_id = a.region_id and o.id = a.order_id
join homes h on h.region_id = o.region_id and h.id = o.home_id
where a.region_id = app_region() and a.practitioner_id = any(asked_practitioners) and a.state = 'booked'
  and a.during && tstzrange(asked_from, asked_to)
  and not (asked_but is not null and a.plan_id = asked_but and o.state = 'scheduled')
  and exists (select 1 from practitioners p where p.region_id = a.region_id and p.id = a.practitioner_id
              and p.institution_id = any(app_institutions()))
$function$;

revoke all on function appointments_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) from public;

CREATE OR REPLACE FUNCTION public.handovers_busy(asked_practitioners uuid[], asked_from timestamp with time zone, asked_to timestamp with time zone, asked_but uuid)
 RETURNS TABLE(practitioner_id uuid, order_id uuid, start_at timestamp with time zone, end_at timestamp with time zone, travel_seconds integer, lon double precision, lat double precision, precaution character varying)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select s.practitioner_id, case when o.institution_id = any(app_institutions()) then o.id end, s.start_at, s.end_at,
  s.travel_seconds, i.lon, i.lat, t.precaution
from plan_stops s
join appointments a on a.region_id = s.region_id and a.plan_id = s.plan_id and a.order_id = s.specimen_of
  and a.practitioner_id = s.practitioner_id and a.state = 'booked' and a.part = 1
join patients t on t.region_id = a.region_id and t.id = a.person_id
join orders o on o.region_id = s.region_id and o.id = s.specimen_of
join institutions i on i.region_id = o.region_id and i.id = o.institution_id
where s.region_id = app_region() and s.practitioner_id = any(asked_practitioners)
  and s.start_at < asked_to and s.end_at >= asked_from
  and not (asked_but is not null and a.plan_id = asked_but and o.state = 'scheduled')
  and exists (select 1 from practitioners p where p.region_id = s.region_id and p.id = s.practitioner_id
              and p.institution_id = any(app_institutions()))
$function$;

revoke all on function handovers_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) from public;

grant execute on function appointments_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) to xunzhen_app;

grant execute on function handovers_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) to xunzhen_app;
"""

DOWN = r"""
set local check_function_bodies = off;

drop function appointments_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) cascade;

drop function handovers_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) cascade;

alter table plans drop column pinned_order_ids;

CREATE OR REPLACE FUNCTION public.appointments_busy(asked_practitioners uuid[], asked_from timestamp with time zone, asked_to timestamp with time zone, asked_but uuid)
 RETURNS TABLE(practitioner_id uuid, busy tstzrange, near_lon double precision, near_lat double precision)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select a.practitioner_id, a.during, round(h.lon::numeric, 2)::float8, round(h.lat::numeric, 2)::float8
from appointments a
join orders o on o.region_id = a.region_id and o.id = a.order_id
join homes h on h.region_id = o.region_id and h.id = o.home_id
where a.region_id = app_region() and a.practitioner_id = any(asked_practitioners) and a.state = 'booked'
  and a.during && tstzrange(asked_from, asked_to)
  and not (asked_but is not null and a.plan_id = asked_but and o.state = 'scheduled')
  and exists (select 1 from practitioners p where p.region_id = a.region_id and p.id = a.practitioner_id
              and p.institution_id = any(app_institutions()))
$function$;

revoke all on function appointments_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) from public;

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

revoke all on function handovers_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) from public;

grant execute on function appointments_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) to xunzhen_app;

grant execute on function handovers_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) to xunzhen_app;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
