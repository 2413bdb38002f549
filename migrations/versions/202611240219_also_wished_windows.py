"""Also wished windows.

Revision: 202611240219, after 202611240202
"""

from migrations import sql

revision = "202611240219"
down_revision = "202611240202"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

drop trigger orders_stay on orders;

alter table orders add column also_wished tstzmultirange default '{}'::tstzmultirange not null;

alter table orders add column staff_sex_required boolean default true not null;

CREATE OR REPLACE FUNCTION public.quality_month_counts(asked_from date, asked_to date)
 RETURNS TABLE(month date, orders integer, planned integer, unassigned integer, visited integer, on_time integer)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select date_trunc('month', o.service_on)::date, count(*)::int,
    (count(*) filter (where o.state in ('scheduled', 'in_progress', 'done', 'closed', 'noshow')))::int,
    (count(*) filter (where o.state in ('submitted', 'accepted')))::int,
    (count(*) filter (where v.state = 'completed'))::int,
    (count(*) filter (where v.state = 'completed'
                      and (o.wished @> v.started_at or o.also_wished @> v.started_at)))::int
from orders o left join visits v on v.region_id = o.region_id and v.order_id = o.id
where o.region_id = app_region() and o.state not in ('draft', 'rejected', 'cancelled')
  and o.service_on >= date_trunc('month', asked_from)
  and o.service_on < date_trunc('month', asked_to) + interval '1 month'
  and o.service_on < (app_now() at time zone 'Asia/Shanghai')::date
  and exists (select 1 from accounts a where a.region_id = o.region_id and a.id = app_account()
              and a.role in ('civil_affairs_reader', 'region_admin'))
group by 1 order by 1
$function$;

ALTER TABLE orders ADD CONSTRAINT ck_orders_also_wished CHECK (not also_wished && wished and not also_wished -|- wished);

create trigger orders_stay before update of id, region_id, institution_id, order_no, kind, person_id, home_id, service_on, wished, staff_count, mobility_reason, preferred_practitioner_id, staff_sex, preferred_only, excluded_practitioner_ids, same_staff, also_wished, staff_sex_required, distance_metres, round_plan_id, round_owed_on, round_apart_days, placed_by_account_id, placed_at on orders for each row execute function orders_stay();
"""

DOWN = r"""
set local check_function_bodies = off;

drop trigger orders_stay on orders;

alter table orders drop constraint ck_orders_also_wished;

alter table orders drop column also_wished;

alter table orders drop column staff_sex_required;

CREATE OR REPLACE FUNCTION public.quality_month_counts(asked_from date, asked_to date)
 RETURNS TABLE(month date, orders integer, planned integer, unassigned integer, visited integer, on_time integer)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select date_trunc('month', o.service_on)::date, count(*)::int,
    (count(*) filter (where o.state in ('scheduled', 'in_progress', 'done', 'closed', 'noshow')))::int,
    (count(*) filter (where o.state in ('submitted', 'accepted')))::int,
    (count(*) filter (where v.state = 'completed'))::int,
    (count(*) filter (where v.state = 'completed' and o.wished @> v.started_at))::int
from orders o left join visits v on v.region_id = o.region_id and v.order_id = o.id
where o.region_id = app_region() and o.state not in ('draft', 'rejected', 'cancelled')
  and o.service_on >= date_trunc('month', asked_from)
  and o.service_on < date_trunc('month', asked_to) + interval '1 month'
  and o.service_on < (app_now() at time zone 'Asia/Shanghai')::date
  and exists (select 1 from accounts a where a.region_id = o.region_id and a.id = app_account()
              and a.role in ('civil_affairs_reader', 'region_admin'))
group by 1 order by 1
$function$;

CREATE TRIGGER orders_stay BEFORE UPDATE OF id, region_id, institution_id, order_no, kind, person_id, home_id, service_on, wished, staff_count, mobility_reason, preferred_practitioner_id, staff_sex, preferred_only, excluded_practitioner_ids, same_staff, distance_metres, round_plan_id, round_owed_on, round_apart_days, placed_by_account_id, placed_at ON public.orders FOR EACH ROW EXECUTE FUNCTION orders_stay();
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
