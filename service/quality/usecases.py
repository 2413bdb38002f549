"""What people ask about quality."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from service.core.clock import local_date
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.quality import repository, rules, schemas


async def read_ratios(
    session: AsyncSession, *, principal: Principal, first: str, last: str, now: datetime
) -> schemas.RatiosRead:
    """Return the ratios of the region's months from `first` to `last` (YYYY-MM), both included.

    Raises:
        MonthsDoNotFit: too many months, out of order, or one that has not begun.
    """
    today = local_date(now)
    begins, ends = date.fromisoformat(f"{first}-01"), date.fromisoformat(f"{last}-01")
    rules.refuse_months(begins, ends, today)
    minimum = await institutions.setting(
        session, region_id=principal.region_id, institution_id=None, key=settings.REPORTS_MINIMUM_COUNT, on=today
    )
    counts = await repository.list_month_counts(session, begins, ends)
    found = [schemas.MonthRatiosRead.of(each) for each in rules.ratios(counts, minimum)]
    return schemas.RatiosRead(minimum_count=minimum, items=found)
