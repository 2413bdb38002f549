"""How the crews of services come: together, one after the other, or each by himself.

Revision: 202611240232, after 202611240231
"""

from migrations import sql

revision = "202611240232"
down_revision = "202611240231"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table visit_exceptions drop constraint ck_visit_exceptions_kind;

alter table service_items add column crew_sync character varying default 'simultaneous'::character varying not null;

alter table service_items add column crew_lag_min_minutes integer;

alter table service_items add column crew_lag_max_minutes integer;

alter table visits add column crew_sync character varying default 'simultaneous'::character varying not null;

alter table visits add column crew_lag_min_minutes integer default 0 not null;

alter table visits add column crew_lag_max_minutes integer default 0 not null;

ALTER TABLE service_items ADD CONSTRAINT ck_service_items_crew_lags CHECK (case when crew_sync = 'sequential' then coalesce(crew_lag_min_minutes >= 0 and crew_lag_max_minutes between crew_lag_min_minutes and 600, false) else num_nonnulls(crew_lag_min_minutes, crew_lag_max_minutes) = 0 end);

ALTER TABLE service_items ADD CONSTRAINT ck_service_items_crew_size CHECK (crew_sync = 'simultaneous' or staff_count > 1);

ALTER TABLE service_items ADD CONSTRAINT ck_service_items_crew_sync CHECK (crew_sync in ('simultaneous', 'sequential', 'independent'));

ALTER TABLE visit_exceptions ADD CONSTRAINT ck_visit_exceptions_kind CHECK (kind in ('out_of_fence', 'place_unknown', 'crew_incomplete', 'end_missing', 'too_short', 'evidence_missing', 'back_late', 'part_missing', 'crew_late'));

ALTER TABLE visits ADD CONSTRAINT ck_visits_crew_sync CHECK (crew_sync in ('simultaneous', 'sequential', 'independent'));
"""

DOWN = r"""
set local check_function_bodies = off;

alter table service_items drop constraint ck_service_items_crew_lags;

alter table service_items drop constraint ck_service_items_crew_size;

alter table service_items drop constraint ck_service_items_crew_sync;

alter table visits drop constraint ck_visits_crew_sync;

alter table visit_exceptions drop constraint ck_visit_exceptions_kind;

alter table service_items drop column crew_sync;

alter table service_items drop column crew_lag_min_minutes;

alter table service_items drop column crew_lag_max_minutes;

alter table visits drop column crew_sync;

alter table visits drop column crew_lag_min_minutes;

alter table visits drop column crew_lag_max_minutes;

alter table visit_exceptions add constraint ck_visit_exceptions_kind CHECK (((kind)::text = ANY ((ARRAY['out_of_fence'::character varying, 'place_unknown'::character varying, 'crew_incomplete'::character varying, 'end_missing'::character varying, 'too_short'::character varying, 'evidence_missing'::character varying, 'back_late'::character varying, 'part_missing'::character varying])::text[])));
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
