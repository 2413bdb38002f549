"""Appointments raced on real connections: nobody is in two places at once, whoever publishes or cancels meanwhile."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import NullPool, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from service.accounts.rules import Role
from service.core.db.refusals import constraint_of
from service.core.db.session import raise_fence, transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.practitioners.absence_schemas import AbsenceCreate
from service.routing import errors, usecases
from service.routing.absence_schemas import AbsenceWithHits
from service.routing.schemas import PublicationRead
from tests.orders import plain
from tests.routing.scene import DAY, Scene, at, visits
from tests.world import World

CONNECTIONS = 16
DEADLOCK = "40P01"
"""Two that wait for each other's commit: PostgreSQL ends one of them, which is a refusal as well."""
_PROMISE = text(
    "insert into appointments (region_id, id, institution_id, plan_id, order_id, person_id, practitioner_id,"
    " practitioner_name, service_on, during, trip_key, state, part, parts) values (:region, :id, :institution, :plan,"
    " :order, :person, :who, '医护', :on, tstzrange(:start, :end), :id, 'booked', :part, 2)"
)


async def booked(world: World) -> list[Any]:
    async with world.owner.connect() as connection:
        query = text("select * from appointments where region_id = :id and state = 'booked'")
        return list(await connection.execute(query, {"id": world.region_id}))


async def state(world: World, order_id: UUID) -> str:
    async with world.owner.connect() as connection:
        query = text("select state from orders where id = :id")
        return str((await connection.execute(query, {"id": order_id})).scalar_one())


@pytest.fixture
async def scene(world: World) -> Scene:
    made = await Scene.set_up(world)
    await made.item("REHAB", 60)
    return made


async def promise(engine: AsyncEngine, world: World, **values: Any) -> str | None:
    """Insert an appointment as the application's role; return the constraint (or the deadlock) that said no."""
    async with engine.connect() as connection, AsyncSession(connection) as session:
        try:
            async with session.begin():
                await raise_fence(session, Fence(world.region_id, (world.institution_id,)), world.clock.now())
                await session.execute(
                    _PROMISE,
                    {
                        "region": world.region_id,
                        "institution": world.institution_id,
                        "id": new_id(),
                        "on": DAY,
                        "part": 1,
                    }
                    | values,
                )
                await asyncio.sleep(0.05)  # let the others come in before the commit
        except DBAPIError as error:
            return constraint_of(error) or str(getattr(error.orig, "sqlstate", error))
    return None


async def race(world: World, app_engine: AsyncEngine, each: Sequence[dict[str, Any]]) -> list[str | None]:
    engine = create_async_engine(app_engine.url, poolclass=NullPool)
    try:
        return list(await asyncio.gather(*(promise(engine, world, **values) for values in each)))
    finally:
        await engine.dispose()


def span(minutes_later: int) -> dict[str, datetime]:
    start = at("09:00") + timedelta(minutes=minutes_later)
    return {"start": start, "end": start + timedelta(hours=1)}


