"""Own places and loads.

Revision: 202611240231, after 202611240228
"""

from migrations import sql

revision = "202611240231"
down_revision = "202611240228"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table practitioners add column start_lon double precision;

alter table practitioners add column start_lat double precision;

alter table practitioners add column end_lon double precision;

alter table practitioners add column end_lat double precision;

alter table practitioners add column carries integer;

alter table service_items add column load integer default 0 not null;

ALTER TABLE practitioners ADD CONSTRAINT ck_practitioners_carries CHECK (carries between 0 and 10000);

ALTER TABLE practitioners ADD CONSTRAINT ck_practitioners_end_whole CHECK ((end_lon is null) = (end_lat is null));

ALTER TABLE practitioners ADD CONSTRAINT ck_practitioners_start_whole CHECK ((start_lon is null) = (start_lat is null));

ALTER TABLE service_items ADD CONSTRAINT ck_service_items_load CHECK (load between 0 and 1000);
"""

DOWN = r"""
set local check_function_bodies = off;

alter table practitioners drop constraint ck_practitioners_carries;

alter table practitioners drop constraint ck_practitioners_end_whole;

alter table practitioners drop constraint ck_practitioners_start_whole;

alter table service_items drop constraint ck_service_items_load;

alter table practitioners drop column start_lon;

alter table practitioners drop column start_lat;

alter table practitioners drop column end_lon;

alter table practitioners drop column end_lat;

alter table practitioners drop column carries;

alter table service_items drop column load;

"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
