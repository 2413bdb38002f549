"""Narrow questions about orders across the fence, the locks that make their answers hold until the commit, the limit.

The limit of open orders is asked for by booking, early and with numbers, and kept by the table itself, whoever writes.
"""

from sqlmodel import SQLModel

from service.core.db import fences
from service.institutions import functions as institutions
from service.institutions.rules import settings
from service.orders import rules

_OPEN = ", ".join(repr(str(state)) for state in sorted(rules.OPEN))
_ALLOWED = institutions.today(
    settings.ORDERS_MAX_OPEN_PER_PERSON, region="new.region_id", institution="new.institution_id"
)

_NEXT_NO = """
declare
    last integer;
begin
    -- one at a time per institution and day: whoever waits here sees the number that the one before committed
    perform pg_advisory_xact_lock(hashtextextended('orders.no/' || app_region() || asked_institution || asked_on, 0));
    select max(split_part(o.order_no, '-', 2)::integer) into last from orders o
        where o.region_id = app_region() and o.institution_id = asked_institution
          and o.order_no like to_char(asked_on, 'YYYYMMDD') || '-%';
    return to_char(asked_on, 'YYYYMMDD') || '-' || to_char(coalesce(last, 0) + 1, 'FM9990000');
end
"""

_COUNT_OPEN = """
declare
    found bigint;
begin
    -- held until the commit: two orders of one person are counted one after the other, whatever the institutions
    perform pg_advisory_xact_lock(hashtextextended('orders.open/' || app_region() || asked_person, 0));
    select count(*) into found from orders o
        where o.region_id = app_region() and o.person_id = asked_person and o.state = any(asked_states)
          and app_sees_person(o.region_id, o.person_id);
    return found;
end
"""

_WORKS_AT = """
select exists (select 1 from practitioners p where p.region_id = app_region() and p.id = asked_practitioner
               and (asked_institution is null or p.institution_id = asked_institution) and p.active)
"""

_PLACED_BY_US = """
select exists (select 1 from orders o join account_institutions l
               on l.region_id = o.region_id and l.account_id = o.placed_by_account_id
               where o.region_id = app_region() and o.id = asked_order and l.institution_id = any(app_institutions())
                 and app_acts_for(o.region_id, o.person_id))
"""

_WITHIN_LIMIT = """
begin
    -- an order that was among these is not one more of them
    if tg_op = 'UPDATE' and old.state in (OPEN) and (old.region_id, old.person_id, old.institution_id)
            = (new.region_id, new.person_id, new.institution_id) then
        return new;
    end if;
    -- an older snapshot would not show what was committed while this waited for its turn
    if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'open orders are counted in read committed only' using errcode = '55000';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('orders.open/' || new.region_id || new.person_id, 0));
    if (select count(*) from orders o where o.region_id = new.region_id and o.person_id = new.person_id
        and o.state in (OPEN) and o.id <> new.id)
            >= (ALLOWED)::int then
        raise exception 'too many open orders' using errcode = '23514', constraint = 'orders_max_open_per_person';
    end if;
    return new;
end
"""


def create(order: type[SQLModel]) -> None:
    """Attach the functions to the table of orders."""
    # An elder sees his own orders only; the next number of an institution depends on all of them.
    fences.definer(
        order,
        "orders_next_no(asked_institution uuid, asked_on date)",
        "text",
        _NEXT_NO,
        language="plpgsql",
        volatile=True,
    )
    # How many orders of this person are open, at any institution? Only the number is told.
    fences.definer(
        order,
        "orders_count_open(asked_person uuid, asked_states text[])",
        "bigint",
        _COUNT_OPEN,
        language="plpgsql",
        volatile=True,
    )
    # No more open orders of a person than the setting allows, at all institutions together.
    within = _WITHIN_LIMIT.replace("OPEN", _OPEN).replace("ALLOWED", _ALLOWED)
    fences.definer(order, "orders_within_limit()", "trigger", within, language="plpgsql", volatile=True)
    # it fires without anybody's leave; nobody else hangs it on a table of his own
    fences.statement(order, f"revoke execute on function orders_within_limit from {fences.APP_ROLE}")
    fences.statement(
        order,
        "create trigger orders_within_limit before insert or update on orders"
        f" for each row when (new.state in ({_OPEN})) execute function orders_within_limit()",
    )
    # Did somebody who works where the asker works place this order? The staff of a care home cannot read the accounts.
    fences.definer(order, "orders_placed_by_us(asked_order uuid)", "boolean", _PLACED_BY_US)
    # May this practitioner be wished for at this institution (null: at any)? An elder cannot read the staff.
    fences.definer(order, "orders_works_at(asked_practitioner uuid, asked_institution uuid)", "boolean", _WORKS_AT)
