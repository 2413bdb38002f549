"""No table: the one function through which the region's counts are asked. It shows no person and no institution."""

from service.core.db import fences
from service.visits.models import Visit

# Whole months only: whoever could choose days would learn of one person from the difference of two reports. An order
# is due once its day is over; a visit is on time when it began within a window that was asked for.
fences.definer(
    Visit,
    "quality_month_counts(asked_from date, asked_to date)",
    "table (month date, orders int, planned int, unassigned int, visited int, on_time int)",
    """
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
""",
)
