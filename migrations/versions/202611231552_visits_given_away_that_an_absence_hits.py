"""Visits given away that an absence hits.

Revision: 202611231552, after 202611231340
"""

from migrations import sql

revision = "202611231552"
down_revision = "202611231340"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

CREATE OR REPLACE FUNCTION public.appointments_given_away(asked_practitioner uuid, asked_from timestamp with time zone, asked_to timestamp with time zone)
 RETURNS TABLE(order_id uuid, order_no text, order_state text, institution_id uuid, overflow_agreement_id uuid, plan_id uuid, start_at timestamp with time zone, end_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select o.id, o.order_no, o.state, o.institution_id, a.overflow_agreement_id, a.plan_id, lower(a.during), upper(a.during)
from appointments a join orders o on o.region_id = a.region_id and o.id = a.order_id
where a.region_id = app_region() and a.practitioner_id = asked_practitioner and a.state = 'booked'
  and a.overflow_agreement_id is not null and a.during && tstzrange(asked_from, asked_to)
  and exists (select 1 from practitioners p where p.region_id = a.region_id and p.id = a.practitioner_id
              and p.institution_id = any(app_institutions()))
order by lower(a.during), o.id
$function$;

revoke all on function appointments_given_away(uuid,timestamp with time zone,timestamp with time zone) from public;

grant execute on function appointments_given_away(uuid,timestamp with time zone,timestamp with time zone) to xunzhen_app;
"""

DOWN = r"""
set local check_function_bodies = off;

revoke execute on function appointments_given_away(uuid,timestamp with time zone,timestamp with time zone) from xunzhen_app;

drop function appointments_given_away(uuid,timestamp with time zone,timestamp with time zone) cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
