"""Every query, lock and posting of billing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, func, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.billing import errors
from service.billing.models import (
    BillFunding,
    BillLine,
    Quote,
    Reversal,
    Settlement,
    SettlementRefusal,
)
from service.core.db import asked_once, fences, refusals
from service.core.db.bulk import RowValues
from service.core.db.questions import Asked, Question, ask_together
from service.core.paging import PageRequest

_ADD_QUOTE: Final = insert(fences.table_of(Quote))


@dataclass(frozen=True, slots=True)
class Last:
    """The last settlement of a visit, and whether it stands."""

    settlement_id: UUID
    seq: int
    trip_round: int
    is_live: bool


@dataclass(frozen=True, slots=True)
class Round:
    """The last round of a trip's fee with its shares, and whether a bill of the trip stands."""

    number: int
    fee_fen: int | None
    shares: Any
    is_live: bool


def _licences(rows: Iterable[Any]) -> dict[UUID, list[tuple[date, date | None]]]:
    found: defaultdict[UUID, list[tuple[date, date | None]]] = defaultdict(list)
    for row in rows:
        found[row.practitioner_id].append((row.valid_from, row.valid_to))
    return found


# the last settlement of a visit; whoever decides by it holds the visit
LAST: Final[Question[Last | None]] = Question(
    "id seq trip_round",
    "settlements s where s.region_id = :region_id and s.visit_id = :visit_id order by s.seq desc limit 1",
    lambda rows: next((Last(row.id, row.seq, row.trip_round, not row.reversed) for row in rows), None),
    also={
        "reversed": "exists (select 1 from reversals r where r.region_id = s.region_id and r.settlement_id = s.id)",
    },
)
# the last round of a trip's fee, none before the first bill
LAST_ROUND: Final[Question[Round | None]] = Question(
    "round fee_fen shares",
    "visit_fees f where f.region_id = :region_id and f.trip_id = :trip_id and f.home_id = :home_id"
    " order by f.round desc limit 1",
    lambda rows: next((Round(*row) for row in rows), None),
    also={
        "is_live": "exists (select 1 from settlements s where s.region_id = f.region_id and s.trip_id = f.trip_id"
        " and s.home_id = f.home_id and not exists ("
        "select 1 from reversals r where r.region_id = s.region_id and r.settlement_id = s.id))"
    },
)
# the licences of everyone who began the service of some visits of the fence's institutions
LICENCES: Final[Question[dict[UUID, list[tuple[date, date | None]]]]] = Question(
    "practitioner_id valid_from valid_to", "billing_crew_licences(:visit_ids)", _licences
)
_HOLD: Final[Question[bool]] = Question("held", "billing_hold_visit(:region_id, :visit_id) as held", bool)


@dataclass(frozen=True, slots=True)
class Posted:
    """A settlement with its lines, their fundings and its reversal, if it was reversed."""

    settlement: Settlement
    lines: Sequence[BillLine]
    fundings: Sequence[BillFunding]
    reversal: Reversal | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a visit's settlements: the last one, and its reversal."""

    last: Settlement | None
    reversal: Reversal | None

    @property
    def live(self) -> Settlement | None:
        """The settlement that stands."""
        return None if self.reversal else self.last


async def lock(session: AsyncSession, *, region_id: UUID, what: str) -> None:
    """Hold a name until the commit: whoever else asks for it waits, and then sees what was done."""
    key = f"billing.{what}/{region_id}"
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


async def hold_visit(session: AsyncSession, *, region_id: UUID, visit_id: UUID, asked: Iterable[Asked[Any]]) -> None:
    """Hold a visit's stay, its patient and its order until the commit; ask something else in the same round trip.

    What is asked here is told as it was before the hold.
    """
    held = _HOLD.of(region_id=region_id, visit_id=visit_id)
    asked_once.forget(session)
    await ask_together(session, [*asked, held])
    if not asked:
        asked_once.forget(session)


async def add_quote(session: AsyncSession, row: RowValues) -> None:
    """Write a quote."""
    await session.execute(_ADD_QUOTE, row)


async def find_quote(session: AsyncSession, *, region_id: UUID, quote_id: UUID, locked: bool = False) -> Quote | None:
    """Return a quote, or None; `locked` holds it until the commit, so that one order takes it."""
    return await session.get(Quote, (region_id, quote_id), with_for_update=locked or None)


