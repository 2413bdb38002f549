"""`xunzhen init`: on an empty database once, and never anything on another."""

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from service.accounts import schemas as account_schemas
from service.accounts import usecases as accounts
from service.accounts.rules import Due, Origin
from service.cli import init
from service.cli.app import CommandError
from service.cli.migrate import upgrade
from service.core import embedded
from service.core.clock import SystemClock
from service.core.db.engine import make_engine, make_sessions
from service.core.db.session import transaction
from service.core.geo import Datum
from service.core.principal import Fence
from service.core.settings import Settings
from service.institutions.rules import InstitutionKind
from service.main import build_house

PASSWORD = "first-day-2026"


def founding(region: str = "640200", password: str = PASSWORD, lon: float = 106.38) -> init.Founding:
    return init.founding(
        region=(region, "石嘴山统筹区"),
        district=("640202", "大武口区"),
        institution=("CY01", "朝阳社区卫生服务中心"),
        kind=InstitutionKind.community_health_centre,
        address="朝阳街1号",
        place=(lon, 39.02, Datum.wgs84),
        admin="admin",
        password=password,
    )


@pytest.fixture
def empty(server: embedded.EmbeddedServer) -> Iterator[str]:
    """The name of a database with nothing in it."""
    name = f"i{uuid.uuid4().hex[:12]}"
    embedded.create_database(server, name)
    yield name
    embedded.drop_database(server, name)


async def counted(owner_url: str) -> dict[str, int]:
    """Return how many rows the tables of an installation's beginning have."""
    engine = create_async_engine(owner_url)
    async with engine.connect() as connection:
        rows = {
            name: (await connection.execute(text(f"select count(*) from {name}"))).scalar_one()
            for name in ("regions", "districts", "institutions", "accounts")
        }
    await engine.dispose()
    return rows


class TestFound:
    async def test_gives_an_empty_database_its_first_administrator_who_can_log_in(
        self, server: embedded.EmbeddedServer, empty: str, tmp_path: Path
    ) -> None:
        owner, app = server.url(embedded.OWNER_ROLE, empty), server.url(embedded.APP_ROLE, empty)
        keys = tmp_path / "keyring.json"
        await init.found(owner, keys, founding())
        assert await counted(owner) == {"regions": 1, "districts": 1, "institutions": 1, "accounts": 1}
        assert keys.stat().st_mode & 0o777 == 0o600
        engine = make_engine(app)
        house = build_house(Settings(keyring=keys), engine)
        async with transaction(make_sessions(engine), Fence(), SystemClock().now()) as session:
            token = await accounts.log_in(
                session,
                house=house,
                origin=Origin("127.0.0.1", "test"),
                region_code="640200",
                username="admin",
                password=PASSWORD,
            )
        await engine.dispose()
        assert isinstance(token, account_schemas.TokenRead)
        assert (token.role, token.due) == ("region_admin", [Due.enrol_second_factor])

    async def test_writes_nothing_into_a_database_that_has_a_region(
        self, server: embedded.EmbeddedServer, empty: str, tmp_path: Path
    ) -> None:
        owner = server.url(embedded.OWNER_ROLE, empty)
        await init.found(owner, tmp_path / "first.json", founding())
        with pytest.raises(CommandError, match="已有统筹区") as refused:
            await init.found(owner, tmp_path / "second.json", founding("640300"))
        assert refused.value.code == 2
        assert await counted(owner) == {"regions": 1, "districts": 1, "institutions": 1, "accounts": 1}
        assert not (tmp_path / "second.json").exists()

    async def test_of_two_at_once_one_founds_and_the_other_is_refused(
        self, server: embedded.EmbeddedServer, empty: str, tmp_path: Path
    ) -> None:
        owner = server.url(embedded.OWNER_ROLE, empty)
        await asyncio.to_thread(upgrade, owner)
        engine = make_engine(owner)
        both = await asyncio.gather(
            *(init.put_in(engine, tmp_path / f"{code}.json", founding(code)) for code in ("640200", "640300")),
            return_exceptions=True,
        )
        await engine.dispose()
        assert [type(each) for each in both if each is not None] == [CommandError]
        assert await counted(owner) == {"regions": 1, "districts": 1, "institutions": 1, "accounts": 1}

    async def test_leaves_an_empty_database_when_the_keys_cannot_be_written(
        self, server: embedded.EmbeddedServer, empty: str, tmp_path: Path
    ) -> None:
        owner = server.url(embedded.OWNER_ROLE, empty)
        (tmp_path / "file").write_text("")
        with pytest.raises(CommandError):
            await init.found(owner, tmp_path / "file" / "keyring.json", founding())
        assert await counted(owner) == {"regions": 0, "districts": 0, "institutions": 0, "accounts": 0}

    async def test_says_one_sentence_when_there_is_no_database(
        self, server: embedded.EmbeddedServer, tmp_path: Path
    ) -> None:
        with pytest.raises(CommandError, match="连不上数据库"):
            await init.found(server.url(embedded.OWNER_ROLE, "nowhere"), tmp_path / "keyring.json", founding())


class TestFounding:
    def test_refuses_a_short_password_without_saying_it(self) -> None:
        with pytest.raises(CommandError) as refused:
            founding(password="secret-9")
        assert "password" in str(refused.value)
        assert "secret-9" not in str(refused.value)

    def test_refuses_a_password_that_anybody_could_guess(self) -> None:
        with pytest.raises(CommandError, match="密码过于简单") as refused:
            founding(password="1234567890")
        assert "1234567890" not in str(refused.value)

    def test_refuses_a_place_that_is_not_on_earth(self) -> None:
        with pytest.raises(CommandError, match="lon"):
            founding(lon=206.38)

    def test_refuses_a_code_with_spaces(self) -> None:
        with pytest.raises(CommandError, match="code"):
            founding("64 0200")
