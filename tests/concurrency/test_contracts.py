"""Races for entitlements and family doctors on real connections, the application's checks switched off."""

import asyncio
import random
from collections import Counter
from datetime import date
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import NullPool

from service.contracts import errors, usecases
from service.contracts.models import Contract
from service.core.db.refusals import constraint_of
from service.core.db.session import raise_fence, transaction
from service.core.ids import new_id
from tests.contracts.papers import ON, claim, fence, sign
from tests.world import World

RACERS = 32
POST = text("select entitlement_post(:entitlement, :kind, :units, :order, null, :settlement, '2026-03-02')")


@pytest.fixture
async def racers(app_engine: AsyncEngine) -> AsyncEngine:
    """As many connections of the application's role as there are racers: no pool makes one wait for another."""
    return create_async_engine(app_engine.url, poolclass=NullPool)


async def entitlement_of(world: World, contract_id: UUID, code: str = "BP") -> UUID:
    async with world.owner.connect() as connection:
        found = await connection.scalar(
            text("select id from entitlements where ref_id = :ref and code = :code"), {"ref": contract_id, "code": code}
        )
        assert isinstance(found, UUID)
        return found


async def stands(world: World, entitlement_id: UUID) -> tuple[int, int, int]:
    """Return how often it was posted to, and the sums of what is used and reserved."""
    async with world.owner.connect() as connection:
        row = (
            await connection.execute(
                text(
                    "select count(*),"
                    " coalesce(sum(case kind when 'consume' then units when 'reverse' then -units end), 0),"
                    " coalesce(sum(case kind when 'reserve' then units when 'release' then -units end), 0)"
                    " from entitlement_entries where entitlement_id = :id"
                ),
                {"id": entitlement_id},
            )
        ).one()
        return int(row[0]), int(row[1]), int(row[2])


async def race(racers: AsyncEngine, world: World, entitlement_id: UUID, kind: str) -> Counter[str]:
    """Post one unit on every connection at the same moment; count how each ended."""
    start = asyncio.Barrier(RACERS)

    async def post() -> str:
        async with AsyncSession(racers) as session:
            await raise_fence(session, fence(world), world.clock.now())
            await start.wait()
            try:
                await session.execute(
                    POST,
                    {
                        "entitlement": entitlement_id,
                        "kind": kind,
                        "units": 1,
                        "order": uuid4(),
                        "settlement": uuid4() if kind == "consume" else None,
                    },
                )
                await session.commit()
            except DBAPIError as error:
                return constraint_of(error) or str(error)
        return "posted"

    return Counter(await asyncio.gather(*(post() for _ in range(RACERS))))


class TestTheLastUnit:
    @pytest.mark.requirement("R039")
    @pytest.mark.parametrize("kind", ["reserve", "consume"])
    @pytest.mark.parametrize("repeat", range(3))
    async def test_goes_to_exactly_one(self, world: World, racers: AsyncEngine, kind: str, repeat: int) -> None:
        contract_id = await sign(world, await world.add_patient(), [("BP", 1, "quantity")])
        entitlement_id = await entitlement_of(world, contract_id)
        ended = await race(racers, world, entitlement_id, kind)
        assert ended == {"posted": 1, "entitlement_entries_within_cap": RACERS - 1}
        assert await stands(world, entitlement_id) == (1, int(kind == "consume"), int(kind == "reserve"))

    @pytest.mark.requirement("R039")
    async def test_of_eight_units_exactly_eight_are_used(self, world: World, racers: AsyncEngine) -> None:
        contract_id = await sign(world, await world.add_patient())
        entitlement_id = await entitlement_of(world, contract_id)
        ended = await race(racers, world, entitlement_id, "consume")
        assert ended == {"posted": 8, "entitlement_entries_within_cap": RACERS - 8}
        assert await stands(world, entitlement_id) == (8, 8, 0)

    @pytest.mark.requirement("R040")
    async def test_one_settlement_posted_everywhere_at_once_uses_once(self, world: World, racers: AsyncEngine) -> None:
        contract_id = await sign(world, await world.add_patient())
        entitlement_id, settlement_id = await entitlement_of(world, contract_id), uuid4()
        start = asyncio.Barrier(RACERS)

        async def settle() -> str:
            async with AsyncSession(racers) as session:
                await raise_fence(session, fence(world), world.clock.now())
                await start.wait()
                try:
                    await session.execute(
                        POST,
                        {
                            "entitlement": entitlement_id,
                            "kind": "consume",
                            "units": 1,
                            "order": None,
                            "settlement": settlement_id,
                        },
                    )
                    await session.commit()
                except DBAPIError as error:
                    return constraint_of(error) or str(error)
            return "posted"

        ended = Counter(await asyncio.gather(*(settle() for _ in range(RACERS))))
        assert ended == {"posted": 1, "entitlement_entries_settled_once": RACERS - 1}
        assert await stands(world, entitlement_id) == (1, 1, 0)


