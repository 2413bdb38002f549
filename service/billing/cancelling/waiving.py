"""Whether a crew that went in vain costs nothing because of what is known of the person on that day."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing.cancelling import rules
from service.patients import usecases as patients


async def waiver_on(session: AsyncSession, *, region_id: UUID, person_id: UUID, on: date) -> rules.Waiver | None:
    """Return why a person pays nothing for a crew that went in vain on a day, None when he may have to.

    Raises:
        problems.NotFound: the fence does not let the person through.
    """
    person = await patients.get_person(session, region_id=region_id, person_id=person_id)
    stay = await patients.hospital_on(session, region_id=region_id, person_id=person_id, on=on)
    return rules.waiver_of(on, deceased_on=person.deceased_on, is_in_hospital=stay is not None)
