"""What the region and the institution put around the kernel on a day: limits before it, reductions after it."""

from collections.abc import Collection, Iterable
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.beds.rules import BedFacts
from service.billing import limits as limiting
from service.billing import reductions, rules
from service.billing.bed_days import reducing
from service.catalog import usecases as catalog
from service.catalog.limit_rules import LimitFacts
from service.catalog.reduction_rules import ReductionFacts
from service.contracts.rules import Balance, Source
from service.patients import usecases as patients


def limits_of(
    rows: Iterable[LimitFacts],
    *,
    on: date,
    codes: Collection[str],
    bed: BedFacts | None,
    balances: Iterable[Balance],
) -> tuple[limiting.Limit, ...]:
    """Return the limits on some services and on the visit fee, with what `balances` says is used of each.

    `rows` are those in force. One that the ledger does not know yet is unused. Those of a bed cycle hold while a bed is
    open.
    """
    used = {(each.ref_id, each.period): each.used for each in balances if each.source is Source.limit}
    bed_id = str(bed.bed_id) if bed else None
    wanted, found = {*codes, rules.VISIT_FEE}, []
    for row in rows:
        period = limiting.period_of(row.per, on, bed_id)
        if period is not None and not row.codes.isdisjoint(wanted):
            taken = used.get((row.id, period), 0)
            found.append(limiting.Limit(str(row.id), row.title, row.codes, period, row.maximum, taken))
    return tuple(found)


async def offer_on(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, person_id: UUID, on: date
) -> reductions.Offer:
    """Return what is taken off for a person at an institution on a day.

    Of his key groups those that a rule asks for; where none does, nobody looks at them.
    """
    rows = await catalog.reduction_rules(session, region_id=region_id, institution_id=institution_id, on=on)
    asked = frozenset(group for row in rows for group in row.key_groups)
    groups = frozenset[str]()
    if asked:
        known = await patients.groups_of(session, region_id=region_id, person_ids=[person_id], on=on)
        groups = frozenset(str(group) for group in known[person_id] & asked)
    return reductions.Offer(tuple(map(_rule, rows)), groups)


async def offers_between(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, person_id: UUID, first: date, last: date
) -> reducing.Offers:
    """Return what is taken off bed days of a person at an institution on some days, both included, each with its days.

    Of his key groups those that a rule asks for.
    """
    rows = [
        row
        for row in await catalog.reduction_rules_between(
            session, region_id=region_id, institution_id=institution_id, first=first, last=last
        )
        if not row.codes or rules.BED_DAY in row.codes
    ]
    asked = {group for row in rows for group in row.key_groups}
    known = await patients.dated_groups_of(session, region_id=region_id, person_id=person_id) if asked else []
    return reducing.Offers(
        tuple(reducing.DatedRule(_rule(row), rules.Period(row.valid_from, row.valid_to)) for row in rows),
        tuple(
            reducing.DatedGroup(str(each.key_group), rules.Period(each.valid_from, each.valid_to))
            for each in known
            if each.key_group in asked and each.valid_from <= last and (each.valid_to is None or each.valid_to >= first)
        ),
    )


def _rule(row: ReductionFacts) -> reductions.Rule:
    return reductions.Rule(
        id=str(row.id),
        title=row.title,
        groups=frozenset(str(group) for group in row.key_groups),
        codes=row.codes,
        ratio=row.ratio,
        cap_fen=row.bill_cap_fen,
    )
