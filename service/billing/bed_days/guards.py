"""What the database itself holds about bed days: sums that agree at the commit, days that lie in their stay."""

from sqlmodel import SQLModel

from service.core.db import fences

_ADD_UP = """
create function bed_settlements_add_up() returns trigger language plpgsql as $body$
declare
    bill uuid := to_jsonb(new) ->> case tg_table_name when 'bed_settlements' then 'id' else 'settlement_id' end;
begin
    if exists (
        select 1 from bed_settlements s
        cross join lateral (
            select sum(d.gross_fen) as gross, sum(d.fund_fen) as fund, sum(d.institution_fen) as institution,
                   sum(d.reduction_fen) as reduction
            from bed_days d where d.region_id = s.region_id and d.settlement_id = s.id
        ) of_days
        where s.region_id = new.region_id and s.id = bill and (
            (s.gross_fen, s.fund_fen, s.institution_fen, s.reduction_fen)
                is distinct from (of_days.gross, of_days.fund, of_days.institution, of_days.reduction)
            or s.gross_fen <> (select coalesce(sum(l.gross_fen), 0) from bed_settlement_lines l
                               where l.region_id = s.region_id and l.settlement_id = s.id)
            or s.gross_fen <> (select coalesce(sum(e.gross_fen), 0) from journal_entries e
                               where e.region_id = s.region_id and e.source = 'bed_days' and e.source_id = s.id))
    ) or exists (
        select 1 from bed_settlement_lines l
        cross join lateral (
            select count(*) as days, sum(d.gross_fen) as gross, sum(d.fund_fen) as fund,
                   sum(d.institution_fen) as institution, sum(d.reduction_fen) as reduction,
                   sum(d.patient_fen) as patient
            from bed_days d where d.region_id = l.region_id and d.settlement_id = l.settlement_id
              and extract(year from d.service_on) = l.year
        ) of_days
        cross join lateral (
            select coalesce(sum(f.amount_fen) filter (where f.source = 'medical_insurance'), 0) as fund,
                   coalesce(sum(f.amount_fen) filter (where f.source = 'institution'), 0) as institution,
                   coalesce(sum(f.amount_fen) filter (where f.source = 'reduction'), 0) as reduction,
                   coalesce(sum(f.amount_fen) filter (where f.source = 'self_pay'), 0) as patient
            from bed_settlement_fundings f
            where f.region_id = l.region_id and f.settlement_id = l.settlement_id and f.year = l.year
        ) paid
        where l.region_id = new.region_id and l.settlement_id = bill
          and (l.days, l.gross_fen, paid.fund, paid.institution, paid.reduction, paid.patient, l.patient_fen)
              is distinct from (of_days.days, of_days.gross, of_days.fund, of_days.institution, of_days.reduction,
                                of_days.patient, of_days.patient)
    ) then
        raise exception 'bill does not add up' using errcode = '23514', constraint = 'bed_settlements_add_up';
    end if;
    return null;
end
$body$
"""

_RETURN = """
create function bed_reversals_add_up() returns trigger language plpgsql as $body$
declare
    back uuid := to_jsonb(new) ->> case tg_table_name when 'bed_reversals' then 'id' else 'reversal_id' end;
begin
    if exists (
        select 1 from bed_reversals b
        cross join lateral (
            select sum(d.gross_fen) as gross, sum(d.fund_fen) as fund, sum(d.institution_fen) as institution,
                   sum(d.reduction_fen) as reduction
            from bed_day_reversals r
            join bed_days d on d.region_id = r.region_id and d.person_id = r.person_id
                           and d.service_on = r.service_on and d.seq = r.seq
            where r.region_id = b.region_id and r.reversal_id = b.id
        ) of_days
        where b.region_id = new.region_id and b.id = back and (
            (b.gross_fen, b.fund_fen, b.institution_fen, b.reduction_fen)
                is distinct from (of_days.gross, of_days.fund, of_days.institution, of_days.reduction)
            or -b.gross_fen <> (select coalesce(sum(e.gross_fen), 0) from journal_entries e
                                where e.region_id = b.region_id and e.source = 'bed_days_reversal'
                                  and e.source_id = b.id))) then
        raise exception 'reversal does not add up' using errcode = '23514', constraint = 'bed_reversals_add_up';
    end if;
    return null;
end
$body$
"""

