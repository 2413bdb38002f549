"""One turn of absences.

Revision: 202611231613, after 202611231552
"""

from migrations import sql

revision = "202611231613"
down_revision = "202611231552"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

revoke execute on function absences_take_turns() from public;

drop trigger absences_take_turns on absences;

drop function absences_take_turns() cascade;
"""

DOWN = r"""
set local check_function_bodies = off;

CREATE OR REPLACE FUNCTION public.absences_take_turns()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    -- a transaction that loads thousands of rows at once says so: there is no room for that many locks
    if coalesce(current_setting('app.turns', true), '') <> 'off' then
        perform pg_advisory_xact_lock(hashtextextended('absences/' || new.region_id || '/' || new.practitioner_id, 0));
    end if;
    return new;
end
$function$;

revoke all on function absences_take_turns() from public;

CREATE TRIGGER absences_take_turns BEFORE INSERT ON public.absences FOR EACH ROW EXECUTE FUNCTION absences_take_turns();

grant execute on function absences_take_turns() to public;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
