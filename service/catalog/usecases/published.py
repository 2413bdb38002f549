"""The published list of institutions that may serve at home (R006): no log-in, the region named by its code."""

from datetime import date, datetime

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import schemas
from service.core import problems
from service.core.clock import local_date
from service.core.db.session import raise_fence
from service.core.paging import PageRequest
from service.core.principal import Fence
from service.institutions import rules as institution_rules
from service.institutions import usecases as institutions


async def list_published(
    session: AsyncSession,
    *,
    region_code: str,
    district_code: str | None,
    mode: institution_rules.ServiceMode | None,
    on: date | None,
    page: PageRequest,
    now: datetime,
) -> tuple[date, list[schemas.PublishedInstitution]]:
    """Return the day asked for (today by default) and a page (and one more) of the institutions qualified then.

    Qualified is who has a licence and a registered service mode (`mode`, if asked) in force that day.

    Raises:
        problems.NotFound: no such region.
    """
    region = await institutions.find_region(session, code=region_code)
    if region is None:
        raise problems.NotFound(what="统筹区")
    # nobody is logged in: the transaction sees the region's public rows, no institution's own and no person's
    await raise_fence(session, Fence(region_id=region.id), now)
    day = on or local_date(now)
    found = await institutions.list_qualified(session, region_id=region.id, on=day, district_code=district_code)
    asked = [each for each in found if mode in {None, *(row.mode for row in each.modes)}]
    after = [each for each in asked if page.after is None or each.institution.id > page.after]
    listed = sorted(after, key=lambda each: each.institution.id)
    return day, [_read(each) for each in listed[: page.limit + 1]]


def _read(facts: institution_rules.QualifiedFacts) -> schemas.PublishedInstitution:
    institution = facts.institution
    return schemas.PublishedInstitution(
        id=institution.id,
        code=institution.code,
        name=institution.name,
        district_code=facts.district.code,
        district_name=facts.district.name,
        address=institution.address,
        phone=institution.published_phone,
        licence_no=institution.licence_no,
        modes=[
            schemas.PublishedMode(
                mode=row.mode, registration_no=row.registration_no, valid_from=row.valid_from, valid_to=row.valid_to
            )
            for row in sorted(facts.modes, key=lambda row: (row.mode, row.valid_from))
        ],
    )
