"""Who is not to come, and who came last.

Revision: 202611240228, after 202611240226
"""

from migrations import sql

revision = "202611240228"
down_revision = "202611240226"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

alter table patients add column excluded_practitioner_ids uuid[] default '{}'::uuid[] not null;

CREATE OR REPLACE FUNCTION public.orders_works_at(asked_practitioner uuid, asked_institution uuid)
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select exists (select 1 from practitioners p where p.region_id = app_region() and p.id = asked_practitioner
               and (asked_institution is null or p.institution_id = asked_institution) and p.active)
$function$;

ALTER TABLE patients ADD CONSTRAINT ck_patients_excluded CHECK (cardinality(excluded_practitioner_ids) <= 20);

create index ix_appointments_person_day on appointments using btree (region_id, person_id, service_on);
"""

DOWN = r"""
set local check_function_bodies = off;

drop index ix_appointments_person_day;

alter table patients drop constraint ck_patients_excluded;

alter table patients drop column excluded_practitioner_ids;

CREATE OR REPLACE FUNCTION public.orders_works_at(asked_practitioner uuid, asked_institution uuid)
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
select exists (select 1 from practitioners p where p.region_id = app_region() and p.id = asked_practitioner
               and p.institution_id = asked_institution and p.active)
$function$;

"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
