"""What whoever helps a neighbour institution out sees and writes of it: the one visit at which he is promised.

By an overflow agreement a nurse goes to the door of another institution's elder. The fence shows her that order, its
appointments, its visit and its home for as long as she is booked for it or has set out to it, and until the day after
it; of her own crews' stays, the end of which her next departure writes, wherever they were. It shows her nothing else
of the institution's: neither the person's record, nor his other orders, nor what is billed.
"""

from sqlmodel import SQLModel

from service.core.clock import LOCAL
from service.core.db import fences

# A booking that was released shows nothing, unless the visit has begun: who found nobody at home still leaves.
_HELPED = """
select coalesce(array_agg(distinct a.order_id), '{}') from practitioners p
join appointments a on a.region_id = p.region_id and a.practitioner_id = p.id and a.overflow_agreement_id is not null
    and a.service_on >= (app_now() at time zone 'local')::date - 1
where p.region_id = app_region() and p.account_id = app_account() and p.institution_id = any(app_institutions())
  and (a.state = 'booked' or exists (
      select 1 from visits v join visit_staff s on s.region_id = v.region_id and s.visit_id = v.id
      where v.region_id = a.region_id and v.order_id = a.order_id and v.state <> 'prepared'
        and s.practitioner_id = p.id))
""".replace("'local'", f"'{LOCAL.key}'")

_HELPED_HOMES = """
select coalesce(array_agg(distinct o.home_id), '{}') from orders o
where o.region_id = app_region() and o.id = any(app_helped_orders())
"""

_MYSELF = """
select p.id from practitioners p
where p.region_id = app_region() and p.account_id = app_account() and p.institution_id = any(app_institutions())
"""

# Each is asked once a statement, and only where a row is not let through before it.
_ORDER = f"{fences.Fence.region} and ORDER = any((select app_helped_orders())::uuid[])"
_HOME = f"{fences.Fence.region} and HOME = any((select app_helped_homes())::uuid[])"
_NEIGHBOURS = "institution_id <> all((select app_institutions())::uuid[])"
_MY_CREWS = f"{fences.Fence.region} and position((select app_practitioner())::text in crew_key) > 0"
_AS_ORDERED = (
    "exists (select 1 from orders o where o.region_id = visits.region_id and o.id = visits.order_id"
    " and (o.institution_id, o.person_id) = (visits.institution_id, visits.person_id))"
)

# Policies are alternatives: who is let through to a row by one of these could make it a row of her own institution by
# another one. And an order that names another home would show her that home.
_STAYS = """
begin
    if WHERE then
        raise exception 'stays as it is' using errcode = '42501';
    end if;
    return new;
end
"""
_OF_ORDERS = (
    "id, region_id, institution_id, order_no, kind, person_id, home_id, service_on, wished, staff_count,"
    " mobility_reason, preferred_practitioner_id, staff_sex, preferred_only, excluded_practitioner_ids, same_staff,"
    " also_wished, staff_sex_required,"
    " distance_metres, round_plan_id, round_owed_on, round_apart_days, placed_by_account_id, placed_at"
)
"""All but the state: who helps out moves an order on and changes nothing of it."""
_STAYING = (
    ("orders", _OF_ORDERS, "old.id = any(app_helped_orders())"),
    ("visits", "id, region_id, institution_id, order_id, person_id", "new is distinct from old"),
    ("trips", "id, region_id, institution_id, home_id, crew_key", "new is distinct from old"),
)
"""Table, the columns that stay, and for whom: what visit or stay it is never changes for anybody."""


def create(visit: type[SQLModel]) -> None:
    """Attach to the table of visits, the last that it names: policies beside those that let the institution through."""
    fences.definer(visit, "app_helped_orders()", "uuid[]", _HELPED)
    fences.definer(visit, "app_helped_homes()", "uuid[]", _HELPED_HOMES)
    fences.definer(visit, "app_practitioner()", "uuid", _MYSELF)
    helped, ours = _ORDER.replace("ORDER", "order_id"), _ORDER.replace("ORDER", "id")
    at_home = _HOME.replace("HOME", "home_id")
    for policy in (
        f"appointments_helped on appointments for select using ({helped})",
        # an order is moved on by what happens at the door; it stays where it was placed
        f"orders_helped on orders for select using ({ours})",
        f"orders_helped_moves on orders for update using ({ours}) with check ({ours})",
        f"homes_helped on homes for select using ({_HOME.replace('HOME', 'id')})",
        f"visits_helped on visits for select using ({helped})",
        f"visits_helped_adds on visits for insert with check ({helped} and {_NEIGHBOURS} and {_AS_ORDERED})",
        f"visits_helped_changes on visits for update using ({helped}) with check ({helped} and {_AS_ORDERED})",
        f"trips_helped on trips for select using ({_MY_CREWS})",
        f"trips_helped_adds on trips for insert with check ({_MY_CREWS} and {at_home})",
        f"trips_helped_changes on trips for update using ({_MY_CREWS}) with check ({_MY_CREWS})",
    ):
        fences.statement(visit, f"create policy {policy}")
    for table, columns, where in _STAYING:
        body = _STAYS.strip().replace("WHERE", where)
        fences.statement(
            visit, f"create function {table}_stay() returns trigger language plpgsql as $body$\n{body}\n$body$"
        )
        fences.statement(
            visit,
            f"create trigger {table}_stay before update of {columns} on {table} for each row"
            f" execute function {table}_stay()",
        )
