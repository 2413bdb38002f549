"""Deliveries say whose specimen.

Revision: 202611230640, after 202611230630
"""

from migrations import sql

revision = "202611230640"
down_revision = "202611230630"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table plan_routes add column home_seconds integer default 0 not null;

-- what the stops' ways leave of all ways is the way home
update plan_routes r set home_seconds = greatest(0, r.travel_seconds - (
  select coalesce(sum(s.travel_seconds), 0) from plan_stops s
  where s.region_id = r.region_id and s.plan_id = r.plan_id and s.practitioner_id = r.practitioner_id
));

alter table plan_stops add column specimen_of uuid;

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

revoke all on function handovers_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) from public;

ALTER TABLE plan_stops ADD CONSTRAINT ck_plan_stops_specimen_of CHECK (specimen_of is null or kind = 'delivery');

alter table plan_stops add constraint fk_plan_stops_region_id_specimen_of FOREIGN KEY (region_id, specimen_of) REFERENCES orders(region_id, id);

grant execute on function handovers_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) to xunzhen_app;
"""

DOWN = r"""
set local check_function_bodies = off;

revoke execute on function handovers_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) from xunzhen_app;

alter table plan_stops drop constraint ck_plan_stops_specimen_of;

alter table plan_stops drop constraint fk_plan_stops_region_id_specimen_of;

drop function handovers_busy(uuid[],timestamp with time zone,timestamp with time zone,uuid) cascade;

alter table plan_routes drop column home_seconds;

alter table plan_stops drop column specimen_of;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
