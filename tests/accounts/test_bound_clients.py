"""A service client acts for those who are bound to it: by opening their account, or by the region's administration."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import Response
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts.models import Account, AccountSession
from service.accounts.rules import Role
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from tests.accounts.logins import ask, bearer, status_with
from tests.world import World

REFUSED = (403, "not-to-act-for")


@dataclass
class Backend:
    """A mini-program's backend: a service client with its secret."""

    world: World
    account_id: str
    login: dict[str, str]

    async def acts_for(self, **name: str) -> Response:
        """Ask for a token to act for somebody."""
        return await ask(self.world, self.login | {"grant_type": "token-exchange"} | name)

    async def open(self, username: str, role: str = "elder") -> str:
        """Open a resident's account; return its id."""
        token = (await ask(self.world, self.login | {"grant_type": "client_credentials"})).json()["access_token"]
        body = {"username": username, "role": role, "display_name": "居民甲"}
        async with bearer(self.world, token) as client:
            made = await client.post("/accounts/residents", json=body)
        assert (made.status_code, made.json()["bound_client_id"]) == (201, self.account_id)
        return str(made.json()["id"])

    @property
    def fence(self) -> Fence:
        """What its transactions see."""
        return Fence(self.world.region_id, account_id=UUID(self.account_id))


async def _backend(world: World, username: str) -> Backend:
    async with await world.as_role(Role.region_admin) as client:
        body = {"username": username, "role": "service_client", "display_name": "小程序"}
        made = (await client.post("/accounts", json=body)).json()
    login = {"region_code": world.region_code, "client_id": username, "client_secret": made["client_secret"]}
    return Backend(world, made["id"], login)


@pytest.fixture
async def one(world: World) -> Backend:
    """A service client."""
    return await _backend(world, "wechat-app")


@pytest.fixture
async def other(world: World) -> Backend:
    """Another service client of the same region."""
    return await _backend(world, "hospital-app")


async def change(world: World, account_id: str, client_id: str | None) -> Response:
    """Let the region's administration bind an account."""
    async with await world.as_role(Role.region_admin) as client:
        return await client.patch(f"/accounts/{account_id}", json={"bound_client_id": client_id})


def told(answer: Response) -> tuple[int, str]:
    """Return the status and the name of a refusal."""
    return answer.status_code, answer.json()["code"]


class TestWhoActs:
    @pytest.mark.parametrize("role", ["elder", "family_proxy"])
    async def test_the_client_that_opened_the_account_and_no_other(
        self, world: World, one: Backend, other: Backend, role: str
    ) -> None:
        elder = await one.open("user-1", role)
        for name in ({"account_id": elder}, {"account_username": "user-1"}):
            assert (await one.acts_for(**name)).status_code == 200
            assert told(await other.acts_for(**name)) == REFUSED

    async def test_that_it_is_another_clients_looks_like_nobody_at_all(
        self, world: World, one: Backend, other: Backend
    ) -> None:
        elder = await one.open("user-1")
        unbound = await world.add_account(Role.elder)
        names = ({"account_id": elder}, {"account_id": str(unbound)}, {"account_id": str(new_id())})
        answers = [(await other.acts_for(**name)) for name in (*names, {"account_username": "nobody"})]
        assert {told(each) for each in answers} == {REFUSED}
        assert len({each.json()["detail"] for each in answers}) == 1
        assert len({tuple(sorted(each.json())) for each in answers}) == 1

    async def test_another_clients_user_is_not_made_a_persons_own_account(
        self, world: World, one: Backend, other: Backend
    ) -> None:
        elder, number = await one.open("user-1"), world.id_number()
        person = {
            "institution_id": str(world.institution_id), "name": "居民甲", "sex": "female",
            "born_on": str(date(1945, 5, 1)), "id_number": number,
        }  # fmt: skip
        registered = await (await world.as_role(Role.dispatcher)).post("/patients", json=person)
        assert registered.status_code == 201, registered.text
        asked = {"account_id": elder, "id_number": number, "name": "居民甲"}
        answers = []
        for each in (other, one):
            token = (await ask(world, each.login | {"grant_type": "client_credentials"})).json()["access_token"]
            async with bearer(world, token) as client:
                answers.append((await client.post("/patients/bindings", json=asked)).status_code)
        assert answers == [404, 201]


