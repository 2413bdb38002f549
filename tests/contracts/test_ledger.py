"""The entitlement ledger: reserved, used and given back through the room's functions, and guarded by the database."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog.models import Programme, ProgrammeItem
from service.catalog.rules import InsuranceFacts
from service.contracts import errors, usecases
from service.contracts.models import EntitlementEntry, ProgrammeEnrolment
from service.contracts.rules import Claim, Source
from service.core.db.refusals import constraint_of
from service.core.db.session import transaction
from service.core.ids import new_id
from tests.contracts.desk import Desk, desk_of, entries
from tests.contracts.papers import ON, claim, fence
from tests.world import World


class TestReserve:
    async def test_holds_units_until_the_order_gives_them_back(self, world: World) -> None:
        desk, order_id = await desk_of(world), uuid4()
        await desk.reserve(order_id, claim(desk.contract_id, 2), claim(desk.contract_id, 1))
        assert await desk.stands() == (0, 3)
        [balance] = await desk.balances()
        assert await desk.held(order_id) == {balance.entitlement_id: 3}
        assert balance.remaining == 5
        await desk.release(order_id)
        assert await desk.stands() == (0, 0)
        await desk.release(order_id)
        assert (await desk.stands(), await desk.held(order_id)) == ((0, 0), {})

    async def test_refuses_more_than_is_left_and_then_holds_nothing_at_all(self, world: World) -> None:
        desk = await desk_of(world, ("AA", 9, "quantity"), ("BP", 2, "quantity"), ("CC", 9, "quantity"))
        order_id = uuid4()
        wanted = [claim(desk.contract_id, 1, "AA"), claim(desk.contract_id, 3), claim(desk.contract_id, 1, "CC")]
        with pytest.raises(errors.EntitlementExhausted):
            await desk.reserve(order_id, *wanted)
        assert await desk.held(order_id) == {}
        assert [await desk.stands(code) for code in ("AA", "BP", "CC")] == [(0, 0)] * 3

    async def test_what_others_hold_is_not_left(self, world: World) -> None:
        desk = await desk_of(world, ("BP", 2, "quantity"))
        await desk.reserve(uuid4(), claim(desk.contract_id, 1))
        await desk.consume(uuid4(), [claim(desk.contract_id, 1)])
        with pytest.raises(errors.EntitlementExhausted):
            await desk.reserve(uuid4(), claim(desk.contract_id, 1))

    async def test_refuses_what_the_person_does_not_have(self, world: World) -> None:
        desk, other = await desk_of(world), await desk_of(world)
        with pytest.raises(errors.EntitlementUnknown):
            await desk.reserve(uuid4(), claim(other.contract_id, 1))

    async def test_asks_nothing_when_nothing_is_claimed(self, world: World) -> None:
        desk = await desk_of(world)
        await desk.reserve(uuid4(), claim(desk.contract_id, 0))
        assert await desk.stands() == (0, 0)


class TestConsume:
    async def test_gives_back_what_its_order_holds_then_uses_what_the_settlement_says(self, world: World) -> None:
        desk, order_id = await desk_of(world, ("BP", 8, "quantity"), ("CC", 8, "quantity")), uuid4()
        await desk.reserve(order_id, claim(desk.contract_id, 8), claim(desk.contract_id, 2, "CC"))
        await desk.consume(uuid4(), [claim(desk.contract_id, 7)], order_id)
        assert await desk.stands() == (7, 0)
        assert await desk.stands("CC") == (0, 0)

    async def test_a_settlement_uses_an_entitlement_once(self, world: World) -> None:
        desk, settlement_id = await desk_of(world), uuid4()
        await desk.consume(settlement_id, [claim(desk.contract_id, 1), claim(desk.contract_id, 2)])
        assert await desk.stands() == (3, 0)
        with pytest.raises(errors.ConsumedAlready):
            await desk.consume(settlement_id, [claim(desk.contract_id, 1)])
        assert await desk.stands() == (3, 0)

    async def test_a_reversed_settlement_gives_back_once_and_the_next_one_may_use_again(self, world: World) -> None:
        desk, settlement_id = await desk_of(world, ("BP", 3, "quantity")), uuid4()
        await desk.consume(settlement_id, [claim(desk.contract_id, 3)])
        with pytest.raises(errors.EntitlementExhausted):
            await desk.consume(uuid4(), [claim(desk.contract_id, 1)])
        await desk.give_back(settlement_id)
        await desk.give_back(settlement_id)
        assert await desk.stands() == (0, 0)
        await desk.consume(uuid4(), [claim(desk.contract_id, 3)])
        assert await desk.stands() == (3, 0)

    async def test_a_rolled_back_settlement_leaves_nothing(self, world: World) -> None:
        desk, order_id = await desk_of(world), uuid4()
        await desk.reserve(order_id, claim(desk.contract_id, 2))

        async def fail(session: AsyncSession) -> None:
            await usecases.consume(
                session, region_id=world.region_id, person_id=desk.person_id, visit_id=uuid4(), order_id=order_id,
                settlement_id=uuid4(), on=ON, claims=[claim(desk.contract_id, 2)],
            )  # fmt: skip
            raise RuntimeError("the bill could not be written")

        with pytest.raises(RuntimeError, match="the bill"):
            await desk.run(fail)
        assert await desk.stands() == (0, 2)
        assert len(await entries(world, desk)) == 1


class TestEnsureYear:
    async def enrolled(self, world: World, person_id: UUID) -> UUID:
        programme_id = new_id()
        await world.add(
            Programme(
                region_id=world.region_id, id=programme_id, code=f"B{world.number()}", name="基本公卫",
                payer="补助资金", valid_from=date(2026, 1, 1),
            ),
            ProgrammeItem(region_id=world.region_id, programme_id=programme_id, code="BP", per_year=4),
            ProgrammeEnrolment(
                region_id=world.region_id, person_id=person_id, programme_id=programme_id, valid_from=date(2026, 1, 1)
            ),
        )  # fmt: skip
        return programme_id

    async def ensure(self, desk: Desk, on: date, insurance: InsuranceFacts | None = None) -> None:
        await desk.run(
            lambda session: usecases.ensure_year(
                session, region_id=desk.world.region_id, person_id=desk.person_id, on=on, insurance=insurance
            )
        )

    @pytest.mark.requirement("R042")
    async def test_each_calendar_year_has_its_own_units_and_they_are_granted_once(self, world: World) -> None:
        desk = Desk(world, await world.add_patient(), uuid4())
        programme_id = await self.enrolled(world, desk.person_id)
        for on in (date(2026, 3, 2), date(2026, 12, 31), date(2027, 1, 1)):
            await self.ensure(desk, on)
        found = sorted(await desk.balances(), key=lambda each: each.period)
        assert [(each.source, each.ref_id, each.period, each.cap) for each in found] == [
            (Source.public_program, programme_id, "2026", 4),
            (Source.public_program, programme_id, "2027", 4),
        ]
        await desk.consume(uuid4(), [Claim(Source.public_program, programme_id, "BP", "2026", 4)])
        with pytest.raises(errors.EntitlementExhausted):
            await desk.consume(uuid4(), [Claim(Source.public_program, programme_id, "BP", "2026", 1)])
        await desk.consume(uuid4(), [Claim(Source.public_program, programme_id, "BP", "2027", 1)])

    async def test_a_better_insurance_rule_raises_the_caps_of_the_year(self, world: World) -> None:
        desk = Desk(world, await world.add_patient(), uuid4())
        for cap, expected in ((1000, 1000), (2000, 2000), (500, 2000)):
            rule = InsuranceFacts("RESIDENT", "居民医保", 100, Decimal("0.8"), cap, date(2026, 1, 1), None)
            await self.ensure(desk, ON, rule)
            found = {each.source: each for each in await desk.balances()}
            assert found[Source.insurance_fund].cap == expected
            assert found[Source.insurance_deductible].cap == 100
        assert found[Source.insurance_fund].key == (Source.insurance_fund, desk.person_id, "RESIDENT", "2026")

    async def test_nobody_without_a_relation_grants_or_asks(self, world: World) -> None:
        desk = Desk(world, await world.add_patient(), uuid4())
        await self.enrolled(world, desk.person_id)
        stranger = fence(world, await world.add_institution())
        async with transaction(world.house.sessions, stranger, world.clock.now()) as session:
            await usecases.ensure_year(
                session, region_id=world.region_id, person_id=desk.person_id, on=ON, insurance=None
            )
        assert await desk.balances() == []


class TestTheDatabaseItself:
    async def test_the_application_writes_no_entry_beside_the_ledgers_function(self, world: World) -> None:
        desk = await desk_of(world)
        [balance] = await desk.balances()
        for statement in (
            "insert into entitlement_entries (region_id, entitlement_id, seq, kind, units, used_after, reserved_after,"
            " service_on, posted_at) values (:region, :id, 1, 'consume', 1, 1, 0, '2026-03-02', now())",
            "update entitlements set cap = 99 where region_id = :region and id = :id",
            "delete from entitlement_entries where region_id = :region and entitlement_id = :id",
            "insert into entitlements (region_id, id, person_id, source, ref_id, code, period, cap, counting)"
            " select region_id, gen_random_uuid(), person_id, source, ref_id, 'X', period, 9, counting"
            " from entitlements where region_id = :region and id = :id",
        ):
            with pytest.raises(DBAPIError, match="permission denied"):
                async with transaction(world.house.sessions, fence(world), world.clock.now()) as session:
                    await session.execute(text(statement), {"region": world.region_id, "id": balance.entitlement_id})

    @pytest.mark.parametrize(
        ("forged", "constraint"),
        [
            ({"seq": 2, "used_after": 2}, None),
            ({"seq": 2, "used_after": 3}, "chain"),
            ({"seq": 2, "used_after": 1}, "chain"),
            ({"seq": 2, "used_after": 2, "reserved_after": 1}, "chain"),
            ({"seq": 3, "used_after": 2}, "chain"),
            ({"seq": 2, "units": 8, "used_after": 9}, "within_cap"),
            ({"seq": 2, "kind": "reserve", "units": 8, "used_after": 1, "reserved_after": 8}, "within_cap"),
            ({"seq": 2, "kind": "reverse", "units": 2, "used_after": -1}, "never_negative"),
            ({"seq": 2, "kind": "release", "used_after": 1, "reserved_after": -1}, "never_negative"),
            ({"seq": 2, "kind": "gift", "used_after": 1}, "kind"),
            ({"seq": 2, "units": 0, "used_after": 1}, "units"),
        ],
    )  # fmt: skip
    async def test_even_the_owner_forges_no_entry(
        self, world: World, forged: dict[str, Any], constraint: str | None
    ) -> None:
        desk = await desk_of(world)
        await desk.consume(uuid4(), [claim(desk.contract_id, 1)])
        [balance] = await desk.balances()
        said: dict[str, Any] = {"kind": "consume", "units": 1, "reserved_after": 0} | forged
        row = EntitlementEntry(
            **said,
            region_id=world.region_id,
            entitlement_id=balance.entitlement_id,
            service_on=ON,
            posted_at=world.clock.now(),
        )
        if constraint is None:
            await world.add(row)
            assert await desk.stands() == (2, 0)
            return
        with pytest.raises(DBAPIError) as refusal:
            await world.add(row)
        prefix = "" if constraint in {"chain", "within_cap"} else "ck_"
        assert constraint_of(refusal.value) == f"{prefix}entitlement_entries_{constraint}"

    async def test_nobody_posts_to_a_person_he_has_nothing_to_do_with(self, world: World) -> None:
        desk = await desk_of(world)
        [balance] = await desk.balances()
        post = text("select entitlement_post(:id, 'consume', 1, null, null, null, '2026-03-02')")
        strangers = (
            fence(world, await world.add_institution()),
            fence(World(world.owner, world.house, world.clock, None)),
        )
        for stranger in strangers:
            with pytest.raises(DBAPIError) as refusal:
                async with transaction(world.house.sessions, stranger, world.clock.now()) as session:
                    await session.execute(post, {"id": balance.entitlement_id})
            assert constraint_of(refusal.value) == "entitlements_known"
        assert await desk.stands() == (0, 0)

    async def test_what_an_order_holds_and_a_settlement_used_is_told_to_those_who_care_only(self, world: World) -> None:
        desk, order_id, settlement_id = await desk_of(world), uuid4(), uuid4()
        await desk.reserve(order_id, claim(desk.contract_id, 1))
        await desk.consume(settlement_id, [claim(desk.contract_id, 1)])
        stranger = fence(world, await world.add_institution())
        async with transaction(world.house.sessions, stranger, world.clock.now()) as session:
            assert await usecases.held_by(session, region_id=world.region_id, order_id=order_id) == {}
            await usecases.return_settlement(session, region_id=world.region_id, settlement_id=settlement_id, on=ON)
        assert await desk.stands() == (1, 1)
