"""An institution writes down how often somebody is to be seen, and neighbours ask what is due."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import usecases as catalog
from service.core import access, paging, problems
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.orders.rounds import repository, rules, schemas
from service.orders.rounds.models import RoundPlan
from service.orders.rules import OrderKind
from service.patients import usecases as patients
from service.patients.rules import Right

LISTING = "round-plans"


async def add_round_plan(
    session: AsyncSession, *, principal: Principal, asked: schemas.RoundPlanCreate, now: datetime
) -> schemas.RoundPlanRead:
    """Write down how often a person whom the institution cares for is to be seen.

    Raises:
        problems.NotFound: the institution or the person is not the principal's to see.
        catalog.errors.ItemUnknown: a service that the region has not listed.
        errors.IntervalImpossible, errors.RoundPlanImpossible: it cannot be kept by itself.
        errors.RoundPlanOverlaps: at the flush.
    """
    access.require_institution(principal, asked.institution_id)
    await patients.require_right(session, principal=principal, person_id=asked.person_id, right=Right.book, now=now)
    rules.refuse_days(asked.every_days, asked.minimum_days)
    rules.refuse_end(asked.valid_from, asked.valid_to)
    region_id = principal.region_id
    await catalog.refuse_unlisted(session, region_id=region_id, codes=[item.code for item in asked.items])
    row = RoundPlan(
        region_id=region_id,
        institution_id=asked.institution_id,
        person_id=asked.person_id,
        kind=asked.kind,
        items=[item.model_dump() for item in sorted(asked.items, key=lambda each: each.code)],
        every_days=asked.every_days,
        minimum_days=asked.minimum_days,
        weekdays=sorted(asked.weekdays),
        half_day=asked.half_day,
        mobility_reason=asked.mobility_reason,
        valid_from=asked.valid_from,
        valid_to=asked.valid_to,
        entered_by_account_id=principal.account_id,
        entered_at=now,
    )
    session.add(row)
    await session.flush()
    return schemas.RoundPlanRead.of(_facts(row))


async def end_round_plan(
    session: AsyncSession, *, principal: Principal, round_plan_id: UUID, change: schemas.RoundPlanEnd
) -> schemas.RoundPlanRead:
    """Set the last day of a round plan, or take it away.

    Raises:
        problems.NotFound: there is no such plan at the principal's institutions.
        errors.RoundPlanImpossible: it would end before it starts.
        errors.RoundPlanOverlaps: at the flush.
    """
    row = await repository.find_round_plan(
        session, region_id=principal.region_id, round_plan_id=round_plan_id, lock=True
    )
    if row is None or row.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="巡诊计划")
    rules.refuse_end(row.valid_from, change.valid_to)
    row.valid_to = change.valid_to
    await session.flush()
    return schemas.RoundPlanRead.of(_facts(row))


async def list_round_plans(
    session: AsyncSession,
    *,
    principal: Principal,
    person_id: UUID | None,
    page: paging.PageRequest,
    cursors: paging.Cursors,
) -> paging.Page[schemas.RoundPlanRead]:
    """Return a page of the round plans of the principal's institutions."""
    found = await repository.list_page(
        session,
        region_id=principal.region_id,
        institution_ids=principal.institution_ids,
        person_id=person_id,
        page=page,
    )
    return paging.page_of(
        found,
        request=page,
        read=lambda row: schemas.RoundPlanRead.of(_facts(row)),
        last=lambda row: row.id,
        cursors=cursors,
        listing=LISTING,
    )


async def plans_in_force(
    session: AsyncSession, *, region_id: UUID, institution_ids: Collection[UUID], first: date, last: date
) -> list[rules.RoundPlanFacts]:
    """Return the round plans of some institutions in force on any of the days first … last, by id."""
    rows = await repository.list_in_force(
        session, region_id=region_id, institution_ids=institution_ids, first=first, last=last
    )
    return [_facts(row) for row in rows]


async def days_seen(
    session: AsyncSession, *, region_id: UUID, plans: Collection[rules.RoundPlanFacts], first: date, last: date
) -> Mapping[UUID, list[date]]:
    """Return round plan → the days on which its institution saw the person so, or is ordered to, in order.

    Told are those that bear upon the days first … last (both included): as far before and after them as the longest
    interval of the plans reaches. Plans of one institution, person and kind share their list.
    """
    if not plans:
        return {}
    reach = timedelta(days=max(each.every_days for each in plans))
    found = await repository.days_seen(
        session,
        region_id=region_id,
        institution_ids=sorted({each.institution_id for each in plans}),
        person_ids=sorted({each.person_id for each in plans}),
        first=first - reach,
        last=last + reach,
    )
    seen: defaultdict[tuple[UUID, UUID, OrderKind], list[date]] = defaultdict(list, found)
    return {each.id: seen[each.institution_id, each.person_id, each.kind] for each in plans}


async def hours_on(session: AsyncSession, *, region_id: UUID, institution_id: UUID, on: date) -> rules.Hours:
    """Return when the halves of a day are at an institution."""
    values = await institutions.settings_on(session, region_id=region_id, institution_id=institution_id, on=on)
    return rules.hours_of(values)


async def hold_round_plan(session: AsyncSession, *, region_id: UUID, round_plan_id: UUID) -> rules.RoundPlanFacts:
    """Return a round plan and hold it until the commit: its orders are made by one at a time.

    Raises:
        problems.NotFound: there is none that the fence shows.
    """
    row = await repository.find_round_plan(session, region_id=region_id, round_plan_id=round_plan_id, lock=True)
    if row is None:
        raise problems.NotFound(what="巡诊计划")
    return _facts(row)


def _facts(row: RoundPlan) -> rules.RoundPlanFacts:
    return rules.RoundPlanFacts(
        id=row.id,
        institution_id=row.institution_id,
        kind=OrderKind(row.kind),
        person_id=row.person_id,
        items=tuple((item["code"], item["quantity"]) for item in row.items),
        every_days=row.every_days,
        minimum_days=row.minimum_days,
        weekdays=frozenset(row.weekdays),
        half_day=rules.HalfDay(row.half_day),
        mobility_reason=row.mobility_reason,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        entered_by_account_id=row.entered_by_account_id,
        entered_at=row.entered_at,
    )
