"""Crews in vain at one home, charged at once without asking: together they never come to more than the one fee."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from service.billing import errors, journaling, posting
from service.billing.cancelling import rules
from service.billing.models import Settlement
from service.core.ids import new_id
from tests.billing.day import MORNING, ON, Day
from tests.billing.test_cancelling import PLAIN
from tests.concurrency.test_parking import Act
from tests.concurrency.test_settling import WON, day, house, race

__all__ = ["day", "house"]
RACERS = 4


async def housemates(day: Day) -> list[Any]:
    """Return visits in vain of people who live together, of one trip."""
    home_id, key = await day.world.add_home(), new_id()
    made = []
    for _ in range(RACERS):
        person_id = await day.world.add_patient(home_id=home_id)
        made.append((person_id, await day.visit(person_id, home_id=home_id, trip_key=key, state="missed")))
    return made


async def charge_all(day: Day, sharing: str) -> Any:
    """Charge each 39 yuan of a fee of 78 at once; return how that ended."""
    lines = (rules.line_of(PLAIN, "unified"),)
    facts = {"case": {"policy": {"visit_fee_sharing": sharing}}, "cancellation": {"own_fee_fen": 7800}}

    def charge(person_id: Any, visit_id: Any) -> Act:
        async def act(session: AsyncSession) -> None:
            row = Settlement(
                **day.own, id=new_id(), visit_id=visit_id, person_id=person_id, kind="cancellation",
                trip_round=1, seq=1, service_on=ON, gross_fen=3900, patient_fen=3900, facts=facts,
                journaled=True, settled_at=MORNING,
            )  # fmt: skip
            await posting.post_rows(session, row, lines)
            await journaling.book(session, row, lines, now=MORNING)

        return act

    return await race(day, *[charge(*each) for each in await housemates(day)])


class TestOneFee:
    async def test_halves_of_the_fee_fit_twice_and_no_more(self, day: Day) -> None:
        assert await charge_all(day, "once_per_home") == {WON: 2, errors.TripFeeFixed.code(): RACERS - 2}

    async def test_where_each_patient_pays_his_own_all_are_charged(self, day: Day) -> None:
        assert await charge_all(day, "per_patient") == {WON: RACERS}