_IN_STAY = """
create function bed_days_in_stay() returns trigger language plpgsql as $body$
begin
    -- held until the commit: who closes or pauses the bed at this moment waits, then meets the billed day
    perform 1 from beds b where b.region_id = new.region_id and b.id = new.bed_id and b.person_id = new.person_id
        and b.payment = 'per_diem' and daterange(b.opened_on, b.closed_on, '[)') @> new.service_on for share;
    if not found or exists (
        select 1 from bed_pauses p where p.region_id = new.region_id and p.bed_id = new.bed_id
          and daterange(p.first, p.until, '[)') @> new.service_on) then
        raise exception 'no day of the stay' using errcode = '23514', constraint = 'bed_days_in_stay';
    end if;
    return null;
end
$body$
"""

_LIVE = """
exists (select 1 from bed_days d where d.region_id = new.region_id and d.bed_id = {bed} and {where}
          and not exists (select 1 from bed_day_reversals r
                          where r.region_id = d.region_id and r.person_id = d.person_id
                            and r.service_on = d.service_on and r.seq = d.seq))
"""

_STAYS_OPEN = """
create function {name}() returns trigger language plpgsql as $body$
begin
    if {live} then
        raise exception 'billed days' using errcode = '23514', constraint = 'bed_days_of_open_days';
    end if;
    return null;
end
$body$
"""


def create_sums(*models: type[SQLModel]) -> None:
    """Let no bill pass the commit whose sums disagree: settlement, lines, fundings, days and journal."""
    _at_the_commit(_ADD_UP, "bed_settlements_add_up", *models)


def create_returned(*models: type[SQLModel]) -> None:
    """Let no reversal pass the commit that is not the sum of its days, or is not in the journal."""
    _at_the_commit(_RETURN, "bed_reversals_add_up", *models)


def create_stay(day: type[SQLModel], taken_back: type[SQLModel]) -> None:
    """Let only days of the stay be billed, and let a stay not shrink below a day in a live bill."""
    fences.statement(day, _IN_STAY)
    fences.statement(
        day,
        # after the row, so that the fence speaks first: a stranger is told nothing of the stay
        "create trigger bed_days_in_stay after insert on bed_days for each row execute function bed_days_in_stay()",
    )
    within = "daterange(new.first, new.until, '[)') @> d.service_on"
    live = _LIVE.format(bed="new.bed_id", where=within).strip()
    fences.statement(taken_back, _STAYS_OPEN.format(name="bed_pauses_spare_billed_days", live=live))
    fences.statement(
        taken_back,
        "create trigger bed_pauses_spare_billed_days after insert or update on bed_pauses"
        " for each row execute function bed_pauses_spare_billed_days()",
    )
    outside = "not daterange(new.opened_on, new.closed_on, '[)') @> d.service_on"
    live = _LIVE.format(bed="new.id", where=outside).strip()
    fences.statement(taken_back, _STAYS_OPEN.format(name="beds_keep_billed_days", live=live))
    fences.statement(
        taken_back,
        "create trigger beds_keep_billed_days after update on beds for each row"
        " when (new.opened_on <> old.opened_on or new.closed_on is distinct from old.closed_on)"
        " execute function beds_keep_billed_days()",
    )


def _at_the_commit(function: str, name: str, *models: type[SQLModel]) -> None:
    """Check whichever row comes in."""
    fences.statement(models[-1], function)
    for model in models:
        table = fences.table_of(model).name
        fences.statement(
            models[-1],
            f"create constraint trigger {table}_add_up after insert on {table} deferrable initially deferred"
            f" for each row execute function {name}()",
        )
