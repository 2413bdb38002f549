"""Due rounds become one order.

Revision: 202611230954, after 202611230658
"""

from migrations import sql

revision = "202611230954"
down_revision = "202611230658"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table orders add column round_plan_id uuid;

alter table orders add column round_owed_on date;

alter table period_rounds add column owed_on date;

-- orders that accepted periods made so far, by the day on which the period had them due: nothing better was written
-- down. Where two stand for one such day the earlier is the round's, the other stays as it is, an order by hand.
with made as (
  select o.region_id, o.id, r.round_plan_id, r.due_on, row_number() over (
    partition by r.region_id, r.round_plan_id, r.due_on,
      o.state in ('accepted', 'closed', 'done', 'in_progress', 'scheduled', 'submitted')
    order by o.placed_at, o.id
  ) as nth, o.state in ('accepted', 'closed', 'done', 'in_progress', 'scheduled', 'submitted') as live
  from period_rounds r join orders o on o.region_id = r.region_id and o.id = r.order_id
)
update orders o set round_plan_id = made.round_plan_id, round_owed_on = made.due_on
from made where made.region_id = o.region_id and made.id = o.id and (made.nth = 1 or not made.live);

ALTER TABLE orders ADD CONSTRAINT ck_orders_round_whole CHECK ((round_plan_id is null) = (round_owed_on is null));

alter table orders add constraint fk_orders_region_id_round_plan_id FOREIGN KEY (region_id, round_plan_id) REFERENCES round_plans(region_id, id);

CREATE UNIQUE INDEX orders_round_once ON orders (region_id, round_plan_id, round_owed_on) WHERE round_plan_id is not null and state in ('accepted', 'closed', 'done', 'in_progress', 'scheduled', 'submitted');
"""

DOWN = r"""
set local check_function_bodies = off;

drop index orders_round_once;

alter table orders drop constraint ck_orders_round_whole;

alter table orders drop constraint fk_orders_region_id_round_plan_id;

alter table orders drop column round_plan_id;

alter table orders drop column round_owed_on;

alter table period_rounds drop column owed_on;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
