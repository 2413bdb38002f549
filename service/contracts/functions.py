"""The ledger's guards and the narrow questions that other institutions may ask of it.

A chain is guarded twice: `entitlement_post` locks the entitlement and appends, and the trigger checks every entry
against its predecessor and the cap, whoever wrote it.
"""

from sqlmodel import SQLModel

from service.core.db import fences

_CHAIN = """
create function entitlement_entries_chain() returns trigger language plpgsql as $body$
declare
    before record;
    ceiling bigint;
    used_delta bigint := case when new.kind in ('consume', 'opening') then new.units
                              when new.kind = 'reverse' then -new.units else 0 end;
    held_delta bigint := case new.kind when 'reserve' then new.units when 'release' then -new.units else 0 end;
begin
    select cap into ceiling from entitlements where region_id = new.region_id and id = new.entitlement_id;
    select seq, used_after, reserved_after into before from entitlement_entries
        where region_id = new.region_id and entitlement_id = new.entitlement_id order by seq desc limit 1;
    if new.seq <> coalesce(before.seq, 0) + 1
       or new.used_after <> coalesce(before.used_after, 0) + used_delta
       or new.reserved_after <> coalesce(before.reserved_after, 0) + held_delta then
        raise exception 'entry does not continue its chain'
            using errcode = '23514', constraint = 'entitlement_entries_chain';
    end if;
    -- what was used before the go-live may lie above a cap: it leaves nothing
    if new.kind <> 'opening' and used_delta + held_delta > 0 and new.used_after + new.reserved_after > ceiling then
        raise exception 'entitlement exhausted'
            using errcode = '23514', constraint = 'entitlement_entries_within_cap';
    end if;
    -- a service before the end may still be settled, or settled anew, after it
    if new.kind in ('reserve', 'consume') and exists (
            select 1 from entitlement_entries x where x.region_id = new.region_id
            and x.entitlement_id = new.entitlement_id and x.kind = 'expire' and x.service_on <= new.service_on) then
        raise exception 'entitlement expired'
            using errcode = '23514', constraint = 'entitlement_entries_expired';
    end if;
    return new;
end
$body$
"""

_POST = """
declare
    last record;
    new_used bigint;
    new_held bigint;
begin
    -- the lock serialises the chain: whoever comes second sees the first one's entry
    perform 1 from entitlements e where e.region_id = app_region() and e.id = asked_entitlement
        and app_may_ask(e.region_id, e.person_id) for update;
    if not found then
        raise exception 'no such entitlement' using errcode = '23503', constraint = 'entitlements_known';
    end if;
    select seq, used_after, reserved_after into last from entitlement_entries
        where region_id = app_region() and entitlement_id = asked_entitlement order by seq desc limit 1;
    new_used := coalesce(last.used_after, 0)
        + case asked_kind when 'consume' then asked_units when 'reverse' then -asked_units else 0 end;
    new_held := coalesce(last.reserved_after, 0)
        + case asked_kind when 'reserve' then asked_units when 'release' then -asked_units else 0 end;
    insert into entitlement_entries (region_id, entitlement_id, seq, kind, units, used_after, reserved_after, order_id,
                                     visit_id, settlement_id, service_on, posted_at)
    values (app_region(), asked_entitlement, coalesce(last.seq, 0) + 1, asked_kind, asked_units, new_used, new_held,
            asked_order, asked_visit, asked_settlement, asked_on, app_now());
end
"""

_GRANT = """
insert into entitlements (region_id, id, person_id, source, ref_id, code, period, cap, counting)
select app_region(), asked_id, asked_person, asked_source, asked_ref, asked_code, asked_period, asked_cap,
       asked_counting
where app_may_ask(app_region(), asked_person)
-- granted already: a cap stays as it was, but a better insurance rule (or a higher grade) of its period raises it
on conflict on constraint entitlements_once do update set cap = excluded.cap
where entitlements.cap < excluded.cap
  and entitlements.source in ('insurance_fund', 'insurance_deductible', 'ltci', 'per_diem')
"""

