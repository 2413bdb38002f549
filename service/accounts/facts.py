"""Turns accounts' rows into the facts that leave the room."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import repository, rules
from service.accounts.models import Account


def of_row(row: Account, institution_ids: Sequence[UUID]) -> rules.AccountFacts:
    """Return the facts of an account's row and of the institutions it works for."""
    return rules.AccountFacts(
        id=row.id,
        username=row.username,
        role=rules.Role(row.role),
        display_name=row.display_name,
        status=rules.AccountStatus(row.status),
        institution_ids=tuple(institution_ids),
        created_at=row.created_at,
        bound_client_id=row.bound_client_id,
    )


async def of_rows(session: AsyncSession, rows: Sequence[Account]) -> list[rules.AccountFacts]:
    """Return the facts of rows of one region, with their institutions as far as the fence shows."""
    if not rows:
        return []
    links = await repository.list_links(session, rows[0].region_id, [row.id for row in rows])
    return [of_row(row, [link.institution_id for link in links if link.account_id == row.id]) for row in rows]
