"""The ledger's rarer entries, as functions of the database: what was used before the go-live, and what lapses.

An entitlement ends once: with its contract, its calendar year or its month. From that day on it pays nothing, and what
is booked for later days is given back. What it has paid stays, can be reversed, and be settled anew for its own days.
"""

from sqlmodel import SQLModel

from service.core.db import fences

_OPEN = """
declare
    last record;
begin
    perform 1 from entitlements e where e.region_id = app_region() and e.id = asked_entitlement
        and app_may_ask(e.region_id, e.person_id) for update;
    if not found then
        raise exception 'no such entitlement' using errcode = '23503', constraint = 'entitlements_known';
    end if;
    select seq, used_after, reserved_after into last from entitlement_entries
        where region_id = app_region() and entitlement_id = asked_entitlement order by seq desc limit 1;
    insert into entitlement_entries (region_id, entitlement_id, seq, kind, units, used_after, reserved_after,
                                     service_on, posted_at, because, document_no)
    values (app_region(), asked_entitlement, coalesce(last.seq, 0) + 1, 'opening', asked_units,
            coalesce(last.used_after, 0) + asked_units, coalesce(last.reserved_after, 0), asked_on, app_now(),
            asked_because, asked_document);
end
"""

_OPENINGS = """
select x.entitlement_id, x.units, x.service_on, x.because, x.document_no
from entitlement_entries x
join entitlements e on e.region_id = x.region_id and e.id = x.entitlement_id
where x.region_id = app_region() and x.kind = 'opening' and e.person_id = any(asked_people)
  and app_may_ask(e.region_id, e.person_id)
"""

_CLOSE = """
create function entitlement_close(closing_region uuid, closing uuid, closes_on date) returns void
language plpgsql as $body$
declare
    ceiling bigint;
    held record;
    last record;
begin
    -- the lock serialises the chain, as in entitlement_post
    select cap into ceiling from entitlements where region_id = closing_region and id = closing for update;
    if exists (select 1 from entitlement_entries where region_id = closing_region and entitlement_id = closing
               and kind = 'expire') then
        return;
    end if;
    -- what is booked for days without it; a booking is for the day of its latest reservation
    for held in
        select order_id, sum(case kind when 'reserve' then units else -units end)::bigint as units
        from entitlement_entries
        where region_id = closing_region and entitlement_id = closing and kind in ('reserve', 'release')
          and order_id is not null
        group by order_id
        having sum(case kind when 'reserve' then units else -units end) > 0
           and (array_agg(service_on order by seq desc) filter (where kind = 'reserve'))[1] >= closes_on
        order by order_id
    loop
        select seq, used_after, reserved_after into last from entitlement_entries
            where region_id = closing_region and entitlement_id = closing order by seq desc limit 1;
        insert into entitlement_entries (region_id, entitlement_id, seq, kind, units, used_after, reserved_after,
                                         order_id, service_on, posted_at)
        values (closing_region, closing, last.seq + 1, 'release', held.units, last.used_after,
                last.reserved_after - held.units, held.order_id, closes_on, app_now());
    end loop;
    select seq, used_after, reserved_after into last from entitlement_entries
        where region_id = closing_region and entitlement_id = closing order by seq desc limit 1;
    insert into entitlement_entries (region_id, entitlement_id, seq, kind, units, used_after, reserved_after,
                                     service_on, posted_at)
    values (closing_region, closing, coalesce(last.seq, 0) + 1, 'expire',
            greatest(0, ceiling - coalesce(last.used_after, 0) - coalesce(last.reserved_after, 0)),
            coalesce(last.used_after, 0), coalesce(last.reserved_after, 0), closes_on, app_now());
end
$body$
"""

_CLOSE_CONTRACT = """
declare
    each record;
begin
    for each in
        select e.id, least(c.valid_to + 1, c.terminated_on) as ends_on
        from contracts c
        join entitlements e on e.region_id = c.region_id and e.person_id = c.person_id and e.source = 'contract'
                           and e.ref_id = c.id
        where c.region_id = app_region() and c.id = asked_contract and c.institution_id = any(app_institutions())
          and c.terminated_on is not null
        order by e.id
    loop
        perform entitlement_close(app_region(), each.id, each.ends_on);
    end loop;
end
"""

# Whoever asks, only what has ended is closed; the id of the last one looked at tells where to go on.
_CLOSE_DUE = """
declare
    each record;
    seen uuid;
begin
    for each in
        select e.id, case when e.source = 'contract' then least(c.valid_to + 1, c.terminated_on)
                          when length(e.period) = 4 then make_date(e.period::int + 1, 1, 1)
                          else ((e.period || '-01')::date + interval '1 month')::date end as ends_on
        from entitlements e
        left join contracts c on c.region_id = e.region_id and e.source = 'contract' and c.id = e.ref_id
        where e.region_id = app_region() and (asked_after is null or e.id > asked_after)
          -- a limit grants nothing that could lapse
          and e.source <> 'limit'
          and not exists (select 1 from entitlement_entries x where x.region_id = e.region_id
                          and x.entitlement_id = e.id and x.kind = 'expire')
        order by e.id limit asked_limit
    loop
        seen := each.id;
        if each.ends_on <= asked_today then
            perform entitlement_close(app_region(), each.id, each.ends_on);
        end if;
    end loop;
    return seen;
end
"""


def create(contract: type[SQLModel], entry: type[SQLModel]) -> None:
    """Attach the functions to their tables."""
    fences.definer(
        entry,
        "entitlement_open(asked_entitlement uuid, asked_units bigint, asked_on date, asked_because text,"
        " asked_document text)",
        "void",
        _OPEN,
        language="plpgsql",
        volatile=True,
    )
    fences.definer(
        entry,
        "entitlement_openings(asked_people uuid[])",
        "table (entitlement_id uuid, units bigint, service_on date, because text, document_no text)",
        _OPENINGS,
    )
    # runs with the rights of whoever calls it: for the application that is only inside the two functions below
    fences.statement(entry, _CLOSE)
    fences.definer(
        contract,
        "contracts_close(asked_contract uuid)",
        "void",
        _CLOSE_CONTRACT,
        language="plpgsql",
        volatile=True,
    )
    fences.definer(
        entry,
        "entitlements_close_due(asked_today date, asked_after uuid, asked_limit int)",
        "uuid",
        _CLOSE_DUE,
        language="plpgsql",
        volatile=True,
    )
