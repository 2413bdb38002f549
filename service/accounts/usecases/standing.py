"""What an account is and where it works, asked across the fence: for tokens and rights, never shown."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import repository, rules


async def find_standing(session: AsyncSession, region_id: UUID, account_id: UUID) -> rules.Standing | None:
    """Return an account's standing, all its institutions included, or None when the region has no such account."""
    found = await repository.find_standing(session, region_id, account_id)
    if found is None:
        return None
    return rules.Standing(
        id=found["id"],
        role=rules.Role(found["role"]),
        status=rules.AccountStatus(found["status"]),
        sessions_from=found["sessions_from"],
        institution_ids=tuple(found["institution_ids"]),
        must_change_password=found["must_change_password"],
        second_factor=found["second_factor"],
    )
