"""Begun stops stand.

Revision: 202611231614, after 202611231613
"""

from migrations import sql

revision = "202611231614"
down_revision = "202611231613"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table plan_stops add column stands boolean default false not null;
"""

DOWN = r"""
set local check_function_bodies = off;

alter table plan_stops drop column stands;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
