"""Teams and grids.

Revision: 202611230658, after 202611230640
"""

from migrations import sql

revision = "202611230658"
down_revision = "202611230640"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table homes add column grid character varying;

alter table practitioners add column team character varying;

alter table practitioners add column grids text[] default '{}'::text[] not null;
"""

DOWN = r"""
set local check_function_bodies = off;

alter table homes drop column grid;

alter table practitioners drop column team;

alter table practitioners drop column grids;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
