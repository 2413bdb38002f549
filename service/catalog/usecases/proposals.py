"""Changes of the visit fee: proposed with their costs, published, approved by two others, then the tariff (R051)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import proposal_repository as repository
from service.catalog import proposal_schemas as schemas
from service.catalog import proposals, rules
from service.catalog.models import VisitFeeTariff
from service.catalog.proposal_models import TariffApproval, TariffProposal
from service.catalog.proposals import ProposalState
from service.core import access, problems
from service.core.clock import local_date
from service.core.db.session import raise_fence
from service.core.paging import PageRequest
from service.core.principal import Fence, Principal
from service.institutions import usecases as institutions
from service.institutions.rules import Setting, settings

_TARIFF: Final = (
    "valid_from", "unit", "tiers", "night", "insurance_class", "self_ratio", "distance_base", "distance_method",
    "income_class",
)  # fmt: skip
_COSTS: Final = ("radius_km", "labour_cost", "transport_cost", "supply_and_demand")
_DOCUMENTS: Final = {"tiers", "night"}


async def propose_tariff(
    session: AsyncSession,
    *,
    principal: Principal,
    institution_id: UUID,
    asked: schemas.TariffProposalCreate,
    now: datetime,
) -> schemas.TariffProposalRead:
    """Propose a tariff and publish it for the days that hold today.

    Raises:
        problems.NotFound: another's institution.
        errors.TariffNoticeTooShort, errors.TariffTooSoon: it would begin too early; name the earliest day.
    """
    access.require_institution(principal, institution_id)
    region_id, today = principal.region_id, local_date(now)
    notice_days = await _days(session, region_id, institution_id, settings.PRICE_NOTICE_DAYS, today)
    interval_days = await _days(session, region_id, institution_id, settings.PRICE_MINIMUM_INTERVAL_DAYS, today)
    proposals.refuse_hasty(asked.valid_from, published_on=today, notice_days=notice_days)
    latest = await repository.latest_tariff(session, region_id=region_id, institution_id=institution_id)
    proposals.refuse_unsteady(asked.valid_from, latest=latest, interval_days=interval_days)
    row = TariffProposal(
        region_id=region_id,
        institution_id=institution_id,
        **{name: getattr(asked, name) for name in _TARIFF if name not in _DOCUMENTS},
        # as text inside the document: a JSON number would come back as a float
        tiers=[tier.model_dump(mode="json") for tier in asked.tiers],
        night=asked.night.model_dump(mode="json") if asked.night else None,
        **{name: getattr(asked.costs, name) for name in _COSTS},
        reason=asked.reason,
        published_on=today,
        notice_days=notice_days,
        interval_days=interval_days,
        proposed_by_account_id=principal.account_id,
        proposed_at=now,
    )
    session.add(row)
    await session.flush()
    return (await _read(session, [row], today))[0]


async def list_tariff_proposals(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, page: PageRequest, now: datetime
) -> list[schemas.TariffProposalRead]:
    """Return a page (and one more) of an institution's proposals with who approved.

    Raises:
        problems.NotFound: another's institution.
    """
    access.require_institution(principal, institution_id)
    rows = await repository.list_proposals(
        session, region_id=principal.region_id, institution_id=institution_id, page=page
    )
    return await _read(session, rows, local_date(now))


async def approve_tariff_proposal(
    session: AsyncSession, *, principal: Principal, institution_id: UUID, proposal_id: UUID, now: datetime
) -> schemas.TariffProposalRead:
    """Approve a proposal whose notice is over; with the second approval the tariff stands, in force from its day.

    Raises:
        problems.NotFound: no such proposal of one's own institution.
        errors.TariffOwnProposal: whoever proposed does not approve.
        errors.TariffNotOpen: still on notice, too late, withdrawn or approved.
        errors.TariffTooSoon: another change was carried out meanwhile.
    """
    row = await _lock(session, principal, institution_id, proposal_id)
    today = local_date(now)
    approvals = await repository.list_approvals(session, region_id=row.region_id, proposal_ids=[row.id])
    if principal.account_id not in {each.account_id for each in approvals}:
        proposals.refuse_own(row.proposed_by_account_id, principal.account_id)
        notice = _notice(row, carried_out=len(approvals) >= proposals.APPROVALS_NEEDED)
        proposals.refuse_closed(notice, today, {ProposalState.awaiting_approval})
        session.add(
            TariffApproval(
                region_id=row.region_id,
                institution_id=row.institution_id,
                proposal_id=row.id,
                account_id=principal.account_id,
                approved_at=now,
            )
        )
        await session.flush()
        if len(approvals) + 1 == proposals.APPROVALS_NEEDED:
            await _carry_out(session, row)
    return (await _read(session, [row], today))[0]


async def withdraw_tariff_proposal(
    session: AsyncSession,
    *,
    principal: Principal,
    institution_id: UUID,
    proposal_id: UUID,
    asked: schemas.TariffWithdrawal,
    now: datetime,
) -> schemas.TariffProposalRead:
    """Withdraw a proposal that was not carried out; it is no longer shown to the public.

    Raises:
        problems.NotFound: no such proposal of one's own institution.
        errors.TariffNotOpen: approved, too late or withdrawn already.
    """
    row = await _lock(session, principal, institution_id, proposal_id)
    today = local_date(now)
    done = await repository.carried_out(session, region_id=row.region_id, proposal_ids=[row.id])
    notice = _notice(row, carried_out=row.id in done)
    proposals.refuse_closed(notice, today, {ProposalState.on_notice, ProposalState.awaiting_approval})
    row.withdrawn_by_account_id = principal.account_id
    row.withdrawn_because = asked.because
    row.withdrawn_at = now
    await session.flush()
    return (await _read(session, [row], today))[0]


async def list_published_notices(
    session: AsyncSession, *, region_code: str, institution_code: str | None, page: PageRequest, now: datetime
) -> list[schemas.PublishedTariffNotice]:
    """Return a page (and one more) of what a region's institutions have published, withdrawn ones left out.

    Raises:
        problems.NotFound: no such region, or no such institution.
    """
    region = await institutions.find_region(session, code=region_code)
    if region is None:
        raise problems.NotFound(what="统筹区")
    # nobody is logged in: the transaction sees the region's public rows, no institution's own and no person's
    await raise_fence(session, Fence(region_id=region.id), now)
    ids = await institutions.list_institution_ids(session, region_id=region.id)
    every = await institutions.list_institutions_facts(session, region_id=region.id, institution_ids=ids)
    asked = next((each for each in every if each.code == institution_code), None)
    if institution_code is not None and asked is None:
        raise problems.NotFound(what="机构")
    rows = await repository.list_proposals(
        session,
        region_id=region.id,
        institution_id=asked.id if asked else None,
        page=page,
        withdrawn_too=False,
    )
    names = {each.id: each.name for each in every}
    done = await repository.carried_out(session, region_id=region.id, proposal_ids=[row.id for row in rows])
    return [
        schemas.PublishedTariffNotice.model_validate(
            _shown(row, local_date(now), carried_out=row.id in done) | {"institution_name": names[row.institution_id]}
        )
        for row in rows
    ]


async def _days(session: AsyncSession, region_id: UUID, institution_id: UUID, key: Setting[int], on: date) -> int:
    """Return a number of days: an institution may bind itself to more than the region asks, not to less."""
    asked = [
        await institutions.setting(session, region_id=region_id, institution_id=each, key=key, on=on)
        for each in (None, institution_id)
    ]
    return max(asked)


async def _lock(session: AsyncSession, principal: Principal, institution_id: UUID, proposal_id: UUID) -> TariffProposal:
    access.require_institution(principal, institution_id)
    row = await repository.lock_proposal(
        session, region_id=principal.region_id, institution_id=institution_id, proposal_id=proposal_id
    )
    if row is None:
        raise problems.NotFound(what="上门服务费变更方案")
    return row


async def _carry_out(session: AsyncSession, row: TariffProposal) -> None:
    """Put the tariff in; what would still hold on its day ends the day before."""
    at: dict[str, Any] = {"region_id": row.region_id, "institution_id": row.institution_id}
    latest = await repository.latest_tariff(session, **at)
    proposals.refuse_unsteady(row.valid_from, latest=latest, interval_days=row.interval_days)
    for running in await repository.lock_running(session, **at, on=row.valid_from):
        running.valid_to = rules.day_before(row.valid_from)
    await session.flush()  # before the insert: the constraint would not let both stand
    session.add(VisitFeeTariff(**at, **{name: getattr(row, name) for name in _TARIFF}, proposal_id=row.id))
    await session.flush()


def _notice(row: TariffProposal, *, carried_out: bool) -> proposals.Notice:
    return proposals.Notice(
        published_on=row.published_on,
        notice_days=row.notice_days,
        valid_from=row.valid_from,
        withdrawn=row.withdrawn_at is not None,
        carried_out=carried_out,
    )


def _shown(row: TariffProposal, today: date, *, carried_out: bool) -> dict[str, Any]:
    """Return what everybody reads of a proposal."""
    notice = _notice(row, carried_out=carried_out)
    return row.model_dump(include={"id", "institution_id", "reason", "published_on", "notice_days", *_TARIFF}) | {
        "costs": row.model_dump(include=set(_COSTS)),
        "state": notice.state_on(today),
        "notice_ends_on": notice.ends_on,
    }


@dataclass(frozen=True, slots=True)
class _Known:
    """What became of some proposals."""

    done: dict[UUID, UUID]
    approvals: Sequence[TariffApproval]


async def _read(session: AsyncSession, rows: Sequence[TariffProposal], today: date) -> list[schemas.TariffProposalRead]:
    if not rows:
        return []
    asked: dict[str, Any] = {"region_id": rows[0].region_id, "proposal_ids": [row.id for row in rows]}
    known = _Known(await repository.carried_out(session, **asked), await repository.list_approvals(session, **asked))
    return [schemas.TariffProposalRead.model_validate(_read_one(row, today, known)) for row in rows]


def _read_one(row: TariffProposal, today: date, known: _Known) -> dict[str, Any]:
    approvals = [each for each in known.approvals if each.proposal_id == row.id]
    return _shown(row, today, carried_out=row.id in known.done) | {
        **row.model_dump(include={"interval_days", "proposed_by_account_id", "proposed_at", "withdrawn_because"}),
        "approvals": [each.model_dump(include={"account_id", "approved_at"}) for each in approvals],
        "tariff_id": known.done.get(row.id),
    }
