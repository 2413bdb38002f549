"""What the database itself holds about bills made anew: the row says what the two bills and the reversal say."""

from sqlmodel import SQLModel

from service.core.db import fences

_ADDS_UP = """
create function resettlements_add_up() returns trigger language plpgsql as $body$
begin
    if not exists (
        select 1 from settlements b
        join settlements a on a.region_id = b.region_id and a.visit_id = b.visit_id and a.seq = b.seq + 1
                          and a.institution_id = b.institution_id
        join reversals r on r.region_id = b.region_id and r.settlement_id = b.id
        where b.region_id = new.region_id and b.id = new.before_id and a.id = new.after_id and r.id = new.reversal_id
          and b.institution_id = new.institution_id
          and new.gross_difference_fen = a.gross_fen - b.gross_fen
          and new.patient_difference_fen = a.patient_fen - b.patient_fen)
       or new.differences is distinct from (
        select coalesce(jsonb_object_agg(p.source, p.fen), '{}') from (
            select f.source, sum(case f.settlement_id when new.after_id then f.amount_fen else -f.amount_fen end) as fen
            from bill_fundings f
            where f.region_id = new.region_id and f.settlement_id in (new.before_id, new.after_id)
            group by f.source) p
        where p.fen <> 0) then
        raise exception 'the trail differs from the bills' using errcode = '23514',
            constraint = 'resettlements_add_up';
    end if;
    return null;
end
$body$
"""


def create(resettlement: type[SQLModel]) -> None:
    """Attach the check to the table: after the row, so that the fence has the first word."""
    fences.statement(resettlement, _ADDS_UP)
    fences.statement(
        resettlement,
        "create trigger resettlements_add_up after insert on resettlements"
        " for each row execute function resettlements_add_up()",
    )
