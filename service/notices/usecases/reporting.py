"""Delivery reports: repeated, late and unknown ones change nothing."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import logs
from service.notices import repository, schemas

_log = logs.get_logger("notices")


async def receive_reports(session: AsyncSession, *, reports: Sequence[schemas.SmsReport]) -> int:
    """Write down which messages arrived and which did not; return how many reports were news."""
    news = 0
    for each in reports:
        found = read_out_id(each.out_id)
        known = found is not None and await repository.report(
            session, *found, provider_id=each.biz_id, success=each.success, code=each.err_code
        )
        if not known:
            _log.info("report without a notice", provider=each.biz_id)
        news += known
    return news


def read_out_id(text: str) -> tuple[UUID, UUID] | None:
    """Return the region and the notice that a report names, None when it names none of ours."""
    if len(text) != 64:
        return None
    try:
        return UUID(text[:32]), UUID(text[32:])
    except ValueError:
        return None
