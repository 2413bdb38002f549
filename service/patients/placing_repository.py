"""Queries and locks of homes' positions and their reviews."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core import paging
from service.core.principal import Principal
from service.patients.models import Home, HomeReview


async def lock_home(session: AsyncSession, region_id: UUID, home_id: UUID) -> Home | None:
    """Return a home that the fence lets through; its position is changed by one after the other."""
    return await session.get(Home, (region_id, home_id), with_for_update=True, populate_existing=True)


async def open_review(session: AsyncSession, region_id: UUID, home_id: UUID) -> HomeReview | None:
    """Return the open review of a home; whoever closes it holds the home."""
    query = select(HomeReview).where(
        col(HomeReview.region_id) == region_id, col(HomeReview.home_id) == home_id, col(HomeReview.decided_at).is_(None)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def visit_reviewed(session: AsyncSession, region_id: UUID, home_id: UUID, visit_id: UUID) -> bool:
    """Return whether a visit has asked for a review of a home before."""
    query = select(HomeReview.id).where(
        col(HomeReview.region_id) == region_id, col(HomeReview.home_id) == home_id, col(HomeReview.visit_id) == visit_id
    )
    return (await session.execute(query)).first() is not None


async def list_reviews(
    session: AsyncSession, principal: Principal, page: paging.PageRequest
) -> Sequence[tuple[HomeReview, Home]]:
    """Return the open reviews of the homes that one's institutions registered, one more than the page holds."""
    query = (
        select(HomeReview, Home)
        .join(Home, (col(Home.region_id) == col(HomeReview.region_id)) & (col(Home.id) == col(HomeReview.home_id)))
        .where(
            col(HomeReview.region_id) == principal.region_id,
            col(Home.registered_by_institution_id).in_(principal.institution_ids),
            col(HomeReview.decided_at).is_(None),
        )
    )
    if page.after is not None:
        query = query.where(col(HomeReview.id) > page.after)
    found = await session.execute(query.order_by(col(HomeReview.id)).limit(page.limit + 1))
    return [(review, home) for review, home in found.all()]
