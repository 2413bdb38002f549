"""What a settlement did to the ledger: its entries with what stood before and after each, for the proof of a bill."""

from typing import Final

from sqlmodel import SQLModel

from service.core.db import fences

_ENTRIES: Final = """
select e.source, e.ref_id, e.code, e.period, e.cap, e.counting, x.seq, x.kind, x.units,
       coalesce(b.used_after, 0), coalesce(b.reserved_after, 0), x.used_after, x.reserved_after, x.posted_at
from entitlement_entries x
join entitlements e on e.region_id = x.region_id and e.id = x.entitlement_id
left join entitlement_entries b
       on b.region_id = x.region_id and b.entitlement_id = x.entitlement_id and b.seq = x.seq - 1
where x.region_id = app_region() and x.settlement_id = asked_settlement and app_may_ask(e.region_id, e.person_id)
order by e.source, e.ref_id, e.code, e.period, x.seq
"""


def create(entry: type[SQLModel]) -> None:
    """Attach the function: the entries that a settlement and its reversal appended, with their balances."""
    fences.definer(
        entry,
        "entitlements_traced(asked_settlement uuid)",
        "table (source text, ref_id uuid, code text, period text, cap bigint, counting text, seq int, kind text,"
        " units bigint, used_before bigint, reserved_before bigint, used_after bigint, reserved_after bigint,"
        " posted_at timestamptz)",
        _ENTRIES,
    )
