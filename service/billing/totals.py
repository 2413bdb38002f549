"""Sums over the live settlements of institutions and a period: what was billed, who paid, what was not paid twice."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.billing.words import Payer

_TOTALS: Final = text(
    """
with live as (
    select s.region_id, s.id, s.gross_fen, s.patient_fen from settlements s
    where s.region_id = :region and s.institution_id = any(:institutions) and s.service_on between :first and :last
      and not exists (select 1 from reversals r where r.region_id = s.region_id and r.settlement_id = s.id)
), lines as (
    select l.* from live join bill_lines l on l.region_id = live.region_id and l.settlement_id = live.id
)
select (select count(*) from live) as bills,
       (select coalesce(sum(gross_fen), 0) from live)::bigint as gross_fen,
       (select coalesce(sum(patient_fen), 0) from live)::bigint as patient_fen,
       (select coalesce(sum(gross_fen), 0) from lines
        where code in ('VISIT_FEE', 'CANCELLATION'))::bigint as visit_fee_fen,
       (select coalesce(sum(gross_fen), 0) from lines)::bigint as lines_fen,
       (select count(*) from lines where status = 'waived') as fees_waived
"""
)
_BY_SOURCE: Final = text(
    """
select f.source, count(*) as parts, sum(f.amount_fen)::bigint as amount_fen
from settlements s
join bill_fundings f on f.region_id = s.region_id and f.settlement_id = s.id
where s.region_id = :region and s.institution_id = any(:institutions) and s.service_on between :first and :last
  and not exists (select 1 from reversals r where r.region_id = s.region_id and r.settlement_id = s.id)
group by f.source
"""
)


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a period; `by_source` maps who paid to (parts of lines, fen)."""

    bills: int
    gross_fen: int
    lines_fen: int
    visit_fee_fen: int
    patient_fen: int
    fees_waived: int
    by_source: Mapping[Payer, tuple[int, int]]


async def sum_up(
    session: AsyncSession, *, region_id: UUID, institution_ids: Collection[UUID], first: date, last: date
) -> Totals:
    """Return the sums of the live settlements with service dates from `first` to `last`, both included."""
    asked = {"region": region_id, "institutions": list(institution_ids), "first": first, "last": last}
    row = (await session.execute(_TOTALS, asked)).one()
    paid = await session.execute(_BY_SOURCE, asked)
    return Totals(
        bills=row.bills,
        gross_fen=row.gross_fen,
        lines_fen=row.lines_fen,
        visit_fee_fen=row.visit_fee_fen,
        patient_fen=row.patient_fen,
        fees_waived=row.fees_waived,
        by_source={Payer(each.source): (each.parts, each.amount_fen) for each in paid},
    )
