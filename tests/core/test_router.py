"""A room's routes, put into an application where they will answer."""

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute

from service.core.router import Router


def _told(asked: str = "nobody") -> str:
    return asked


async def _refuse() -> None:
    raise AssertionError("must be overridden")


def _operations(app: FastAPI) -> dict[str, APIRoute]:
    return {each.path: each for each in app.routes if isinstance(each, APIRoute)}


async def _get(app: FastAPI, path: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://rooms") as client:
        return await client.get(path)


class TestPutInto:
    def test_builds_a_part_below_its_own_and_the_outer_prefixes_with_all_their_tags(self) -> None:
        inner = Router(prefix="/beds", tags=["inner"])
        inner.get("/{bed_id}", tags=["own"])(_told)
        outer = Router(prefix="/wards", tags=["outer"])
        outer.include_router(inner)
        app = FastAPI()
        outer.put_into(app, "/v1")
        assert _operations(app)["/v1/wards/beds/{bed_id}"].tags == ["outer", "inner", "own"]

    def test_asks_what_each_outer_part_depends_on_first(self) -> None:
        def each() -> None: ...
        def part() -> None: ...
        def room() -> None: ...

        inner = Router(dependencies=[Depends(part)])
        inner.get("/here", dependencies=[Depends(each)])(_told)
        outer = Router(dependencies=[Depends(room)])
        outer.include_router(inner)
        app = FastAPI()
        outer.put_into(app)
        assert [needed.dependency for needed in _operations(app)["/here"].dependencies] == [room, part, each]

    async def test_lets_the_first_route_declared_answer(self) -> None:
        first, second = Router(), Router()
        first.get("/{any}")(lambda: "first")
        second.get("/second")(lambda: "second")
        room = Router()
        room.get("/zeroth")(lambda: "zeroth")
        room.include_router(first)
        room.include_router(second)
        app = FastAPI()
        room.put_into(app)
        assert [(await _get(app, path)).json() for path in ("/zeroth", "/second")] == ["zeroth", "first"]

    async def test_hears_what_the_application_overrides(self) -> None:
        room = Router(dependencies=[Depends(_refuse)])
        room.get("/here")(_told)
        app = FastAPI()
        room.put_into(app)
        app.dependency_overrides[_refuse] = lambda: None
        assert (await _get(app, "/here")).json() == "nobody"

    def test_can_be_put_into_two_applications(self) -> None:
        room = Router()
        room.get("/here")(_told)
        apps = FastAPI(), FastAPI()
        for app in apps:
            room.put_into(app)
        one, other = (_operations(app)["/here"] for app in apps)
        assert one is not other


class TestIncludeRouter:
    def test_takes_no_router_that_would_build_its_routes_itself(self) -> None:
        with pytest.raises(TypeError, match="only a Router"):
            Router().include_router(APIRouter())

    def test_takes_no_options_that_it_would_forget(self) -> None:
        with pytest.raises(TypeError, match="without options"):
            Router().include_router(Router(), prefix="/lost")
