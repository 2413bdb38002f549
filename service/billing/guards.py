"""What the database itself holds about bills: Σ funding = gross per line, Σ lines = bill, checked at the commit."""

from sqlmodel import SQLModel

from service.core.db import fences

_ADDS_UP = """
create function settlements_add_up() returns trigger language plpgsql as $body$
declare
    wrong int;
    bill uuid := case tg_table_name when 'settlements' then to_jsonb(new)->>'id' else to_jsonb(new)->>'settlement_id' end;
begin
    select count(*) into wrong from settlements s
    where s.region_id = new.region_id and s.id = bill and (
        s.gross_fen <> (select coalesce(sum(l.gross_fen), 0) from bill_lines l
                        where l.region_id = s.region_id and l.settlement_id = s.id)
        or s.patient_fen <> (select coalesce(sum(l.patient_fen), 0) from bill_lines l
                             where l.region_id = s.region_id and l.settlement_id = s.id));
    if wrong = 0 then
        select count(*) into wrong from bill_lines l
        where l.region_id = new.region_id and l.settlement_id = bill and (
            l.gross_fen <> (select coalesce(sum(f.amount_fen), 0) from bill_fundings f
                            where f.region_id = l.region_id and f.settlement_id = l.settlement_id and f.line_no = l.line_no)
            or l.patient_fen <> (select coalesce(sum(f.amount_fen), 0) from bill_fundings f
                                 where f.region_id = l.region_id and f.settlement_id = l.settlement_id
                                   and f.line_no = l.line_no and f.source = 'self_pay'));
    end if;
    if wrong > 0 then
        raise exception 'bill does not add up' using errcode = '23514', constraint = 'settlements_add_up';
    end if;
    return null;
end
$body$
"""


def create(settlement: type[SQLModel], line: type[SQLModel], funding: type[SQLModel]) -> None:
    """Attach the deferred check to all three tables: whichever row comes in, the whole bill must add up."""
    fences.statement(funding, _ADDS_UP)
    for model in (settlement, line, funding):
        name = fences.table_of(model).name
        fences.statement(
            model,
            f"create constraint trigger {name}_add_up after insert on {name} deferrable initially deferred"
            " for each row execute function settlements_add_up()",
        )
