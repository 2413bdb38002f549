"""`serve` and `worker` refuse to work as somebody whom row-level security does not bind."""

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from service.cli.app import CommandError
from service.cli.database import Addresses, refuse_unfenced_role, require_owner
from service.core import embedded


class TestRefuseUnfencedRole:
    async def test_lets_the_ordinary_role_work(self, server: embedded.EmbeddedServer, database: str) -> None:
        engine = create_async_engine(server.url(embedded.APP_ROLE, database))
        await refuse_unfenced_role(engine)
        await engine.dispose()

    @pytest.mark.parametrize("role", [embedded.OWNER_ROLE, embedded.SUPERUSER])
    async def test_refuses_the_owner_and_the_superuser(
        self, server: embedded.EmbeddedServer, database: str, role: str
    ) -> None:
        engine = create_async_engine(server.url(role, database))
        with pytest.raises(CommandError, match="行级安全"):
            await refuse_unfenced_role(engine)
        await engine.dispose()

    async def test_says_what_to_do_without_a_schema_or_a_server(self, server: embedded.EmbeddedServer) -> None:
        empty = create_async_engine(server.url(embedded.APP_ROLE, embedded.DATABASE))
        with pytest.raises(CommandError, match="xunzhen migrate"):
            await refuse_unfenced_role(empty)
        await empty.dispose()
        nowhere = create_async_engine("postgresql+asyncpg://x@/x?host=/nowhere")
        with pytest.raises(CommandError, match="XUNZHEN_DATABASE_URL"):
            await refuse_unfenced_role(nowhere)
        await nowhere.dispose()


def test_the_owner_must_be_named_on_a_real_server() -> None:
    with pytest.raises(CommandError, match="XUNZHEN_OWNER_URL"):
        require_owner(Addresses("postgresql+asyncpg://app@/x", ""))
