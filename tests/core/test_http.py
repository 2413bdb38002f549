"""The house answers in problem+json and knows its principal."""

from service.accounts.rules import Role
from tests.world import World


class TestFences:
    async def test_an_unknown_route_is_a_problem(self, world: World) -> None:
        async with world.client() as client:
            answer = await client.get("/nothing")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_a_world_has_an_institution_and_accounts(self, world: World) -> None:
        async with await world.as_role(Role.dispatcher) as client:
            answer = await client.get("http://test/readyz")
        assert answer.json()["status"] == "ready"