class TestWithoutTheApplicationSCheck:
    async def test_one_nurse_is_promised_once(self, scene: Scene, world: World, app_engine: AsyncEngine) -> None:
        nurse, plan = await scene.staff(), (await scene.request()).json()["id"]
        people = [await world.add_patient() for _ in range(CONNECTIONS)]
        tries = [
            {
                "plan": plan, "order": await scene.order(1, "09:00", "12:00", "REHAB", person_id=person),
                "person": person, "who": nurse, **span(number),
            }
            for number, person in enumerate(people)
        ]  # fmt: skip
        said = await race(world, app_engine, tries)
        assert said.count(None) == 1
        assert set(said) <= {None, "appointments_staff_once", DEADLOCK}
        assert len(await booked(world)) == 1
        assert await race(world, app_engine, tries[:1]) == ["appointments_staff_once"]

    async def test_one_elder_is_visited_for_one_order(
        self, scene: Scene, world: World, app_engine: AsyncEngine
    ) -> None:
        plan, home = (await scene.request()).json()["id"], await world.add_home()
        person = await world.add_patient(home_id=home)
        await plain.allow(world, CONNECTIONS)
        tries = [
            {
                "plan": plan, "order": await scene.order(1, "09:00", "12:00", "REHAB", person_id=person, home_id=home),
                "person": person, "who": await scene.staff(), **span(number),
            }
            for number in range(CONNECTIONS)
        ]  # fmt: skip
        said = await race(world, app_engine, tries)
        assert said.count(None) == 1
        assert set(said) <= {None, "appointments_person_once", DEADLOCK}
        assert len(await booked(world)) == 1
        beside_the_winner = tries[said.index(None) - 1]  # whose nurse has promised nothing
        assert await race(world, app_engine, [beside_the_winner]) == ["appointments_person_once"]

    async def test_a_crew_of_one_order_comes_together_and_neighbours_in_time_do_not_meet(
        self, scene: Scene, world: World, app_engine: AsyncEngine
    ) -> None:
        nurse, other, plan = await scene.staff(), await scene.staff(), (await scene.request()).json()["id"]
        person = await world.add_patient()
        first, second = [await scene.order(1, "09:00", "12:00", "REHAB", person_id=person) for _ in range(2)]
        about = {"plan": plan, "person": person}
        tries = [
            about | {"order": first, "who": nurse} | span(0),
            about | {"order": first, "who": other} | span(0),
            about | {"order": second, "who": nurse} | span(60),
        ]
        assert await race(world, app_engine, tries) == [None, None, None]

    async def test_each_part_of_an_order_is_promised_once_by_whoever_gives_it(
        self, scene: Scene, world: World, app_engine: AsyncEngine
    ) -> None:
        nurse, plan = await scene.staff(), (await scene.request()).json()["id"]
        person = await world.add_patient()
        order = await scene.order(1, "09:00", "12:00", "REHAB", person_id=person)
        about = {"plan": plan, "person": person, "order": order, "who": nurse}
        # at different times, so that nobody would be at two places at once
        tries = [about | span(61 * number) for number in range(8)]
        said = await race(world, app_engine, tries)
        assert said.count(None) == 1
        assert set(said) <= {None, "appointments_part_once", DEADLOCK}
        assert await race(world, app_engine, [about | span(61 * 9) | {"part": 2}]) == [None]
        assert await race(world, app_engine, [about | span(61 * 10) | {"part": 2}]) == ["appointments_part_once"]
        assert sorted(each.part for each in await booked(world)) == [1, 2]


class TestTwoPublications:
    async def test_of_plans_that_share_a_nurse_exactly_one_is_done(self, world: World) -> None:
        first, second = await Scene.set_up(world), await Scene.set_up(world)
        await first.item("REHAB", 60)
        await first.staff()
        plain = await first.order(1, "09:00", "10:00", "REHAB", born_on=date(1990, 1, 1))
        plan = await first.plan()
        urgent = await first.order(-1, "09:00", "10:00", "REHAB")
        other = await second.plan()
        assert (set(visits(plan)), set(visits(other))) == ({str(plain)}, {str(urgent)})
        answers = await asyncio.gather(first.publish(plan), second.publish(other))
        assert sorted(each.status_code for each in answers) == [200, 409]
        [refused] = [each.json() for each in answers if each.status_code == 409]
        assert refused["code"] == "staff-double-booked"
        [promised] = await booked(world)
        assert sorted([await state(world, plain), await state(world, urgent)]) == ["accepted", "scheduled"]
        assert await state(world, promised.order_id) == "scheduled"

    async def test_of_one_plan_give_one_answer(self, scene: Scene, world: World) -> None:
        await scene.staff()
        await scene.order(1, "09:00", "12:00", "REHAB")
        plan = await scene.plan()
        answers = await asyncio.gather(*(scene.publish(plan) for _ in range(4)))
        assert {each.status_code for each in answers} == {200}
        assert len({each.text for each in answers}) == 1
        assert len(await booked(world)) == 1

    async def test_of_one_area_s_day_leave_one_in_force(self, scene: Scene, world: World) -> None:
        await scene.staff()
        await scene.order(1, "09:00", "12:00", "REHAB")
        plans = [await scene.plan() for _ in range(3)]
        answers = await asyncio.gather(*(scene.publish(each) for each in plans))
        assert {each.status_code for each in answers} == {200}
        states = [(await scene.read(each["id"]))["state"] for each in plans]
        assert sorted(states) == ["published", "superseded", "superseded"]
        [promised] = await booked(world)
        assert str(promised.plan_id) == plans[states.index("published")]["id"]


