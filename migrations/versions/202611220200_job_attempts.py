"""Attempts of jobs.

Revision: 202611220200, after 202611220100
"""

from migrations import sql
from service.core.jobs import install

revision = "202611220200"
down_revision = "202611220100"
branch_labels = None
depends_on = None

UP = r"""
CREATE TABLE job_attempts (
    job_id BIGINT NOT NULL,
    news VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    last_at TIMESTAMP WITH TIME ZONE NOT NULL,
    parked BOOLEAN NOT NULL,
    failure VARCHAR,
    CONSTRAINT pk_job_attempts PRIMARY KEY (job_id)
);

grant select, insert, update, delete on job_attempts to xunzhen_app;
"""

DOWN = """
drop table job_attempts cascade;
"""


def upgrade() -> None:
    sql.run(UP)
    sql.run(install.script())


def downgrade() -> None:
    sql.run(DOWN)
    sql.run(install.removal())
