"""Repairs without a search.

Revision: 202611240243, after 202611240232
"""

from migrations import sql

revision = "202611240243"
down_revision = "202611240232"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table plans drop constraint ck_plans_seconds_limit;

ALTER TABLE plans ADD CONSTRAINT ck_plans_seconds_limit CHECK (seconds_limit between 0 and 600);
"""

DOWN = r"""
set local check_function_bodies = off;

alter table plans drop constraint ck_plans_seconds_limit;

-- what was asked for without a search is told as the shortest one
update plans set seconds_limit = 1 where seconds_limit = 0;

alter table plans add constraint ck_plans_seconds_limit CHECK (((seconds_limit >= 1) AND (seconds_limit <= 600)));
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
