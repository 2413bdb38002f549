"""Accepted periods say by whom.

Revision: 202611230546, after 202611230355
"""

from migrations import sql

revision = "202611230546"
down_revision = "202611230355"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

ALTER TABLE period_plans ADD CONSTRAINT ck_period_plans_accepted CHECK ((state = 'accepted') = (accepted_at is not null and accepted_by_account_id is not null));
"""

DOWN = r"""
set local check_function_bodies = off;

alter table period_plans drop constraint ck_period_plans_accepted;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
