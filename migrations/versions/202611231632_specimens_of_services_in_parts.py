"""Specimens of services in parts.

Revision: 202611231632, after 202611231614
"""

from migrations import sql

revision = "202611231632"
down_revision = "202611231614"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table service_items drop constraint ck_service_items_parts_alone;

ALTER TABLE service_items ADD CONSTRAINT ck_service_items_parts_alone CHECK (parts = '[]'::jsonb or staff_count = 1);
"""

DOWN = r"""
set local check_function_bodies = off;

alter table service_items drop constraint ck_service_items_parts_alone;

alter table service_items add constraint ck_service_items_parts_alone CHECK (((parts = '[]'::jsonb) OR ((staff_count = 1) AND (specimen_minutes IS NULL))));
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
