"""A person's key groups and medical insurances: dated rows, ended rather than removed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import problems
from service.core.principal import Principal
from service.patients import facts, repository, rules, schemas
from service.patients.models import Coverage, KeyGroupRow
from service.patients.usecases import answers


async def add_key_group(
    session: AsyncSession, *, principal: Principal, person_id: UUID, draft: schemas.KeyGroupCreate, now: datetime
) -> rules.KeyGroupFacts:
    """Register that a person belongs to a key group.

    Raises:
        problems.NotFound: one's institution does not care for such a person.
        EndsBeforeStart: the period is none.
        KeyGroupAlready: at the flush.
    """
    await answers.require_care(session, principal=principal, person_id=person_id, now=now)
    rules.refuse_end_before_start(draft.valid_from, draft.valid_to)
    row = KeyGroupRow(region_id=principal.region_id, person_id=person_id, **draft.model_dump())
    session.add(row)
    await session.flush()
    return facts.key_group(row)


async def list_key_groups(
    session: AsyncSession, *, principal: Principal, person_id: UUID, now: datetime
) -> list[rules.KeyGroupFacts]:
    """Return every key group of a person, the oldest first.

    Raises:
        problems.NotFound, RightMissing: the principal may not see the person.
    """
    await answers.require_right(session, principal=principal, person_id=person_id, right=rules.Right.view, now=now)
    rows = await repository.list_key_groups(session, principal.region_id, [person_id])
    return [facts.key_group(row) for row in rows]


async def end_key_group(
    session: AsyncSession,
    *,
    principal: Principal,
    person_id: UUID,
    row_id: UUID,
    change: schemas.DatedUpdate,
    now: datetime,
) -> rules.KeyGroupFacts:
    """Set the last day of a key group, or take it away.

    Raises:
        problems.NotFound: one's institution does not care for such a person, or he has no such row.
        EndsBeforeStart: the period would be none.
        KeyGroupAlready: at the flush.
    """
    await answers.require_care(session, principal=principal, person_id=person_id, now=now)
    row = await repository.find_key_group(session, principal.region_id, person_id, row_id)
    if row is None:
        raise problems.NotFound(what="重点人群记录")
    rules.refuse_end_before_start(row.valid_from, change.valid_to)
    row.valid_to = change.valid_to
    await session.flush()
    return facts.key_group(row)


async def add_coverage(
    session: AsyncSession, *, principal: Principal, person_id: UUID, draft: schemas.CoverageCreate, now: datetime
) -> rules.CoverageFacts:
    """Register a person's medical insurance; there is one at a time.

    Raises:
        problems.NotFound: one's institution does not care for such a person.
        EndsBeforeStart: the period is none.
        CoverageOverlaps: at the flush.
    """
    await answers.require_care(session, principal=principal, person_id=person_id, now=now)
    rules.refuse_end_before_start(draft.valid_from, draft.valid_to)
    row = Coverage(region_id=principal.region_id, person_id=person_id, **draft.model_dump())
    session.add(row)
    await session.flush()
    return facts.coverage(row)


async def list_coverages(
    session: AsyncSession, *, principal: Principal, person_id: UUID, now: datetime
) -> list[rules.CoverageFacts]:
    """Return every medical insurance of a person, the oldest first.

    Raises:
        problems.NotFound, RightMissing: the principal may not see the person.
    """
    await answers.require_right(session, principal=principal, person_id=person_id, right=rules.Right.view, now=now)
    return [facts.coverage(row) for row in await repository.list_coverages(session, principal.region_id, person_id)]


async def end_coverage(
    session: AsyncSession,
    *,
    principal: Principal,
    person_id: UUID,
    row_id: UUID,
    change: schemas.DatedUpdate,
    now: datetime,
) -> rules.CoverageFacts:
    """Set the last day of a medical insurance, or take it away.

    Raises:
        problems.NotFound: one's institution does not care for such a person, or he has no such row.
        EndsBeforeStart: the period would be none.
        CoverageOverlaps: at the flush.
    """
    await answers.require_care(session, principal=principal, person_id=person_id, now=now)
    row = await repository.find_coverage(session, principal.region_id, person_id, row_id)
    if row is None:
        raise problems.NotFound(what="参保记录")
    rules.refuse_end_before_start(row.valid_from, change.valid_to)
    row.valid_to = change.valid_to
    await session.flush()
    return facts.coverage(row)
