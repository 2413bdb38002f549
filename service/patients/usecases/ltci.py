"""A person's long-term care grade (长期护理保险失能等级): one at a time in the region, wherever he was assessed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import dates, problems
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.patients import ltci_repository, ltci_rules, rules, schemas
from service.patients import ltci_schemas as forms
from service.patients.ltci_models import LtciAssessment
from service.patients.usecases import answers


async def ltci_on(session: AsyncSession, *, region_id: UUID, person_id: UUID, on: date) -> ltci_rules.LtciFacts | None:
    """Return a person's grade on a day, whichever district assessed him; None when he was not."""
    rows = await ltci_repository.ASSESSMENTS.ask(session, region_id=region_id, person_id=person_id)
    found = [ltci_rules.LtciFacts(row.grade, row.valid_from, row.valid_to) for row in rows]
    return next(iter(dates.in_force(found, on)), None)


async def add_assessment(
    session: AsyncSession, *, principal: Principal, person_id: UUID, draft: forms.AssessmentCreate, now: datetime
) -> ltci_rules.AssessmentFacts:
    """Register a grade; a running one that began earlier ends the day before.

    Raises:
        problems.NotFound: one's institution does not care for such a person, or there is no such district.
        EndsBeforeStart: the period is none.
        AssessmentsOverlap: at the flush; another grade holds on part of these days.
    """
    region_id = principal.region_id
    await answers.require_care(session, principal=principal, person_id=person_id, now=now)
    rules.refuse_end_before_start(draft.valid_from, draft.valid_to)
    district = await institutions.get_district(session, region_id=region_id, district_id=draft.district_id)
    running = await ltci_repository.find_running(session, region_id, person_id)
    if running is not None:
        running.valid_to = ltci_rules.ends_before(running.valid_from, draft.valid_from)
        await session.flush()  # before the insert: the constraint would not let both stand
    row = LtciAssessment(region_id=region_id, person_id=person_id, **draft.model_dump())
    session.add(row)
    await session.flush()
    return _facts(row, district.name)


async def list_assessments(
    session: AsyncSession, *, principal: Principal, person_id: UUID, now: datetime
) -> list[ltci_rules.AssessmentFacts]:
    """Return every assessment of a person, the oldest first.

    Raises:
        problems.NotFound, RightMissing: the principal may not see the person.
    """
    await answers.require_right(session, principal=principal, person_id=person_id, right=rules.Right.view, now=now)
    found = await ltci_repository.list_assessments(session, principal.region_id, person_id)
    return [await _told(session, row) for row in found]


async def end_assessment(
    session: AsyncSession,
    *,
    principal: Principal,
    person_id: UUID,
    row_id: UUID,
    change: schemas.DatedUpdate,
    now: datetime,
) -> ltci_rules.AssessmentFacts:
    """Set the last day of a grade, or take it away.

    Raises:
        problems.NotFound: one's institution does not care for such a person, or he has no such assessment.
        EndsBeforeStart: the period would be none.
        AssessmentsOverlap: at the flush; it would reach into the next one.
    """
    await answers.require_care(session, principal=principal, person_id=person_id, now=now)
    row = await ltci_repository.find_assessment(session, principal.region_id, person_id, row_id)
    if row is None:
        raise problems.NotFound(what="失能等级评估")
    rules.refuse_end_before_start(row.valid_from, change.valid_to)
    row.valid_to = change.valid_to
    await session.flush()
    return await _told(session, row)


async def _told(session: AsyncSession, row: LtciAssessment) -> ltci_rules.AssessmentFacts:
    district = await institutions.get_district(session, region_id=row.region_id, district_id=row.district_id)
    return _facts(row, district.name)


def _facts(row: LtciAssessment, district_name: str) -> ltci_rules.AssessmentFacts:
    return ltci_rules.AssessmentFacts(
        id=row.id,
        grade=row.grade,
        district_id=row.district_id,
        district_name=district_name,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )
