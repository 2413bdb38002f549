"""Where an account wants to be told about the people it acts for: its own to set, and to take away."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from service.core.http import House
from service.core.principal import Principal
from service.notices import repository, schemas
from service.notices.models import NoticeContact
from service.notices.usecases import sealing
from service.patients import numbers


async def read_contact(session: AsyncSession, *, principal: Principal, house: House) -> schemas.ContactRead:
    """Return the principal's own contact."""
    row = await repository.find_contact(session, principal.region_id, principal.account_id)
    if row is None:
        return schemas.ContactRead(phone_masked=None, set_at=None)
    phone = house.cipher.open(row.phone_sealed, context=sealing.CONTACT)
    return schemas.ContactRead(phone_masked=numbers.mask_phone(phone), set_at=row.set_at)


async def put_contact(
    session: AsyncSession, *, principal: Principal, house: House, asked: schemas.ContactPut, now: datetime
) -> schemas.ContactRead:
    """Set or take away the phone at which the principal's account is told.

    Raises:
        patients.errors.PhoneInvalid: no such number can exist.
    """
    if asked.phone is None:
        row = await repository.find_contact(session, principal.region_id, principal.account_id)
        if row is not None:
            await session.delete(row)
            await session.flush()
        return schemas.ContactRead(phone_masked=None, set_at=None)
    phone = numbers.read_phone(asked.phone)
    sealed = house.cipher.seal(phone, context=sealing.CONTACT)
    await repository.put_contact(
        session,
        NoticeContact(region_id=principal.region_id, account_id=principal.account_id, phone_sealed=sealed, set_at=now),
    )
    return schemas.ContactRead(phone_masked=numbers.mask_phone(phone), set_at=now)