class TestPublicationAgainstCancellation:
    async def test_a_cancelled_order_promises_nobody(self, scene: Scene, world: World) -> None:
        await scene.staff()
        for hour in (9, 11, 13):
            order = await scene.order(1, f"{hour:02}:00", f"{hour + 2:02}:00", "REHAB")
            plan = await scene.plan()
            assert str(order) in visits(plan)
            published, cancelled = await asyncio.gather(
                scene.publish(plan),
                scene.dispatcher.post(f"/orders/{order}/cancellation", json={"reason": "老人住院"}),
            )
            assert (published.status_code, cancelled.status_code) == (200, 200), cancelled.text
            left_out = {each["order_id"] for each in published.json()["left_out"]}
            assert left_out in (set(), {str(order)})
            assert await state(world, order) == "cancelled"
            assert await booked(world) == []


class TestAnAbsenceBesideAPublication:
    async def test_either_names_the_visit_or_keeps_it_from_being_promised(self, scene: Scene, world: World) -> None:
        for number in range(3):
            on = DAY + timedelta(days=number)
            nurse = await scene.staff(on=on)
            order = await scene.order(1, "09:00", "12:00", "REHAB", on=on)
            plan = await scene.plan(on)
            start = asyncio.Barrier(2)

            async def publish(plan_id: UUID, begin: asyncio.Barrier) -> PublicationRead | None:
                principal = world.principal(Role.dispatcher)
                try:
                    async with transaction(world.house.sessions, principal.fence, world.clock.now()) as session:
                        await begin.wait()
                        return await usecases.publish_plan(
                            session, principal=principal, plan_id=plan_id, now=world.clock.now()
                        )
                except errors.StaffAbsent:
                    return None

            async def enter(who: UUID, day: date, begin: asyncio.Barrier) -> AbsenceWithHits:
                principal = world.principal(Role.institution_admin)
                draft = AbsenceCreate.model_validate(
                    {"start": at("08:00", day), "end": at("17:00", day), "reason": "sick"}
                )
                async with transaction(world.house.sessions, principal.fence, world.clock.now()) as session:
                    await begin.wait()
                    return await usecases.add_absence(
                        session, principal=principal, practitioner_id=who, draft=draft, now=world.clock.now()
                    )

            published, absence = await asyncio.gather(publish(UUID(plan["id"]), start), enter(nurse, on, start))
            hits = [(each.order_id, each.plan_id) for each in absence.hits]
            assert hits == ([] if published is None else [(order, UUID(plan["id"]))])


_ABSENT = text(
    "insert into absences (region_id, id, institution_id, practitioner_id, during, reason, note,"
    " entered_by_account_id, entered_at) values (:region, :id, :institution, :who, tstzrange(:start, :end), 'sick', '',"
    " :id, :now)"
)
_HIT = text(
    "select count(*) from appointments where practitioner_id = :who and state = 'booked'"
    " and during && tstzrange(:start, :end)"
)
LONGER = 0.3
"""Seconds for which the one who was first keeps the other waiting."""


