"""A person with one contract, and the ledger's functions in transactions of their own."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from service.contracts import usecases
from service.contracts.rules import Balance, Claim
from service.core.db.session import transaction
from tests.contracts.papers import ON, fence, sign
from tests.world import World


@dataclass
class Desk:
    """A person with one contract, and the ledger's functions in transactions of their own."""

    world: World
    person_id: UUID
    contract_id: UUID

    async def run(self, act: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
        async with transaction(self.world.house.sessions, fence(self.world), self.world.clock.now()) as session:
            return await act(session)

    async def reserve(self, order_id: UUID, *claims: Claim) -> None:
        await self.run(
            lambda session: usecases.reserve(
                session,
                region_id=self.world.region_id,
                order_id=order_id,
                person_id=self.person_id,
                on=ON,
                claims=claims,
            )
        )

    async def release(self, order_id: UUID) -> None:
        await self.run(
            lambda session: usecases.release_order(session, region_id=self.world.region_id, order_id=order_id, on=ON)
        )

    async def consume(self, settlement_id: UUID, claims: Sequence[Claim], order_id: UUID | None = None) -> None:
        await self.run(
            lambda session: usecases.consume(
                session, region_id=self.world.region_id, person_id=self.person_id, visit_id=uuid4(), order_id=order_id,
                settlement_id=settlement_id, on=ON, claims=claims,
            )
        )  # fmt: skip

    async def give_back(self, settlement_id: UUID) -> None:
        await self.run(
            lambda session: usecases.return_settlement(
                session, region_id=self.world.region_id, settlement_id=settlement_id, on=ON
            )
        )

    async def held(self, order_id: UUID) -> dict[UUID, int]:
        found: dict[UUID, int] = await self.run(
            lambda session: usecases.held_by(session, region_id=self.world.region_id, order_id=order_id)
        )
        return found

    async def balances(self) -> list[Balance]:
        found: list[Balance] = await self.run(
            lambda session: usecases.balances(session, region_id=self.world.region_id, person_id=self.person_id)
        )
        return found

    async def stands(self, code: str = "BP") -> tuple[int, int]:
        [found] = [each for each in await self.balances() if each.code == code]
        return found.used, found.reserved


async def desk_of(world: World, *items: tuple[str, int, str]) -> Desk:
    person_id = await world.add_patient()
    return Desk(world, person_id, await sign(world, person_id, items or (("BP", 8, "quantity"),)))


async def entries(world: World, desk: Desk) -> list[Any]:
    async with world.owner.connect() as connection:
        found = await connection.execute(
            text(
                "select x.* from entitlement_entries x join entitlements e on e.region_id = x.region_id"
                " and e.id = x.entitlement_id where e.person_id = :person order by entitlement_id, seq"
            ),
            {"person": desk.person_id},
        )
        return list(found.mappings())
