"""Narrow questions about orders across the fence, and the locks that make their answers hold until the commit."""

from sqlmodel import SQLModel

from service.core.db import fences

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
               and p.institution_id = asked_institution and p.active)
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
    # May this practitioner be wished for at this institution? An elder cannot read the staff.
    fences.definer(order, "orders_works_at(asked_practitioner uuid, asked_institution uuid)", "boolean", _WORKS_AT)
