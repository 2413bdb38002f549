"""The last unit: one is left of what pays, and sixty-four visits of the person are settled at the same moment."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.billing.day import MORNING
from tests.faults.settling.crowd import Call, Told, gathered
from tests.faults.settling.town import Town

VISITS = 64
DAILY_LIMIT = 20
"""The setting bill.daily_limit as it is without being set: so many bills of a person and day are sent by themselves."""
_ROUND = text(
    """
select (select count(*) from settlements s where s.region_id = :region and s.person_id = :person) as bills,
       (select count(*) from parked_settlements p where p.region_id = :region and p.person_id = :person) as parked,
       (select count(*) from settlements s join bill_fundings f on f.region_id = s.region_id
                                                               and f.settlement_id = s.id and f.units is not null
        where s.region_id = :region and s.person_id = :person) as funded,
       (select count(*) from settlements s join bill_fundings f
            on f.region_id = s.region_id and f.settlement_id = s.id and f.source = 'self_pay'
            join bill_lines l on l.region_id = f.region_id and l.settlement_id = f.settlement_id
                             and l.line_no = f.line_no and l.code <> 'VISIT_FEE'
        where s.region_id = :region and s.person_id = :person) as self_paid,
       (select coalesce(max(x.used_after), 0) from entitlements e join entitlement_entries x
            on x.region_id = e.region_id and x.entitlement_id = e.id
        where e.region_id = :region and e.person_id = :person) as used
"""
)


@dataclass(frozen=True)
class Round:
    """One person and his visits; `crowded` ones are all of one day, so that most of their bills are parked."""

    person_id: UUID
    visit_ids: tuple[UUID, ...]
    crowded: bool

    @property
    def due(self) -> dict[str, int]:
        """What must come of it: one bill funded, the others paid by the family, or parked where there are too many."""
        bills = DAILY_LIMIT if self.crowded else VISITS
        return {"bills": bills, "parked": VISITS - bills, "funded": 1, "self_paid": bills - 1, "used": 1}


async def prepare(town: Town, numbers: Iterable[int]) -> list[Round]:
    """Gather the people and visits of numbered rounds: funded by a contract or a programme, on many days or on one."""
    found = []
    for number in numbers:
        by_contract, crowded = number % 4 < 2, number % 2 == 1
        person_id, home_id = await town.person({"BP": 1} if by_contract else None)
        if not by_contract:
            await town.enrol(person_id)
        code = "BP" if by_contract else "GLUCOSE"
        visit_ids = [
            await town.visit(person_id, home_id, (code, 1), start=MORNING + timedelta(days=0 if crowded else each))
            for each in range(VISITS)
        ]
        found.append(Round(person_id, tuple(visit_ids), crowded))
    return found


async def settle_rounds(urls: Sequence[str], tokens: Sequence[str], rounds: Sequence[Round], told: Told) -> None:
    """Settle the visits of each round all at once, half of them under a key."""
    async with gathered(urls, told, calls=VISITS) as crowd:
        for each in rounds:
            calls = [
                Call(visit_id, tokens[number % len(tokens)], number, key=f"unit-{visit_id}" if number % 2 else None)
                for number, visit_id in enumerate(each.visit_ids)
            ]
            answers = await asyncio.gather(*(crowd.insist(call) for call in calls))
            statuses = Counter(answer.status_code for answer in answers)
            due = Counter({201: each.due["bills"], 202: each.due["parked"]})
            told.wrong[f"a round was told {dict(statuses)}"] += +statuses != +due


async def wrong_rounds(owner: AsyncEngine, region_id: UUID, rounds: Sequence[Round]) -> list[dict[str, int]]:
    """Return what lies there of every round that did not come out as it must."""
    async with owner.connect() as connection:
        found = [
            dict((await connection.execute(_ROUND, {"region": region_id, "person": each.person_id})).mappings().one())
            for each in rounds
        ]
    return [told for told, each in zip(found, rounds, strict=True) if told != each.due]
