"""What lies in the database when nobody settles any more, read by SQL as the owner: sums, chains, journal, invoices."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

_BILLS = text(
    """
select count(*) as bills, count(distinct visit_id) as visits, coalesce(sum(gross_fen), 0)::bigint as gross,
       coalesce(sum(patient_fen), 0)::bigint as patient,
       (select count(*) from reversals where region_id = :region) as reversals,
       (select count(*) from orders where region_id = :region and state = 'closed') as closed,
       (select count(*) from parked_settlements where region_id = :region) as parked
from settlements where region_id = :region
"""
)
# of each trip and home: its fee, and what its bills took of it
_FEES = text(
    """
select count(*) as fees, count(distinct (f.trip_id, f.home_id)) as homes,
       coalesce(sum(f.fee_fen), 0)::bigint as due, coalesce(sum(l.taken), 0)::bigint as taken,
       count(*) filter (where l.taken > f.fee_fen or (l.taken is distinct from f.fee_fen and not l.waived)) as uneven
from visit_fees f
left join lateral (
    select sum(l.gross_fen) as taken, bool_or(l.status = 'waived') as waived from settlements s
    join bill_lines l on l.region_id = s.region_id and l.settlement_id = s.id and l.code = 'VISIT_FEE'
    where s.region_id = f.region_id and s.trip_id = f.trip_id and s.home_id = f.home_id
) l on true
where f.region_id = :region
"""
)
_PAID = text(
    "select source, sum(amount_fen)::bigint as fen from bill_fundings where region_id = :region group by source"
)
_USED = text(
    """
select e.source, sum(case x.kind when 'consume' then x.units when 'reverse' then -x.units else 0 end)::bigint as used
from entitlements e join entitlement_entries x on x.region_id = e.region_id and x.entitlement_id = e.id
where e.region_id = :region group by e.source
"""
)
# every chain added up anew: what its entries say stands beside what they make together
_CHAINS = text(
    """
select count(*) from (
    select e.seq, e.used_after, e.reserved_after, t.cap,
           row_number() over chain as place,
           sum(case when e.kind in ('consume', 'opening') then e.units when e.kind = 'reverse' then -e.units
                    else 0 end) over chain as used,
           sum(case e.kind when 'reserve' then e.units when 'release' then -e.units else 0 end) over chain as reserved
    from entitlement_entries e join entitlements t on t.region_id = e.region_id and t.id = e.entitlement_id
    where e.region_id = :region
    window chain as (partition by e.entitlement_id order by e.seq)
) entries
where seq <> place or used_after <> used or reserved_after <> reserved or used < 0 or reserved < 0
   or used + reserved > cap
"""
)
# a bill whose lines, payers or entries do not come to it
_UNEVEN = text(
    """
select count(*) from settlements s
where s.region_id = :region and (
    s.gross_fen <> (select coalesce(sum(l.gross_fen), 0) from bill_lines l
                    where l.region_id = s.region_id and l.settlement_id = s.id)
    or s.gross_fen <> (select coalesce(sum(f.amount_fen), 0) from bill_fundings f
                       where f.region_id = s.region_id and f.settlement_id = s.id)
    or s.gross_fen <> (select coalesce(sum(e.gross_fen), 0) from journal_entries e
                       where e.region_id = s.region_id and e.source = 'settlement' and e.source_id = s.id))
"""
)
_JOURNAL = text(
    """
select coalesce(sum(l.debit_fen), 0)::bigint as debits, coalesce(sum(l.credit_fen), 0)::bigint as credits,
       count(distinct l.book) as books
from journal_lines l where l.region_id = :region
"""
)
_INVOICES = text(
    """
select count(*) as invoices, coalesce(max(number), 0) as last, coalesce(sum(gross_fen), 0)::bigint as gross,
       count(distinct (institution_id, year)) as series
from invoices where region_id = :region
"""
)


@dataclass(frozen=True)
class Found:
    """What lies there of one region."""

    bills: dict[str, int]
    fees: dict[str, int]
    paid: dict[str, int]
    used: dict[str, int]
    journal: dict[str, int]
    invoices: dict[str, int]
    broken_chains: int
    uneven_bills: int

    def faults(self) -> list[str]:
        """Return what may never be, whatever was settled."""
        of = self.bills
        judged = {
            "a visit with two bills": of["bills"] != of["visits"],
            "bills are not their payers' sum": of["gross"] != sum(self.paid.values()),
            "a bill is not its lines, its payers, its entries": self.uneven_bills != 0,
            "the families' part is not theirs": of["patient"] != self.paid.get("self_pay", 0),
            "a trip and home with two fees": self.fees["fees"] != self.fees["homes"],
            "a fee that its bills do not make": self.fees["uneven"] != 0,
            "the journal does not balance": self.journal["debits"] != self.journal["credits"],
            "the journal is not the bills": self.journal["debits"] != of["gross"],
            "a gap in the invoices": self.invoices["series"] != 1 or self.invoices["last"] != self.invoices["invoices"],
            "the invoices are not the bills": (self.invoices["invoices"], self.invoices["gross"])
            != (of["bills"], of["gross"]),
            "a chain that does not add up, or is below 0 or above its cap": self.broken_chains != 0,
        }
        return [what for what, wrong in judged.items() if wrong]


async def look(owner: AsyncEngine, region_id: UUID) -> Found:
    """Read everything of a region."""
    async with owner.connect() as connection:

        async def one(query: Any) -> dict[str, int]:
            return dict((await connection.execute(query, {"region": region_id})).mappings().one())

        async def each(query: Any) -> dict[str, int]:
            return {row[0]: row[1] for row in await connection.execute(query, {"region": region_id})}

        async def number(query: Any) -> int:
            return int((await connection.execute(query, {"region": region_id})).scalar_one())

        return Found(
            bills=await one(_BILLS),
            fees=await one(_FEES),
            paid=await each(_PAID),
            used=await each(_USED),
            journal=await one(_JOURNAL),
            invoices=await one(_INVOICES),
            broken_chains=await number(_CHAINS),
            uneven_bills=await number(_UNEVEN),
        )