class TestManyEntitlements:
    async def test_orders_that_want_the_same_in_any_order_wait_but_never_in_a_circle(
        self, world: World, racers: AsyncEngine
    ) -> None:
        codes = [f"S{number}" for number in range(6)]
        person_id = await world.add_patient()
        contract_id = await sign(world, person_id, [(code, RACERS // 2, "quantity") for code in codes])
        sessions = async_sessionmaker(racers, expire_on_commit=False)
        start = asyncio.Barrier(RACERS)

        async def place(number: int) -> str:
            mixed = random.Random(number).sample(codes, len(codes))
            order_id = uuid4()
            await start.wait()
            try:
                async with transaction(sessions, fence(world), world.clock.now()) as session:
                    await usecases.reserve(
                        session, region_id=world.region_id, order_id=order_id, person_id=person_id, on=ON,
                        claims=[claim(contract_id, 1, code) for code in mixed],
                    )  # fmt: skip
                async with transaction(sessions, fence(world), world.clock.now()) as session:
                    await usecases.consume(
                        session, region_id=world.region_id, person_id=person_id, visit_id=uuid4(), order_id=order_id,
                        settlement_id=uuid4(), on=ON, claims=[claim(contract_id, 1, code) for code in mixed[:3]],
                    )  # fmt: skip
            except errors.EntitlementExhausted:
                return "exhausted"
            return "settled"

        ended = Counter(await asyncio.gather(*(place(number) for number in range(RACERS))))
        assert set(ended) <= {"settled", "exhausted"}
        assert ended["settled"] >= RACERS // 2
        for code in codes:
            _, used, reserved = await stands(world, await entitlement_of(world, contract_id, code))
            assert reserved == 0
            assert 0 <= used <= RACERS // 2

    async def test_the_same_rights_granted_at_once_are_granted_once(self, world: World, racers: AsyncEngine) -> None:
        person_id, ref = await world.add_patient(), uuid4()
        start = asyncio.Barrier(RACERS)

        async def grant() -> None:
            async with AsyncSession(racers) as session:
                await raise_fence(session, fence(world), world.clock.now())
                await start.wait()
                await session.execute(
                    text("select entitlement_grant(:id, :person, 'public_program', :ref, 'BP', '2026', 4, 'quantity')"),
                    {"id": new_id(), "person": person_id, "ref": ref},
                )
                await session.commit()

        await asyncio.gather(*(grant() for _ in range(RACERS)))
        async with world.owner.connect() as connection:
            count = text("select count(*) from entitlements where person_id = :person")
            assert await connection.scalar(count, {"person": person_id}) == 1


class TestOneFamilyDoctor:
    @pytest.mark.parametrize("repeat", range(3))
    async def test_of_contracts_signed_at_once_in_two_institutions_one_stands(
        self, world: World, racers: AsyncEngine, repeat: int
    ) -> None:
        person_id = await world.add_patient()
        other = await world.add_institution()
        forms = {}
        for at in (world.institution_id, other):
            # a contract of somebody else there, whose package and doctor the racers sign with
            template = await sign(world, await world.add_patient(institution_id=at), institution_id=at)
            async with world.owner.connect() as connection:
                found = await connection.execute(
                    text("select package_id, doctor_id from contracts where id = :id"), {"id": template}
                )
                forms[at] = found.one()
        start = asyncio.Barrier(RACERS)

        async def race_to_sign(number: int) -> str:
            at = (world.institution_id, other)[number % 2]
            async with AsyncSession(racers) as session:
                await raise_fence(session, fence(world, at), world.clock.now())
                session.add(
                    Contract(
                        region_id=world.region_id, institution_id=at, id=new_id(), person_id=person_id,
                        package_id=forms[at].package_id, doctor_id=forms[at].doctor_id, signed_on=ON, valid_from=ON,
                        valid_to=date(2027, 3, 1),
                    )
                )  # fmt: skip
                await start.wait()
                try:
                    await session.commit()
                except DBAPIError as error:
                    return constraint_of(error) or str(error)
            return "signed"

        ended = Counter(await asyncio.gather(*(race_to_sign(number) for number in range(RACERS))))
        assert ended == {"signed": 1, "contracts_one_family_doctor": RACERS - 1}
