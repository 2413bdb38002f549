"""Homes whose position a person has to look at: the list, and the person's word."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core.http import House
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.patients import errors, home_schemas, placing_repository, placing_rules
from service.patients.placing_rules import ReviewOutcome, Source
from service.patients.usecases import housing, positions
from service.patients.usecases.answers import ADDRESS

_SHOWN: Final = {
    "id", "cause", "lon", "lat", "source", "level", "label", "visit_id", "distance_metres", "accuracy_metres",
    "raised_at",
}  # fmt: skip


async def place_home(
    session: AsyncSession,
    *,
    principal: Principal,
    house: House,
    home_id: UUID,
    asked: home_schemas.HomePlacing,
    now: datetime,
) -> home_schemas.HomeRead:
    """Confirm or move a home's pin for good: from here on no machine moves it. Its open review is closed.

    Raises:
        problems.NotFound: there is no such home.
        errors.HomePlacedMeanwhile: it is not where it was when the principal looked.
        errors.NothingToConfirm: it is nowhere yet.
    """
    row = await housing.find_own_home(session, principal, home_id, now, lock=True)
    placing_rules.refuse_overtaken(asked.revision, row.placing_revision)
    if asked.place is None and row.lon is None:
        raise errors.NothingToConfirm
    wechats = row.source == Source.wechat and asked.place is None
    positions.put(row, asked.place, Source.wechat if wechats else Source.coordinates)
    row.placed_because = asked.reason
    outcome = ReviewOutcome.moved if asked.place else ReviewOutcome.confirmed
    await positions.close_review(session, row, outcome, now=now, account_id=principal.account_id)
    await session.flush()
    return housing.read(house, row)


async def list_home_reviews(
    session: AsyncSession, *, principal: Principal, house: House, page: PageRequest
) -> list[home_schemas.HomeReviewRead]:
    """Return a page of the reviews that wait for the principal's institutions, oldest first, one more if there is."""
    found = await placing_repository.list_reviews(session, principal, page)
    return [
        home_schemas.HomeReviewRead(
            **review.model_dump(include=_SHOWN),
            home=housing.read(house, home),
            confidence=None if review.confidence is None else float(review.confidence),
            found_address=house.cipher.open(review.found_sealed, context=ADDRESS) if review.found_sealed else None,
        )
        for review, home in found
    ]