class TestBinding:
    async def test_taken_away_it_ends_what_goes_on_and_every_later_exchange(self, world: World, one: Backend) -> None:
        elder = await one.open("user-1")
        acting = (await one.acts_for(account_id=elder)).json()["access_token"]
        assert await status_with(world, acting) == 200
        taken = await change(world, elder, None)
        assert (taken.status_code, taken.json()["bound_client_id"]) == (200, None)
        assert await status_with(world, acting) == 401
        assert told(await one.acts_for(account_id=elder)) == REFUSED

    async def test_moved_to_another_client_only_that_one_acts(self, world: World, one: Backend, other: Backend) -> None:
        elder = await one.open("user-1")
        acting = (await one.acts_for(account_id=elder)).json()["access_token"]
        assert (await change(world, elder, other.account_id)).json()["bound_client_id"] == other.account_id
        assert await status_with(world, acting) == 401
        assert told(await one.acts_for(account_id=elder)) == REFUSED
        now_acting = (await other.acts_for(account_id=elder)).json()["access_token"]
        # said once more, nothing changes, and nobody is thrown out
        assert (await change(world, elder, other.account_id)).status_code == 200
        assert await status_with(world, now_acting) == 200

    async def test_another_change_of_the_account_leaves_it_bound(self, world: World, one: Backend) -> None:
        elder = await one.open("user-1")
        async with await world.as_role(Role.region_admin) as client:
            assert (await client.patch(f"/accounts/{elder}", json={"display_name": "居民乙"})).status_code == 200
        assert (await one.acts_for(account_id=elder)).status_code == 200

    async def test_only_to_a_service_client_of_the_region_and_only_residents(self, world: World, one: Backend) -> None:
        elder, nurse = await one.open("user-1"), await world.add_account(Role.nurse, world.institution_id)
        stranger = World(world.owner, world.house, world.clock, world.app)
        await stranger.start()
        for client_id in (nurse, new_id(), await stranger.add_account(Role.service_client)):
            assert told(await change(world, elder, str(client_id))) == (404, "not-found")
        assert told(await change(world, str(nurse), one.account_id)) == (409, "not-bound-to-clients")
        assert (await one.acts_for(account_id=elder)).status_code == 200

    async def test_an_institutions_administrator_does_not(self, world: World, one: Backend) -> None:
        elder = await one.open("user-1")
        async with await world.as_role(Role.institution_admin) as client:
            refused = await client.patch(f"/accounts/{elder}", json={"bound_client_id": None})
        assert told(refused) == (404, "not-found")


Rows = Callable[[AsyncSession], Awaitable[Any]]


async def _behind(world: World, fence: Fence, act: Rows) -> str:
    """Do something as the application's role behind a fence; return the SQLSTATE with which it is refused."""
    try:
        async with transaction(world.house.sessions, fence, world.clock.now()) as session:
            await act(session)
    except DBAPIError as error:
        return str(getattr(error.orig, "sqlstate", error))
    return "done"


def _session_of(world: World, account_id: str, client_id: str) -> AccountSession:
    now = datetime.now(UTC)
    return AccountSession(
        region_id=world.region_id, id=new_id(), account_id=UUID(account_id), kind="exchange", client_id=UUID(client_id),
        device="x", address="x", created_at=now, last_used_at=now, expires_at=now + timedelta(minutes=1),
    )  # fmt: skip


class TestPastTheApplication:
    async def test_no_session_is_opened_by_a_client_that_the_account_is_not_bound_to(
        self, world: World, one: Backend, other: Backend
    ) -> None:
        elder = await one.open("user-1")
        fence = Fence(world.region_id, account_id=UUID(elder))

        def opening(client: Backend) -> Rows:
            async def act(session: AsyncSession) -> None:
                session.add(_session_of(world, elder, client.account_id))
                await session.flush()

            return act

        assert await _behind(world, fence, opening(other)) == "42501"
        assert await _behind(world, fence, opening(one)) == "done"

    async def test_no_account_is_opened_for_another_client(self, world: World, one: Backend, other: Backend) -> None:
        async def act(session: AsyncSession) -> None:
            session.add(_account(world, Role.elder, bound_client_id=UUID(other.account_id)))
            await session.flush()

        assert await _behind(world, one.fence, act) == "42501"

    async def test_an_account_that_names_no_client_is_bound_to_the_one_that_opens_it(
        self, world: World, one: Backend
    ) -> None:
        """As the version before opens them, beside this one."""

        async def act(session: AsyncSession) -> None:
            session.add(_account(world, Role.elder, username="user-2"))
            await session.flush()

        assert await _behind(world, one.fence, act) == "done"
        assert (await one.acts_for(account_username="user-2")).status_code == 200

    async def test_the_binding_names_an_account_and_staff_have_none(self, world: World, one: Backend) -> None:
        with pytest.raises(IntegrityError, match="fk_accounts_region_id_bound_client_id"):
            await world.add(_account(world, Role.elder, bound_client_id=new_id()))
        with pytest.raises(IntegrityError, match="only_residents_are_bound"):
            await world.add(_account(world, Role.region_admin, bound_client_id=UUID(one.account_id)))

    async def test_an_exchange_that_meets_a_revocation_waits_for_it_and_is_refused(
        self, world: World, one: Backend
    ) -> None:
        elder = await one.open("user-1")
        governor = Fence(world.region_id, account_id=new_id(), region_wide=True)
        async with transaction(world.house.sessions, governor, world.clock.now()) as session:
            await session.execute(text("update accounts set bound_client_id = null where id = :id"), {"id": elder})
            exchange = asyncio.create_task(one.acts_for(account_id=elder))
            done, _ = await asyncio.wait([exchange], timeout=1)
            assert not done
        assert told(await exchange) == REFUSED


def _account(world: World, role: Role, **changes: Any) -> Account:
    return Account(
        **{"region_id": world.region_id, "id": new_id(), "username": f"x{world.number()}", "role": role}
        | {"display_name": "居民甲", "created_at": world.clock.now()}
        | changes
    )
