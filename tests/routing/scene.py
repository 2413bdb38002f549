"""A small district for tests of planning: staff and homes on a line east and west of the centre, planned over HTTP.

Places are given in kilometres east of the centre by e-bike at 1.3 times the straight line; times as "HH:MM" of DAY.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

from service.accounts.rules import Role
from service.core.clock import LOCAL, at_local
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.jobs import queue
from service.core.settings import Settings
from service.institutions.models import Station
from service.practitioners.models import Qualification
from service.routing import building, gathering, referee, solving
from service.routing.building import DayFacts
from service.routing.problem import Limits, Plan, Problem
from service.routing.solver import solve
from service.routing.travel import Roads
from tests.world import CENTRE, World

DAY = date(2026, 3, 3)
DEGREES_PER_KM = 1 / 86.5  # of longitude at 39° north


def at(clock: str, on: date = DAY) -> datetime:
    """Return the moment at which clocks in the district show "HH:MM"."""
    return at_local(on, time.fromisoformat(clock))


def seconds(clock: str) -> int:
    """Return "HH:MM" as seconds of the day."""
    hours, minutes = clock.split(":")
    return int(hours) * 3600 + int(minutes) * 60


@dataclass
class Scene:
    """One dispatch area (the world's institution unless told otherwise), its dispatcher, and whatever a test adds."""

    world: World
    dispatcher: AsyncClient
    area_id: str
    institution_ids: tuple[UUID, ...]
    _stations: dict[tuple[UUID, float], UUID] = field(default_factory=dict)

    @classmethod
    async def set_up(cls, world: World, *institution_ids: UUID) -> "Scene":
        """Make an area over HTTP as the region's administration, and log its dispatcher in."""
        ids = institution_ids or (world.institution_id,)
        admin = await world.as_role(Role.region_admin)
        made = await admin.post(
            "/dispatch-areas",
            json={"code": f"A{world.number()}", "name": "城区", "institution_ids": [str(each) for each in ids]},
        )
        assert made.status_code == 201, made.text
        return cls(world, await world.as_role(Role.dispatcher, *ids), made.json()["id"], ids)

    async def staff(
        self, east_km: float = 0.0, *, shift: tuple[str, str] = ("08:00", "17:00"), skills: tuple[str, ...] = (),
        lunch: tuple[str, str, int] | None = None, mode: str = "ebike", role: str = "nurse",
        institution_id: UUID | None = None, account_id: UUID | None = None, on: date = DAY,
    ) -> UUID:  # fmt: skip
        """Add a nurse who starts at a station so far east, on duty on DAY; return the id."""
        at_institution = institution_id or self.world.institution_id
        station_id = await self.station(at_institution, east_km)
        this = await self.world.add_practitioner(
            role=role, skills=skills, travel_mode=mode, station_id=station_id, institution_id=at_institution,
            account_id=account_id,
        )  # fmt: skip
        await self.world.add_shift(
            this,
            at(shift[0], on),
            at(shift[1], on),
            lunch=(at(lunch[0], on), at(lunch[1], on), lunch[2]) if lunch else None,
            institution_id=at_institution,
        )
        return this

    async def station(self, institution_id: UUID, east_km: float) -> UUID:
        """Return an institution's station so far east."""
        key = (institution_id, east_km)
        if key not in self._stations:
            self._stations[key] = new_id()
            await self.world.add(
                Station(
                    region_id=self.world.region_id, institution_id=institution_id, id=self._stations[key],
                    code=f"S{self.world.number()}", name="站", lon=CENTRE[0] + east_km * DEGREES_PER_KM, lat=CENTRE[1],
                )
            )  # fmt: skip
        return self._stations[key]

    async def expire(self, practitioner_id: UUID, kind: str, code: str, valid_to: date) -> None:
        """Give somebody a qualification that ends on a day."""
        await self.world.add(
            Qualification(
                region_id=self.world.region_id, institution_id=self.world.institution_id,
                practitioner_id=practitioner_id, kind=kind, code=code, certificate_no=f"X{practitioner_id}",
                valid_from=date(2019, 1, 1), valid_to=valid_to,
            )
        )  # fmt: skip

    async def item(self, code: str, minutes: int = 30, **more: Any) -> str:
        """List a service."""
        return await self.world.add_service_item(code, minutes=minutes, **more)

    async def order(
        self, east_km: float, start: str, end: str, items: dict[str, int] | str, *, person_id: UUID | None = None,
        home_id: UUID | None = None, floor: int = 1, on: date = DAY, born_on: date = date(1945, 5, 1), **more: Any,
    ) -> UUID:  # fmt: skip
        """Add an accepted order of an elder living so far east; return its id."""
        place = home_id or await self.world.add_home(lon=CENTRE[0] + east_km * DEGREES_PER_KM, floor=floor)
        institution_id = more.get("institution_id")
        person = person_id or await self.world.add_patient(
            home_id=place, born_on=born_on, institution_id=institution_id
        )
        wanted = {items: 1} if isinstance(items, str) else items
        return await self.world.add_order(person, place, start=at(start, on), end=at(end, on), items=wanted, **more)

    async def request(self, on: date = DAY, *, seconds_limit: int = 1, **more: Any) -> Response:
        """Ask for a plan of the area."""
        body = {"area_id": self.area_id, "service_on": on.isoformat(), "seconds_limit": seconds_limit, "seed": 7}
        return await self.dispatcher.post("/plans", json=body | more)

    async def work(self, plan_id: str) -> None:
        """Do what the worker does with the news of a plan."""
        await solving.solve_plan(self.world.house, self.job(plan_id))

    def job(self, plan_id: str) -> queue.Job:
        """Return the job that the news of a plan carries."""
        return queue.Job(region_id=self.world.region_id, institution_ids=self.institution_ids, subject_id=UUID(plan_id))

    async def plan(self, on: date = DAY, **more: Any) -> dict[str, Any]:
        """Ask for a plan, have it solved, and read it."""
        asked = await self.request(on, **more)
        assert asked.status_code == 202, asked.text
        await self.work(asked.json()["id"])
        return await self.read(asked.json()["id"])

    async def read(self, plan_id: str) -> dict[str, Any]:
        """Read a plan over HTTP."""
        answer = await self.dispatcher.get(f"/plans/{plan_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def publish(self, plan: dict[str, Any]) -> Response:
        """Publish a plan over HTTP."""
        return await self.dispatcher.post(f"/plans/{plan['id']}/publication")

    async def facts(self, on: date = DAY) -> DayFacts:
        """Gather a day as the worker does."""
        now = self.world.clock.now()
        fence = self.job(str(new_id())).fence
        ask = gathering.Ask(self.world.region_id, self.institution_ids, on, now, None)
        async with transaction(self.world.house.sessions, fence, now) as session:
            return await gathering.gather(session, ask)


async def problem_of(facts: DayFacts) -> Problem:
    """Return the problem that the worker would build."""
    day = building.draw(facts)
    travel = await Roads(Settings()).matrices(day.points, day.means, outside=False)
    return building.problem_of(day, [each.seconds for each in travel])


def visits(plan: dict[str, Any]) -> dict[str, list[tuple[str, str, str]]]:
    """Return order id → (practitioner id, start, end) of a plan as read, local clock times, by practitioner."""
    found: dict[str, list[tuple[str, str, str]]] = {}
    for route in plan["routes"]:
        for stop in route["stops"]:
            if stop["order_id"]:
                found.setdefault(stop["order_id"], []).append(
                    (route["practitioner_id"], clock(stop["start_at"]), clock(stop["end_at"]))
                )
    return {order_id: sorted(each) for order_id, each in found.items()}


def clock(moment: str) -> str:
    """Return a moment of an answer as the local "HH:MM"."""
    return datetime.fromisoformat(moment).astimezone(LOCAL).strftime("%H:%M")


def cheapest(problem: Problem) -> tuple[Plan, int]:
    """Solve a problem here; return the plan, which the referee lets pass, and its price."""
    plan = solve(problem, Limits(seconds=1.0), 7)
    verdict = referee.check_plan(problem, plan)
    assert verdict.feasible, verdict.violations
    return plan, verdict.total


def broken(problem: Problem, plan: Plan) -> set[str]:
    """Return the rules of a problem that a plan breaks."""
    return {each.code.value for each in referee.check_plan(problem, plan).violations}
