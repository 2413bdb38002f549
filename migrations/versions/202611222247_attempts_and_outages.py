"""Attempts and outages.

Revision: 202611222247, after 202611222025
"""

from migrations import sql

revision = "202611222247"
down_revision = "202611222025"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table job_attempts add column outages integer default 0 not null;

alter table job_attempts add column begun_under character varying;
"""

DOWN = r"""
set local check_function_bodies = off;

alter table job_attempts drop column outages;

alter table job_attempts drop column begun_under;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