class TestAPromiseBesideAnAbsenceWithoutTheApplicationSLock:
    """Plain statements as the application's role: nobody holds the calendar or looks at it but the tables."""

    @staticmethod
    async def tried(scene: Scene) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return a promise and an absence of one nurse that lie over each other."""
        world, nurse, plan = scene.world, await scene.staff(), (await scene.request()).json()["id"]
        person = await world.add_patient()
        order = await scene.order(1, "09:00", "12:00", "REHAB", person_id=person)
        common = {"region": world.region_id, "institution": world.institution_id, "who": nurse}
        promised = common | {"plan": plan, "order": order, "person": person, "on": DAY} | span(0)
        return promised, common | {"start": at("08:00"), "end": at("09:30"), "now": world.clock.now()}

    @staticmethod
    async def do(
        world: World, engine: AsyncEngine, values: dict[str, Any], *, after: float = 0, keeps: float = 0
    ) -> str | int | None:
        """Promise, or enter an absence and count what it hits; return that, or the constraint that said no."""
        absence = "order" not in values
        await asyncio.sleep(after)
        async with engine.connect() as connection, AsyncSession(connection) as session:
            try:
                async with session.begin():
                    await raise_fence(session, Fence(world.region_id, (values["institution"],)), world.clock.now())
                    await session.execute(_ABSENT if absence else _PROMISE, values | {"id": new_id(), "part": 1})
                    hits = (await session.execute(_HIT, values)).scalar_one() if absence else None
                    await asyncio.sleep(keeps)
            except DBAPIError as error:
                return constraint_of(error) or str(getattr(error.orig, "sqlstate", error))
        return hits

    async def test_a_promise_that_comes_second_waits_and_is_refused(
        self, scene: Scene, world: World, app_engine: AsyncEngine
    ) -> None:
        promised, absent = await self.tried(scene)
        said = await asyncio.gather(
            self.do(world, app_engine, absent, keeps=LONGER),
            self.do(world, app_engine, promised, after=LONGER / 3),
        )
        assert said == [0, "appointments_not_while_absent"]
        assert await booked(world) == []

    async def test_an_absence_that_comes_second_waits_and_sees_what_it_hits(
        self, scene: Scene, world: World, app_engine: AsyncEngine
    ) -> None:
        promised, absent = await self.tried(scene)
        said = await asyncio.gather(
            self.do(world, app_engine, promised, keeps=LONGER),
            self.do(world, app_engine, absent, after=LONGER / 3),
        )
        assert said == [None, 1]

    async def test_of_many_at_once_each_is_either_refused_or_hit(
        self, scene: Scene, world: World, app_engine: AsyncEngine
    ) -> None:
        pairs = [await self.tried(scene) for _ in range(CONNECTIONS)]
        engine = create_async_engine(app_engine.url, poolclass=NullPool)
        try:
            tries = [self.do(world, engine, each, keeps=0.05) for pair in pairs for each in pair]
            said = await asyncio.gather(*tries)
        finally:
            await engine.dispose()
        outcomes = set(zip(said[::2], said[1::2], strict=True))
        assert outcomes <= {(None, 1), ("appointments_not_while_absent", 0)}
        assert len(await booked(world)) == said.count(None)

    async def test_an_absence_that_another_institution_entered_keeps_from_promising_too(
        self, scene: Scene, world: World, app_engine: AsyncEngine
    ) -> None:
        promised, absent = await self.tried(scene)
        assert await self.do(world, app_engine, absent | {"institution": await world.add_institution()}) == 0
        assert await self.do(world, app_engine, promised) == "appointments_not_while_absent"
        # beside it he is promised
        assert await self.do(world, app_engine, promised | span(30)) is None

    async def test_moving_a_promise_into_an_absence_and_booking_it_again_are_refused(
        self, scene: Scene, world: World, app_engine: AsyncEngine
    ) -> None:
        promised, absent = await self.tried(scene)
        assert await self.do(world, app_engine, promised) is None
        assert await self.do(world, app_engine, absent) == 1
        changes = {
            # it stands as long as nothing more is promised: the absence came over it
            "update appointments set trip_key = gen_random_uuid()": None,
            "update appointments set during = tstzrange(:start, :end)": "appointments_not_while_absent",
            "update appointments set state = 'released'": None,
            "update appointments set state = 'booked'": "appointments_not_while_absent",
        }
        for change, expected in changes.items():
            async with app_engine.connect() as connection, AsyncSession(connection) as session:
                await raise_fence(session, Fence(world.region_id, (world.institution_id,)), world.clock.now())
                try:
                    await session.execute(text(change), span(15) if ":start" in change else {})
                    said = None
                except DBAPIError as error:
                    said = constraint_of(error)
                else:
                    await session.commit()
            assert said == expected, change
