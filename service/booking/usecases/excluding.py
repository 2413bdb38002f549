"""A family's standing no: who is not to come to a person any more, whichever order it is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.booking import schemas
from service.booking.usecases import checks
from service.core.principal import Principal
from service.orders import usecases as orders
from service.patients import usecases as patients
from service.patients.rules import CareFacts


async def exclude_practitioners(
    session: AsyncSession, *, principal: Principal, person_id: UUID, asked: schemas.ExclusionsPut, now: datetime
) -> schemas.ExclusionsRead:
    """Keep who is not to come to a person any more, in place of those before; plans made from now on hold to it.

    Who has been on the list may stay there when he has left.

    Raises:
        problems.NotFound: the person is not the principal's to see, or somebody new on the list works nowhere here.
        patients.errors.RightMissing: a proxy without the right `book`.
    """
    region_id = principal.region_id
    await checks.require_booking(session, principal=principal, person_id=person_id, now=now)
    known = await patients.care_of(session, region_id=region_id, person_ids=[person_id])
    before = known.get(person_id, CareFacts()).excluded_practitioner_ids
    for each in asked.practitioner_ids:
        if each not in before:
            await orders.require_practitioner(session, practitioner_id=each)
    await patients.exclude_practitioners(
        session, region_id=region_id, person_id=person_id, practitioner_ids=asked.practitioner_ids
    )
    return schemas.ExclusionsRead(person_id=person_id, practitioner_ids=asked.practitioner_ids)
