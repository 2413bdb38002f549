"""The phone of a person, in the clear: for a gateway that must dial it, never for an answer."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import problems
from service.core.http import House
from service.patients import repository
from service.patients.usecases.people import PHONE


async def open_phone(session: AsyncSession, *, house: House, region_id: UUID, person_id: UUID) -> str | None:
    """Return a person's phone as E.164, None when none is known or the person has died.

    Raises:
        problems.NotFound: the fence lets no such person through.
    """
    row = await repository.find_person(session, region_id, person_id)
    if row is None:
        raise problems.NotFound(what="居民")
    if row.phone_sealed is None or row.deceased_on is not None:
        return None
    return house.cipher.open(row.phone_sealed, context=PHONE)
