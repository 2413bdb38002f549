"""What the database itself holds about bills: sums that add up at the commit, one visit fee per trip and home."""

from sqlmodel import SQLModel

from service.core.db import fences

_ADDS_UP = """
create function settlements_add_up() returns trigger language plpgsql as $body$
declare
    wrong int;
    bill uuid := to_jsonb(new) ->> case tg_table_name when 'settlements' then 'id' else 'settlement_id' end;
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
                            where f.region_id = l.region_id and f.settlement_id = l.settlement_id
                              and f.line_no = l.line_no)
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


_HOLD_TRIP = """
create function billing_hold_trip(held_region uuid, held_trip uuid) returns void language sql as
$body$ select pg_advisory_xact_lock(hashtextextended('billing.trip/' || held_region || held_trip, 0)) $body$
"""

_NEW_ROUND = """
create function visit_fees_begin_round() returns trigger language plpgsql as $body$
begin
    -- rounds and bills of a trip come in one after the other, so that each sees the ones before it
    perform billing_hold_trip(new.region_id, new.trip_id);
    if new.round <> 1 + (select coalesce(max(f.round), 0) from visit_fees f
                         where f.region_id = new.region_id and f.trip_id = new.trip_id and f.home_id = new.home_id)
       or exists (select 1 from settlements s
                  where s.region_id = new.region_id and s.trip_id = new.trip_id and s.home_id = new.home_id
                    and not exists (select 1 from reversals r
                                    where r.region_id = s.region_id and r.settlement_id = s.id)) then
        raise exception 'the trip has live bills' using errcode = '23514', constraint = 'visit_fees_begin_round';
    end if;
    return new;
end
$body$
"""

_THIS_ROUND = """
create function settlements_join_round() returns trigger language plpgsql as $body$
begin
    if new.trip_id is not null then
        perform billing_hold_trip(new.region_id, new.trip_id);
        if exists (select 1 from visit_fees f
                   where f.region_id = new.region_id and f.trip_id = new.trip_id and f.home_id = new.home_id
                     and f.round > new.trip_round) then
            raise exception 'a later round has begun' using errcode = '23514', constraint = 'settlements_join_round';
        end if;
    end if;
    return new;
end
$body$
"""

_ONE_FEE = """
create function bill_lines_share_one_fee() returns trigger language plpgsql as $body$
begin
    if exists (
        select 1 from settlements mine
        join visit_fees f on f.region_id = mine.region_id and f.trip_id = mine.trip_id and f.home_id = mine.home_id
                         and f.round = mine.trip_round
        where mine.region_id = new.region_id and mine.id = new.settlement_id and f.fee_fen < (
            select sum(l.gross_fen) from settlements s
            join bill_lines l on l.region_id = s.region_id and l.settlement_id = s.id and l.code = 'VISIT_FEE'
            where s.region_id = f.region_id and s.trip_id = f.trip_id and s.home_id = f.home_id
              and s.trip_round = f.round)) then
        raise exception 'the shares exceed the fee' using errcode = '23514', constraint = 'bill_lines_share_one_fee';
    end if;
    return null;
end
$body$
"""


def create_rounds(settlement: type[SQLModel], line: type[SQLModel], fee: type[SQLModel]) -> None:
    """Attach what keeps a trip at one fee: rounds follow each other, bills join the last, shares stay within it."""
    fences.statement(fee, _HOLD_TRIP)
    fences.statement(fee, _NEW_ROUND)
    fences.statement(
        fee,
        "create trigger visit_fees_begin_round before insert on visit_fees"
        " for each row execute function visit_fees_begin_round()",
    )
    fences.statement(settlement, _THIS_ROUND)
    fences.statement(
        settlement,
        "create trigger settlements_join_round before insert on settlements"
        " for each row execute function settlements_join_round()",
    )
    fences.statement(line, _ONE_FEE)
    fences.statement(
        line,
        "create constraint trigger bill_lines_share_one_fee after insert on bill_lines deferrable initially deferred"
        " for each row when (new.code = 'VISIT_FEE') execute function bill_lines_share_one_fee()",
    )


_HOLD_VISIT = """
create function billing_hold_visit(asked_region uuid, asked_visit uuid) returns boolean language plpgsql as $body$
declare
    held record;
