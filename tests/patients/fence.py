"""A transaction of the application's own role behind somebody's fence, for asking use cases and plain SQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts.rules import Role
from service.core.db.session import transaction
from service.core.principal import Principal
from tests.world import World


@asynccontextmanager
async def inside(world: World, principal: Principal | None = None) -> AsyncIterator[AsyncSession]:
    """Open a transaction as `principal`, by default a dispatcher of the world's institution."""
    fence = (principal or world.principal(Role.dispatcher)).fence
    async with transaction(world.house.sessions, fence, world.clock.now()) as session:
        yield session
