"""build_app(): settings → engine → routers → problem handler; no logic."""

import importlib
from functools import cache
from typing import Final

from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncEngine

from service.core import body_limit, contract, front, health, keyring, paging, problem_handlers
from service.core.audit import doing
from service.core.audit import routes as audit
from service.core.clock import Clock, DemoClock, SystemClock
from service.core.crypt import FieldCipher
from service.core.db.engine import make_sessions
from service.core.files import routes as files
from service.core.http import House
from service.core.rate_limits import Limits
from service.core.router import Router
from service.core.settings import Settings
from service.core.signing import Signer

ROOMS: Final = (
    "orders", "booking", "visits", "accounts", "patients", "routing", "billing", "institutions", "practitioners",
    "catalog", "contracts", "beds", "notices", "quality",
)  # fmt: skip
"""Those asked most come first: a request tries one route after the other."""
LARGEST_BODY: Final = 1 << 20
DESCRIPTION: Final = "家庭病床与上门巡诊：预约、排路、上门留痕、一次收费。拒绝一律为 application/problem+json。"


def build_house(settings: Settings, engine: AsyncEngine) -> House:
    """Return what a process holds for its lifetime.

    Raises:
        keyring.KeyringMissing: no keys yet; `xunzhen init` makes them.
    """
    keys = keyring.load(settings.keyring_path)
    front.watch(engine, settings)
    return House(
        settings=settings,
        sessions=make_sessions(engine),
        clock=build_clock(settings),
        signer=Signer(keys, renewed=keyring.Watch(settings.keyring_path).changed),
        cipher=FieldCipher(keys, renewed=keyring.Watch(settings.keyring_path).changed),
        cursors=paging.Cursors(keys.index.secret),
        limits=Limits.of(settings),
    )


def build_clock(settings: Settings) -> Clock:
    """Return the domain's clock: the demo's where the settings give one, and only on the embedded server.

    Raises:
        ValueError: a demo clock beside a real server, or one that cannot be read.
    """
    if not settings.demo_clock:
        return SystemClock()
    if not settings.embedded:
        raise ValueError("演示时钟只能用于内嵌数据库，请去掉 XUNZHEN_DEMO_CLOCK。")
    return DemoClock.from_json(settings.demo_clock)


def build_app(house: House | None = None) -> FastAPI:
    """Return the application of a process's house; without one only its contract can be read."""
    app = contract.Application(
        title="巡诊 Xunzhen",
        version="0.1.0",
        description=DESCRIPTION,
    )
    app.state.house = house
    rooms = _rooms()
    app.router.routes.extend(rooms.router.routes)
    app.dependency_overrides = rooms.dependency_overrides  # where those routes look for them
    problem_handlers.install(app)
    app.add_middleware(body_limit.BodyLimit, limit=LARGEST_BODY, larger=_larger_bodies(house))
    app.add_middleware(doing.Requests)
    front.install(app, house)
    return app


@cache
def _rooms() -> FastAPI:
    """Return what every room answers, worked out once for the process."""
    rooms = FastAPI(openapi_url=None, generate_unique_id_function=_operation_id)
    for room in ROOMS:
        router: Router = importlib.import_module(f"service.{room}.routes").router
        router.put_into(rooms, "/v1")
    files.router.put_into(rooms, "/v1")
    audit.router.put_into(rooms, "/v1")
    health.router.put_into(rooms)
    return rooms


def _larger_bodies(house: House | None) -> dict[str, int]:
    return {f"/v1{files.PATH}": house.settings.files_largest_bytes} if house else {}


def _operation_id(route: APIRoute) -> str:
    # the function's name: `place_order` makes a good client method
    return route.name