begin
    select v.home_id, v.service_on, v.person_id, v.order_id into held from visits v
    where v.region_id = asked_region and v.id = asked_visit;
    if not found then
        return false;
    end if;
    -- always in this order. The stay: its visits share a fee. The patient: his visits share balances.
    perform pg_advisory_xact_lock(hashtextextended(
        'billing.stay/' || held.home_id || '/' || to_char(held.service_on, 'YYYY-MM-DD') || '/' || asked_region, 0));
    perform pg_advisory_xact_lock(hashtextextended('billing.person/' || held.person_id || '/' || asked_region, 0));
    perform 1 from orders o where o.region_id = asked_region and o.id = held.order_id for update;
    return true;
end
$body$
"""


def create_hold(settlement: type[SQLModel]) -> None:
    """Attach what holds a visit, as far as the fence shows it, until the commit: one round trip for three locks."""
    fences.statement(settlement, _HOLD_VISIT)


_SHOWS = """
create function billing_shows(asked_region uuid, asked_settlement uuid) returns boolean language plpgsql as $body$
begin
    -- volatile: it sees a settlement that the same statement has written before
    return exists (select 1 from settlements s where s.region_id = asked_region and s.id = asked_settlement);
end
$body$
"""


def create_shows(settlement: type[SQLModel]) -> str:
    """Attach the question whether the fence shows a settlement; return it as the condition on a part of one."""
    fences.statement(settlement, _SHOWS)
    return "billing_shows(region_id, settlement_id)"


_WITHIN_FEE = """
create function bill_lines_charge_within_fee() returns trigger language plpgsql as $body$
declare
    mine record;
begin
    select v.trip_key, v.trip_id, v.home_id, s.facts #>> '{case,policy,visit_fee_sharing}' as sharing into mine
    from settlements s join visits v on v.region_id = s.region_id and v.id = s.visit_id
    where s.region_id = new.region_id and s.id = new.settlement_id;
    if mine.sharing is distinct from 'once_per_home' then
        return null;
    end if;
    -- charges of a trip come in one after the other, so that each sees the ones before it
    perform pg_advisory_xact_lock(hashtextextended('billing.charges/' || new.region_id || mine.trip_key, 0));
    if exists (
        select 1 from visits v
        join settlements s on s.region_id = v.region_id and s.visit_id = v.id
        join bill_lines l on l.region_id = s.region_id and l.settlement_id = s.id
                         and l.code in ('VISIT_FEE', 'CANCELLATION')
        left join visit_fees f on f.region_id = s.region_id and f.trip_id = s.trip_id and f.home_id = s.home_id
                              and f.round = s.trip_round
        where v.region_id = new.region_id and v.trip_key = mine.trip_key and v.home_id = mine.home_id
          and (v.trip_id is null or mine.trip_id is null or v.trip_id = mine.trip_id)
          and not exists (select 1 from reversals r where r.region_id = s.region_id and r.settlement_id = s.id)
        having sum(l.gross_fen) > max(coalesce((s.facts #>> '{cancellation,own_fee_fen}')::bigint, f.fee_fen))) then
        raise exception 'more than the fee' using errcode = '23514', constraint = 'bill_lines_charge_within_fee';
    end if;
    return null;
end
$body$
"""


def create_charges(line: type[SQLModel]) -> None:
    """Attach what keeps a home at one fee when crews go in vain: with the fees of the served no more than the highest.

    Where the policy lets each patient pay his own fee there is no such bound.
    """
    fences.statement(line, _WITHIN_FEE)
    fences.statement(
        line,
        "create constraint trigger bill_lines_charge_within_fee after insert on bill_lines deferrable initially"
        " deferred for each row when (new.code = 'CANCELLATION') execute function bill_lines_charge_within_fee()",
    )
