"""履约: what contracts granted and what was used of it, as the institution that signed them may ask."""

from typing import Final

from sqlmodel import SQLModel

from service.core.db import fences

_FULFILLED: Final = """
select c.id, e.code, e.cap,
       coalesce((select x.used_after from entitlement_entries x
                 where x.region_id = e.region_id and x.entitlement_id = e.id and x.posted_at < asked_until
                 order by x.seq desc limit 1), 0)
from contracts c
join entitlements e on e.region_id = c.region_id and e.person_id = c.person_id and e.source = 'contract'
                   and e.ref_id = c.id
where c.region_id = app_region() and c.id = any(asked_contracts) and c.institution_id = any(app_institutions())
"""


def create(entry: type[SQLModel]) -> None:
    """Attach the function: units (or uses) granted and used until a moment, item by item, of one's own contracts."""
    fences.definer(
        entry,
        "contracts_fulfilled(asked_contracts uuid[], asked_until timestamptz)",
        "table (contract_id uuid, code text, granted bigint, used bigint)",
        _FULFILLED,
    )