_GRANTED = """
begin
    perform entitlement_grant(asked_id, asked_person, asked_source, asked_ref, asked_code, asked_period, asked_cap,
                              asked_counting);
    -- volatile: it sees also what somebody else has granted since the statement began
    return (select e.id from entitlements e
            where e.region_id = app_region() and e.person_id = asked_person and e.source = asked_source
              and e.ref_id = asked_ref and e.code = asked_code and e.period = asked_period
              and app_may_ask(e.region_id, e.person_id));
end
"""

_BALANCES = """
select e.id, e.source, e.ref_id, e.code, e.period, e.cap, e.counting,
       coalesce(l.used_after, 0), coalesce(l.reserved_after, 0)
from entitlements e
left join lateral (select used_after, reserved_after from entitlement_entries x
                   where x.region_id = e.region_id and x.entitlement_id = e.id order by seq desc limit 1) l on true
where e.region_id = app_region() and e.person_id = asked_person and app_may_ask(e.region_id, e.person_id)
  -- asked by the version before this one, which knew no other sources
  and e.source in ('contract', 'public_program', 'insurance_fund', 'insurance_deductible')
"""

_STANDING = """
select e.id, e.source, e.ref_id, e.code, e.period, e.cap, e.counting,
       coalesce(l.used_after, 0), coalesce(l.reserved_after, 0),
       (select x.service_on from entitlement_entries x where x.region_id = e.region_id and x.entitlement_id = e.id
        and x.kind = 'expire')
from entitlements e
left join lateral (select used_after, reserved_after from entitlement_entries x
                   where x.region_id = e.region_id and x.entitlement_id = e.id order by seq desc limit 1) l on true
where e.region_id = app_region() and e.person_id = asked_person and app_may_ask(e.region_id, e.person_id)
"""

_COVER = """
select c.id, c.institution_id, c.signed_on, c.valid_from, c.valid_to, c.terminated_on, p.covers_visit_fee,
       p.capitated_codes,
       coalesce(
           jsonb_agg(jsonb_build_object('code', i.code, 'quantity', i.quantity, 'counting', i.counting) order by i.code)
           filter (where i.code is not null),
           '[]'::jsonb)
from contracts c
join packages p on p.region_id = c.region_id and p.id = c.package_id
left join package_items i on i.region_id = p.region_id and i.package_id = p.id
where c.region_id = app_region() and c.person_id = asked_person
  and c.valid_from <= asked_on and asked_on <= c.valid_to and (c.terminated_on is null or asked_on < c.terminated_on)
  and app_may_ask(c.region_id, c.person_id)
group by c.region_id, c.id, p.region_id, p.id
order by c.signed_on, c.id
"""

_COVER_AT = """
select c.id, c.institution_id, c.signed_on, c.valid_from, c.valid_to, c.terminated_on, p.covers_visit_fee,
       p.capitated_codes,
       coalesce(
           jsonb_agg(jsonb_build_object('code', i.code, 'quantity', i.quantity, 'counting', i.counting) order by i.code)
           filter (where i.code is not null),
           '[]'::jsonb), p.income_class
from contracts c
join packages p on p.region_id = c.region_id and p.id = c.package_id
left join package_items i on i.region_id = p.region_id and i.package_id = p.id
where c.region_id = app_region() and c.person_id = asked_person
  and c.valid_from <= asked_on and asked_on <= c.valid_to and (c.terminated_on is null or asked_on < c.terminated_on)
  -- a package pays where it was signed, where it says so, or everywhere; nowhere in particular: asked of all
  and (asked_institution is null or c.institution_id = asked_institution or p.valid_region_wide
       or asked_institution = any(p.valid_at))
  and app_may_ask(c.region_id, c.person_id)
group by c.region_id, c.id, p.region_id, p.id
order by c.signed_on, c.id
"""

