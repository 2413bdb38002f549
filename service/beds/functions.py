"""What the database itself holds about stays and their pauses, and the narrow questions that others may ask."""

from sqlmodel import SQLModel

from service.core.db import fences

_PAUSE_INSIDE = """
create function bed_pauses_inside() returns trigger language plpgsql as $body$
begin
    -- held until the commit: whoever closes the bed or bills its days at this moment waits, then sees the pause
    perform 1 from beds b where b.region_id = new.region_id and b.id = new.bed_id
        and daterange(new.first, new.until, '[)') <@ daterange(b.opened_on, b.closed_on, '[)') for update;
    if not found then
        raise exception 'pause outside the stay' using errcode = '23514', constraint = 'bed_pauses_inside';
    end if;
    return null;
end
$body$
"""

_BED_AROUND = """
create function beds_hold_their_pauses() returns trigger language plpgsql as $body$
begin
    if exists (
        select 1 from bed_pauses p where p.region_id = new.region_id and p.bed_id = new.id
          and not daterange(p.first, p.until, '[)') <@ daterange(new.opened_on, new.closed_on, '[)')) then
        raise exception 'pause outside the stay' using errcode = '23514', constraint = 'bed_pauses_inside';
    end if;
    return null;
end
$body$
"""

_OPEN_ON = """
select b.id, b.institution_id, b.opened_on, b.closed_on, b.payment, b.excluded_codes from beds b
where b.region_id = app_region() and b.person_id = asked_person
  and b.opened_on <= asked_on and (b.closed_on is null or asked_on < b.closed_on)
  and app_sees_person(b.region_id, b.person_id)
"""

_STAY_ON = """
select b.id, b.institution_id, b.opened_on, b.closed_on, b.payment, b.excluded_codes, b.kind,
       coalesce((select jsonb_agg(jsonb_build_array(p.first, p.until) order by p.first) from bed_pauses p
                 where p.region_id = b.region_id and p.bed_id = b.id and p.until is distinct from p.first), '[]'),
       a.daily_rate, a.pay_ratio, a.year_cap_fen, a.institution_share
from beds b
left join per_diem_agreements a on a.region_id = b.region_id and a.id = b.agreement_id
where b.region_id = app_region() and b.person_id = asked_person
  and b.opened_on <= asked_on and (b.closed_on is null or asked_on < b.closed_on)
  and app_sees_person(b.region_id, b.person_id)
"""


def create(bed: type[SQLModel], pause: type[SQLModel]) -> None:
    """Attach to the tables what keeps pauses inside their stay, and the questions about open beds."""
    fences.statement(pause, _PAUSE_INSIDE)
    fences.statement(
        pause,
        # after the row, so that the fence speaks first: a stranger is told nothing of the stay
        "create trigger bed_pauses_inside after insert or update on bed_pauses"
        " for each row execute function bed_pauses_inside()",
    )
    fences.statement(bed, _BED_AROUND)
    # deferred: a closing and the cutting of its pauses are one step
    fences.statement(
        bed,
        "create constraint trigger beds_hold_their_pauses after update on beds deferrable initially deferred"
        " for each row when (new.opened_on <> old.opened_on or new.closed_on is distinct from old.closed_on)"
        " execute function beds_hold_their_pauses()",
    )
    # Is there an open bed on that day, and how is it paid? Asked by whoever bills a visit, whatever the institution.
    fences.definer(
        bed,
        "beds_stay_on(asked_person uuid, asked_on date)",
        "table (bed_id uuid, institution_id uuid, opened_on date, closed_on date, payment text, excluded_codes text[],"
        " kind text, pauses jsonb, daily_rate numeric, pay_ratio numeric, year_cap_fen bigint,"
        " institution_share numeric)",
        _STAY_ON,
    )
    # the same question as the application of the version before asks it: it knows of no pauses
    fences.definer(
        bed,
        "beds_open_on(asked_person uuid, asked_on date)",
        "table (bed_id uuid, institution_id uuid, opened_on date, closed_on date, payment text, excluded_codes text[])",
        _OPEN_ON,
    )
