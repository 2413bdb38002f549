"""Every query of changes of the visit fee, and which refusal each constraint stands for."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, func, or_, select

from service.catalog import errors
from service.catalog.models import VisitFeeTariff
from service.catalog.proposal_models import TariffApproval, TariffProposal
from service.core import problems
from service.core.db import refusals
from service.core.paging import PageRequest


async def latest_tariff(session: AsyncSession, *, region_id: UUID, institution_id: UUID) -> date | None:
    """Return the first day of an institution's latest tariff, None when it never had one."""
    query = select(func.max(VisitFeeTariff.valid_from)).where(
        col(VisitFeeTariff.region_id) == region_id, col(VisitFeeTariff.institution_id) == institution_id
    )
    found: date | None = (await session.execute(query)).scalar_one()
    return found


async def lock_running(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, on: date
) -> Sequence[VisitFeeTariff]:
    """Return the tariffs that would still hold on a day or later, locked to be ended."""
    query = select(VisitFeeTariff).where(
        col(VisitFeeTariff.region_id) == region_id,
        col(VisitFeeTariff.institution_id) == institution_id,
        or_(col(VisitFeeTariff.valid_to).is_(None), col(VisitFeeTariff.valid_to) >= on),
    )
    return (await session.execute(query.order_by(col(VisitFeeTariff.id)).with_for_update())).scalars().all()


async def lock_proposal(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, proposal_id: UUID
) -> TariffProposal | None:
    """Return an institution's proposal, locked: of two approvals at once the second one counts the first."""
    query = select(TariffProposal).where(
        col(TariffProposal.region_id) == region_id,
        col(TariffProposal.institution_id) == institution_id,
        col(TariffProposal.id) == proposal_id,
    )
    return (await session.execute(query.with_for_update())).scalar_one_or_none()


async def list_proposals(
    session: AsyncSession,
    *,
    region_id: UUID,
    institution_id: UUID | None,
    page: PageRequest,
    withdrawn_too: bool = True,
) -> Sequence[TariffProposal]:
    """Return a page (and one row more) of an institution's or all proposals of the region by id."""
    query = select(TariffProposal).where(col(TariffProposal.region_id) == region_id)
    if institution_id is not None:
        query = query.where(col(TariffProposal.institution_id) == institution_id)
    if not withdrawn_too:
        query = query.where(col(TariffProposal.withdrawn_at).is_(None))
    if page.after is not None:
        query = query.where(col(TariffProposal.id) > page.after)
    return (await session.execute(query.order_by(col(TariffProposal.id)).limit(page.limit + 1))).scalars().all()


async def list_approvals(
    session: AsyncSession, *, region_id: UUID, proposal_ids: Collection[UUID]
) -> Sequence[TariffApproval]:
    """Return the approvals of some proposals in the order in which they were given."""
    query = select(TariffApproval).where(
        col(TariffApproval.region_id) == region_id, col(TariffApproval.proposal_id).in_(proposal_ids)
    )
    order = col(TariffApproval.approved_at), col(TariffApproval.account_id)
    return (await session.execute(query.order_by(*order))).scalars().all()


async def carried_out(session: AsyncSession, *, region_id: UUID, proposal_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Return the tariffs that proposals became: proposal → tariff."""
    query = select(VisitFeeTariff.proposal_id, VisitFeeTariff.id).where(
        col(VisitFeeTariff.region_id) == region_id, col(VisitFeeTariff.proposal_id).in_(proposal_ids)
    )
    return {proposal: tariff for proposal, tariff in (await session.execute(query)).all() if proposal}


refusals.name_constraints(
    {
        "visit_fee_tariffs_approved": errors.TariffNeedsProposal,
        "visit_fee_tariffs_steady": errors.TariffTooSoon,
        "visit_fee_tariffs_of_proposal_once": errors.TariffNotOpen,
        "visit_fee_tariffs_ends_only": errors.EndingInvalid,
        "ck_tariff_proposals_announced": errors.TariffNoticeTooShort,
        "tariff_proposals_decided": errors.TariffNotOpen,
        "tariff_approvals_of_others": errors.TariffOwnProposal,
        "tariff_approvals_in_time": errors.TariffNotOpen,
        "pk_tariff_approvals": problems.Collision,
    }
)