_HELD = """
select x.entitlement_id,
       sum(case x.kind when 'reserve' then x.units when 'release' then -x.units else 0 end)::bigint
from entitlement_entries x
join entitlements e on e.region_id = x.region_id and e.id = x.entitlement_id
where x.region_id = app_region() and x.order_id = asked_order and app_may_ask(e.region_id, e.person_id)
group by x.entitlement_id
having sum(case x.kind when 'reserve' then x.units when 'release' then -x.units else 0 end) > 0
"""

_CONSUMED = """
select x.entitlement_id, sum(case x.kind when 'consume' then x.units else -x.units end)::bigint
from entitlement_entries x
join entitlements e on e.region_id = x.region_id and e.id = x.entitlement_id
where x.region_id = app_region() and x.settlement_id = asked_settlement and x.kind in ('consume', 'reverse')
  and app_may_ask(e.region_id, e.person_id)
group by x.entitlement_id
having sum(case x.kind when 'consume' then x.units else -x.units end) > 0
"""


def create(contract: type[SQLModel], entitlement: type[SQLModel], entry: type[SQLModel]) -> None:
    """Attach the chain trigger and the functions to their tables."""
    fences.statement(entry, _CHAIN)
    fences.statement(
        entry,
        "create trigger entitlement_entries_chain before insert on entitlement_entries"
        " for each row execute function entitlement_entries_chain()",
    )
    # An institution may ask about a person it cares for; the elder and his proxies about himself.
    fences.definer(
        contract,
        "app_may_ask(asked_region uuid, asked_person uuid)",
        "boolean",
        "select app_sees_person(asked_region, asked_person)",
    )
    fences.definer(
        contract,
        "contracts_cover(asked_person uuid, asked_on date)",
        "table (contract_id uuid, institution_id uuid, signed_on date, valid_from date, valid_to date,"
        " terminated_on date, covers_visit_fee boolean, capitated_codes text[], items jsonb)",
        _COVER,
    )
    # the function above is asked by the version before this one, which knew no places
    fences.definer(
        contract,
        "contracts_cover_at(asked_person uuid, asked_on date, asked_institution uuid)",
        "table (contract_id uuid, institution_id uuid, signed_on date, valid_from date, valid_to date,"
        " terminated_on date, covers_visit_fee boolean, capitated_codes text[], items jsonb, income_class text)",
        _COVER_AT,
    )
    fences.definer(
        entitlement,
        "entitlement_grant(asked_id uuid, asked_person uuid, asked_source text, asked_ref uuid, asked_code text,"
        " asked_period text, asked_cap bigint, asked_counting text)",
        "void",
        _GRANT,
        volatile=True,
    )
    # grants, and tells under which id: of two who grant the same the second one is told the first one's
    fences.definer(
        entitlement,
        "entitlement_granted(asked_id uuid, asked_person uuid, asked_source text, asked_ref uuid, asked_code text,"
        " asked_period text, asked_cap bigint, asked_counting text)",
        "uuid",
        _GRANTED,
        language="plpgsql",
        volatile=True,
    )
    fences.definer(
        entitlement,
        "entitlement_balances(asked_person uuid)",
        "table (entitlement_id uuid, source text, ref_id uuid, code text, period text, cap bigint, counting text,"
        " used bigint, reserved bigint)",
        _BALANCES,
    )
    fences.definer(
        entry,
        "entitlements_standing(asked_person uuid)",
        "table (entitlement_id uuid, source text, ref_id uuid, code text, period text, cap bigint, counting text,"
        " used bigint, reserved bigint, closed_on date)",
        _STANDING,
    )
    fences.definer(
        entry,
        "entitlement_post(asked_entitlement uuid, asked_kind text, asked_units bigint, asked_order uuid,"
        " asked_visit uuid, asked_settlement uuid, asked_on date)",
        "void",
        _POST,
        language="plpgsql",
        volatile=True,
    )
    fences.definer(entry, "entitlements_held(asked_order uuid)", "table (entitlement_id uuid, units bigint)", _HELD)
    fences.definer(
        entry, "entitlements_consumed(asked_settlement uuid)", "table (entitlement_id uuid, units bigint)", _CONSUMED
    )
