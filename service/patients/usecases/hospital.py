"""A person's stays in hospital (住院): noted by whoever cares for him, known in the whole region.

Whoever lies in a hospital is not visited at home: what is billed for such a day is looked at by a human first.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import problems
from service.core.jobs import queue
from service.core.principal import Principal
from service.patients import hospital_repository, hospital_rules, rules
from service.patients import hospital_schemas as forms
from service.patients.hospital_models import HospitalStay
from service.patients.usecases import answers


async def hospital_on(
    session: AsyncSession, *, region_id: UUID, person_id: UUID, on: date
) -> hospital_rules.StayFacts | None:
    """Return in which hospital a person is known to lie on a day, or None."""
    return hospital_rules.find_on(await hospital_stays(session, region_id=region_id, person_id=person_id), on)


async def hospital_stays(session: AsyncSession, *, region_id: UUID, person_id: UUID) -> list[hospital_rules.StayFacts]:
    """Return every stay that is known of a person, the oldest first, to a room that asks for many days."""
    rows = await hospital_repository.STAYS.ask(session, region_id=region_id, person_id=person_id)
    return [_facts(row) for row in rows]


async def add_hospital_stay(
    session: AsyncSession, *, principal: Principal, person_id: UUID, draft: forms.HospitalStayCreate, now: datetime
) -> hospital_rules.StayFacts:
    """Note that a person is, or was, in hospital.

    Raises:
        problems.NotFound: one's institution does not care for such a person.
        EndsBeforeStart: the discharge lies before the admission.
        HospitalStaysOverlap: at the flush; he lies in a hospital on part of these days already.
    """
    await answers.require_care(session, principal=principal, person_id=person_id, now=now)
    hospital_rules.refuse_discharge_before_admission(draft.admitted_on, draft.discharged_on)
    row = HospitalStay(
        region_id=principal.region_id,
        person_id=person_id,
        **draft.model_dump(),
        noted_by_account_id=principal.account_id,
        noted_at=now,
    )
    session.add(row)
    await session.flush()
    await tell_of_absence(session, principal, person_id)
    return _facts(row)


async def list_hospital_stays(
    session: AsyncSession, *, principal: Principal, person_id: UUID, now: datetime
) -> list[hospital_rules.StayFacts]:
    """Return every stay that is known of a person, the oldest first.

    Raises:
        problems.NotFound, RightMissing: the principal may not see the person.
    """
    await answers.require_right(session, principal=principal, person_id=person_id, right=rules.Right.view, now=now)
    return await hospital_stays(session, region_id=principal.region_id, person_id=person_id)


async def end_hospital_stay(
    session: AsyncSession,
    *,
    principal: Principal,
    person_id: UUID,
    stay_id: UUID,
    change: forms.HospitalStayUpdate,
    now: datetime,
) -> hospital_rules.StayFacts:
    """Set the day of discharge, or take it away.

    Raises:
        problems.NotFound: one's institution does not care for such a person, or he has no such stay.
        EndsBeforeStart: the discharge would lie before the admission.
        HospitalStaysOverlap: at the flush; the stay would reach into the next one.
    """
    await answers.require_care(session, principal=principal, person_id=person_id, now=now)
    row = await hospital_repository.find_stay(session, principal.region_id, person_id, stay_id)
    if row is None:
        raise problems.NotFound(what="住院记录")
    hospital_rules.refuse_discharge_before_admission(row.admitted_on, change.discharged_on)
    row.discharged_on = change.discharged_on
    await session.flush()
    await tell_of_absence(session, principal, person_id)
    return _facts(row)


async def tell_of_absence(session: AsyncSession, principal: Principal, person_id: UUID) -> None:
    """Tell that a death or a stay in hospital was written down: what was charged for its days may be taken back."""
    await queue.enqueue(session, rules.PERSON_AWAY, queue.Job.of(principal, person_id))


def _facts(row: Any) -> hospital_rules.StayFacts:
    return hospital_rules.StayFacts(row.id, row.hospital, row.admitted_on, row.discharged_on)
