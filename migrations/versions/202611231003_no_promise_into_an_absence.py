"""No promise into an absence.

Revision: 202611231003, after 202611230954
"""

from migrations import sql

revision = "202611231003"
down_revision = "202611230954"
branch_labels = None
depends_on = None

UP = r"""
set local check_function_bodies = off;

CREATE OR REPLACE FUNCTION public.absences_hold_calendar()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
    perform pg_advisory_xact_lock(hashtextextended('absences/' || new.region_id || '/' || new.practitioner_id, 0));
    return new;
end
$function$;

revoke all on function absences_hold_calendar() from public;

CREATE OR REPLACE FUNCTION public.appointments_not_while_absent()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'public', 'pg_temp'
AS $function$
begin
    -- what stands already stands, though an absence came over it: nothing more is promised by this
    if tg_op = 'UPDATE' and old.state = 'booked' and (old.region_id, old.practitioner_id, old.during)
            = (new.region_id, new.practitioner_id, new.during) then
        return new;
    end if;
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'absences are looked at in read committed only' using errcode = '55000';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('absences/' || new.region_id || '/' || new.practitioner_id, 0));
    if exists (select 1 from absences b where b.region_id = new.region_id
               and b.practitioner_id = new.practitioner_id and b.during && new.during) then
        raise exception 'promised while absent' using errcode = '23514', constraint = 'appointments_not_while_absent';
    end if;
    return new;
end
$function$;

revoke all on function appointments_not_while_absent() from public;

create trigger absences_hold_calendar before insert or update of region_id, practitioner_id, during on absences for each row execute function absences_hold_calendar();

create trigger appointments_not_while_absent before insert or update on appointments for each row when (new.state = 'booked') execute function appointments_not_while_absent();

grant execute on function absences_hold_calendar() to public;
"""

DOWN = r"""
set local check_function_bodies = off;

revoke execute on function absences_hold_calendar() from public;

drop trigger absences_hold_calendar on absences;

drop trigger appointments_not_while_absent on appointments;

drop function absences_hold_calendar() cascade;

drop function appointments_not_while_absent() cascade;
"""


def upgrade() -> None:
    sql.run(UP)


def downgrade() -> None:
    sql.run(DOWN)
