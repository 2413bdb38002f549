"""Who sees an elder is asked last, of those of a day who are engaged elsewhere.

Revision: 202611240603, after 202611240403
"""

from migrations import sql

revision = "202611240603"
down_revision = "202611240403"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

CREATE OR REPLACE FUNCTION public.appointments_engaged(asked_persons uuid[], asked_from timestamp with time zone, asked_to timestamp with time zone, asked_but uuid)
 RETURNS TABLE(person_id uuid, engaged tstzrange)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
with elsewhere as materialized (
    select a.region_id, a.person_id, a.during from appointments a
    join orders o on o.region_id = a.region_id and o.id = a.order_id
    where a.region_id = app_region() and a.person_id = any(asked_persons) and a.state = 'booked'
      and a.during && tstzrange(asked_from, asked_to)
      and not (asked_but is not null and a.plan_id = asked_but and o.state = 'scheduled'))
select distinct e.person_id, e.during from elsewhere e where app_sees_person(e.region_id, e.person_id)
$function$;
"""

DOWN = r"""
set local check_function_bodies = off;

CREATE OR REPLACE FUNCTION public.appointments_engaged(asked_persons uuid[], asked_from timestamp with time zone, asked_to timestamp with time zone, asked_but uuid)
 RETURNS TABLE(person_id uuid, engaged tstzrange)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select distinct a.person_id, a.during from appointments a
join orders o on o.region_id = a.region_id and o.id = a.order_id
where a.region_id = app_region() and a.person_id = any(asked_persons) and a.state = 'booked'
  and a.during && tstzrange(asked_from, asked_to)
  and not (asked_but is not null and a.plan_id = asked_but and o.state = 'scheduled')
  and app_sees_person(a.region_id, a.person_id)
$function$;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