async def standing(session: AsyncSession, *, region_id: UUID, visit_id: UUID) -> Standing:
    """Return the last settlement of a visit and its reversal."""
    query = (
        select(Settlement)
        .where(col(Settlement.region_id) == region_id, col(Settlement.visit_id) == visit_id)
        .order_by(col(Settlement.seq).desc())
        .limit(1)
    )
    last = (await session.execute(query)).scalar_one_or_none()
    return Standing(last, await find_reversal(session, region_id=region_id, settlement_id=last.id) if last else None)


async def find_settlement(session: AsyncSession, *, region_id: UUID, settlement_id: UUID) -> Settlement | None:
    """Return a settlement that the fence lets through, or None."""
    return await session.get(Settlement, (region_id, settlement_id))


async def find_reversal(session: AsyncSession, *, region_id: UUID, settlement_id: UUID) -> Reversal | None:
    """Return what took a settlement back, or None."""
    query = select(Reversal).where(col(Reversal.region_id) == region_id, col(Reversal.settlement_id) == settlement_id)
    return (await session.execute(query)).scalar_one_or_none()


async def live_of_trip(session: AsyncSession, *, region_id: UUID, trip_id: UUID, home_id: UUID) -> Sequence[Settlement]:
    """Return the bills of a trip that stand."""
    query = select(Settlement).where(
        col(Settlement.region_id) == region_id,
        col(Settlement.trip_id) == trip_id,
        col(Settlement.home_id) == home_id,
        ~_reversed(),
    )
    return (await session.execute(query)).scalars().all()


async def last_refusal(session: AsyncSession, *, region_id: UUID, visit_id: UUID) -> SettlementRefusal | None:
    """Return why the worker could not settle a visit when it last tried, or None."""
    query = select(SettlementRefusal).where(
        col(SettlementRefusal.region_id) == region_id, col(SettlementRefusal.visit_id) == visit_id
    )
    return (await session.execute(query.order_by(col(SettlementRefusal.id).desc()).limit(1))).scalar_one_or_none()


async def read(session: AsyncSession, settlement: Settlement) -> Posted:
    """Return a settlement with everything that belongs to it."""
    of = settlement.region_id, settlement.id
    lines = select(BillLine).where(col(BillLine.region_id) == of[0], col(BillLine.settlement_id) == of[1])
    paid = select(BillFunding).where(col(BillFunding.region_id) == of[0], col(BillFunding.settlement_id) == of[1])
    by_line = paid.order_by(col(BillFunding.line_no), col(BillFunding.funding_no))
    return Posted(
        settlement,
        (await session.execute(lines.order_by(col(BillLine.line_no)))).scalars().all(),
        (await session.execute(by_line)).scalars().all(),
        await find_reversal(session, region_id=of[0], settlement_id=of[1]),
    )


async def list_page(
    session: AsyncSession,
    *,
    region_id: UUID,
    person_ids: Collection[UUID] | None,
    service_on: date | None,
    page: PageRequest,
) -> Sequence[tuple[Settlement, bool]]:
    """Return one more than a page of settlements that the fence lets through, each with whether it was reversed."""
    where: list[ColumnElement[bool]] = [col(Settlement.region_id) == region_id]
    if person_ids is not None:
        where.append(col(Settlement.person_id).in_(person_ids))
    if service_on is not None:
        where.append(col(Settlement.service_on) == service_on)
    if page.after is not None:
        where.append(col(Settlement.id) > page.after)
    query = select(Settlement, _reversed()).where(*where).order_by(col(Settlement.id)).limit(page.limit + 1)
    return [(row[0], bool(row[1])) for row in await session.execute(query)]


def _reversed() -> ColumnElement[bool]:
    """Whether a settlement was reversed."""
    return (
        select(col(Reversal.id))
        .where(col(Reversal.region_id) == col(Settlement.region_id), col(Reversal.settlement_id) == col(Settlement.id))
        .exists()
    )


refusals.name_constraints(
    {
        "settlements_one_live": errors.SettledAlready,
        "settlements_follow_a_reversal": errors.SettledAlready,
        "settlements_one_cancellation": errors.CancellationCharged,
        "settlements_one_per_round": errors.TripSettled,
        "settlements_join_round": errors.TripSettled,
        "visit_fees_begin_round": errors.TripSettled,
        "pk_visit_fees": errors.TripFeeFixed,
        "bill_lines_share_one_fee": errors.TripFeeFixed,
        "bill_lines_charge_within_fee": errors.TripFeeFixed,
        "reversals_once": errors.ReversedAlready,
        "reversals_of_seq": errors.ReversedAlready,
    }
)
