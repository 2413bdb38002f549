"""Repairs of plans.

Revision: 202611230308, after 202611230234
"""

from migrations import sql

revision = "202611230308"
down_revision = "202611230234"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table plans add column repairs_plan_id uuid;

alter table plans add column repair jsonb;

alter table plans add constraint fk_plans_region_id_repairs_plan_id FOREIGN KEY (region_id, repairs_plan_id) REFERENCES plans(region_id, id);
"""

DOWN = r"""
set local check_function_bodies = off;

alter table plans drop constraint fk_plans_region_id_repairs_plan_id;

alter table plans drop column repairs_plan_id;

alter table plans drop column repair;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
