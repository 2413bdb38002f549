"""Several shifts a day.

Revision: 202611230630, after 202611230546
"""

from migrations import sql

revision = "202611230630"
down_revision = "202611230546"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table shifts drop constraint shifts_one_a_day;

CREATE INDEX ix_shifts_of ON shifts (region_id, practitioner_id, service_on);
"""

DOWN = r"""
set local check_function_bodies = off;

drop index ix_shifts_of;

alter table shifts add constraint shifts_one_a_day UNIQUE (region_id, practitioner_id, service_on);
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
