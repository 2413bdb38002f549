"""The one query of quality."""

from datetime import date

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.quality import rules

_COUNTS = text("select * from quality_month_counts(:first, :last)")


async def list_month_counts(session: AsyncSession, first: date, last: date) -> list[rules.MonthCounts]:
    """Return the counts of the months in which orders of the fence's region fell due."""
    found = await session.execute(_COUNTS, {"first": first, "last": last})
    return [rules.MonthCounts(**row) for row in found.mappings()]
