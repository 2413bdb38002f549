"""Who cancels a plan.

Revision: 202611240403, after 202611240314
"""

from migrations import sql

revision = "202611240403"
down_revision = "202611240314"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table plans add column cancelled_at timestamp with time zone;

alter table plans add column cancelled_by_account_id uuid;

ALTER TABLE plans ADD CONSTRAINT ck_plans_cancelled CHECK (cancelled_at is null or state = 'cancelled');
"""

DOWN = r"""
set local check_function_bodies = off;

alter table plans drop constraint ck_plans_cancelled;

alter table plans drop column cancelled_at;

alter table plans drop column cancelled_by_account_id;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
