"""The platform's regions: the directory, and founding a further one with its first administrator."""

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import repository, rules, schemas
from service.core import passwords
from service.core.ids import new_id
from service.institutions import usecases as institutions


async def list_regions(session: AsyncSession) -> list[schemas.RegionRead]:
    """Return all regions by code; the directory of regions is public."""
    return [
        schemas.RegionRead(id=each.id, code=each.code, name=each.name)
        for each in await institutions.list_regions(session)
    ]


async def found_region(session: AsyncSession, *, draft: schemas.RegionFounding) -> schemas.RegionRead:
    """Found a region with its first administrator, whose password is good for the first log-in only.

    The database lets nobody but a platform administrator: what stands behind the fence of another region is founded
    by a function of its own.

    Raises:
        PasswordTooWeak: anybody could guess it.
        RegionCodeTaken: at the call.
    """
    rules.refuse_weak(draft.admin_password, username=draft.admin_username, display_name=draft.admin_display_name)
    region_id = new_id()
    await repository.found_region(
        session,
        region_id=region_id,
        code=draft.code,
        name=draft.name,
        admin_id=new_id(),
        username=draft.admin_username,
        display_name=draft.admin_display_name,
        password_hash=await passwords.hash_password(draft.admin_password),
    )
    return schemas.RegionRead(id=region_id, code=draft.code, name=draft.name)
