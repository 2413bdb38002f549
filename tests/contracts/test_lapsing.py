"""What has ended lapses: it pays no more, gives later bookings back, and can still be reversed and settled anew."""

from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts.rules import Role
from service.contracts import errors, lapsing, usecases
from service.contracts.models import Entitlement
from service.core.ids import new_id
from tests.contracts.desk import Desk, desk_of, entries
from tests.contracts.papers import claim
from tests.world import World


async def reserve(desk: Desk, order_id: UUID, on: date, units: int = 1) -> None:
    async def act(session: AsyncSession) -> None:
        await usecases.reserve(
            session, region_id=desk.world.region_id, order_id=order_id, person_id=desk.person_id, on=on,
            claims=[claim(desk.contract_id, units)],
        )  # fmt: skip

    await desk.run(act)


async def consume(desk: Desk, settlement_id: UUID, on: date, units: int = 1, order_id: UUID | None = None) -> None:
    async def act(session: AsyncSession) -> None:
        await usecases.consume(
            session, region_id=desk.world.region_id, person_id=desk.person_id, visit_id=uuid4(), order_id=order_id,
            settlement_id=settlement_id, on=on, claims=[claim(desk.contract_id, units)],
        )  # fmt: skip

    await desk.run(act)


async def terminate(desk: Desk, on: str) -> None:
    doctor = await desk.world.as_role(Role.doctor)
    body = {"on": on, "reason": "moved_away"}
    answer = await doctor.post(f"/contracts/{desk.contract_id}/termination", json=body)
    assert answer.status_code == 200, answer.text


class TestTermination:
    async def test_gives_back_what_is_booked_for_later_and_lets_the_rest_lapse(self, listed: World) -> None:
        desk = await desk_of(listed)
        before, after = uuid4(), uuid4()
        await reserve(desk, before, date(2026, 3, 9))
        await reserve(desk, after, date(2026, 3, 10), 2)
        await terminate(desk, "2026-03-10")
        assert await desk.stands() == (0, 1)
        assert (len(await desk.held(before)), await desk.held(after)) == (1, {})
        last = (await entries(listed, desk))[-1]
        assert (last["kind"], last["units"], last["service_on"]) == ("expire", 7, date(2026, 3, 10))

    async def test_nothing_is_booked_or_used_from_that_day_on_but_earlier_services_are_settled(
        self, listed: World
    ) -> None:
        desk, order_id = await desk_of(listed), uuid4()
        await reserve(desk, order_id, date(2026, 3, 9))
        await terminate(desk, "2026-03-10")
        with pytest.raises(errors.EntitlementExpired):
            await reserve(desk, uuid4(), date(2026, 3, 10))
        with pytest.raises(errors.EntitlementExpired):
            await consume(desk, uuid4(), date(2026, 3, 10))
        await consume(desk, uuid4(), date(2026, 3, 9), 2, order_id)
        assert await desk.stands() == (2, 0)

    async def test_a_reversal_after_the_end_restores_exactly_and_its_day_may_be_settled_anew(
        self, listed: World
    ) -> None:
        desk, first = await desk_of(listed, ("BP", 2, "quantity")), uuid4()
        await consume(desk, first, date(2026, 3, 2), 2)
        await terminate(desk, "2026-03-10")
        await desk.give_back(first)
        assert await desk.stands() == (0, 0)
        with pytest.raises(errors.EntitlementExpired):
            await consume(desk, uuid4(), date(2026, 3, 11))
        await consume(desk, uuid4(), date(2026, 3, 2), 2)
        assert await desk.stands() == (2, 0)


class TestEveryNight:
    async def test_closes_what_has_ended_once_and_nothing_else(self, world: World) -> None:
        desk = await desk_of(world)
        month, year = new_id(), new_id()
        await world.add(
            *(
                Entitlement(
                    region_id=world.region_id, id=each, person_id=desk.person_id, source=source, ref_id=desk.person_id,
                    code="", period=period, cap=100,
                )
                for each, source, period in ((month, "ltci", "2026-12"), (year, "insurance_fund", "2026"))
            )
        )  # fmt: skip

        async def closed(now: datetime) -> dict[str, date | None]:
            world.clock.shows = now
            await lapsing.lapse(world.house, batch=2)
            await lapsing.lapse(world.house)
            kinds = [each["kind"] for each in await entries(world, desk)]
            assert set(kinds) <= {"expire"}
            return {str(each.source): each.closed_on for each in await desk.balances()}

        # 23:59 of the year's last day in Shanghai, then a minute later; the contract lasts until 4 January
        evening, midnight = datetime(2026, 12, 31, 15, 59, tzinfo=UTC), datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
        assert await closed(evening) == {"contract": None, "ltci": None, "insurance_fund": None}
        new_year = date(2027, 1, 1)
        assert await closed(midnight) == {"contract": None, "ltci": new_year, "insurance_fund": new_year}
        later = await closed(datetime(2027, 1, 4, 16, 0, tzinfo=UTC))
        assert later == {"contract": date(2027, 1, 5), "ltci": new_year, "insurance_fund": new_year}
        assert len(await entries(world, desk)) == 3
