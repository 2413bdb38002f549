"""What settling costs on the wire: so many statements whatever the bill, beside fence, audit row and commit."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.billing import repository
from service.contracts.rules import Claim, Source
from service.core.db.session import transaction
from service.core.principal import Fence
from tests.billing.day import MORNING, ON, Day
from tests.billing.test_settling import reserve
from tests.core.test_questions import statements

ITEMS = [("BP", 1), ("DRESSING", 1), ("EXAM", 1)]
HELD_ASKED_WRITTEN = 3


@pytest.fixture
async def day(day: Day) -> Day:
    """A region with a tariff, a limit and a reduction; what a bill can stand on."""
    for code, _ in ITEMS:
        await day.price(code, "10", insurance_class="A")
    await day.tariff()
    await day.limit("BP", maximum=3)
    await day.reduce(key_groups=["low_income"])
    return day


async def visits_of_one_who_has_every_payer(day: Day, visits: int) -> list[str]:
    """Add proven visits, each on a trip of its own; the first one's order holds a unit of the contract."""
    person_id, home_id = await day.world.add_patient(), await day.world.add_home()
    await day.insure(person_id, deductible_fen=500)
    contract_id = await day.contract(person_id, {"BP": 8})
    await day.programme(person_id, {"EXAM": 1})
    await day.join(person_id, "low_income")
    found = []
    for number in range(visits):
        order_id = await day.order(person_id, ITEMS, home_id=home_id)
        if not number:
            await reserve(day, person_id, order_id, Claim(Source.contract, contract_id, "BP", "contract", 1))
        trip_id = await day.trip(home_id)
        found.append(await day.visit(person_id, *ITEMS, home_id=home_id, order_id=order_id, trip_id=trip_id))
    return [str(each) for each in found]


async def test_a_bill_over_http_is_held_asked_and_written(day: Day, app_engine: AsyncEngine) -> None:
    first, second, third = await visits_of_one_who_has_every_payer(day, 3)
    told = []
    for visit_id, key in ((first, None), (second, None), (third, "key")):
        headers = {"Idempotency-Key": key} if key else {}
        with statements(app_engine) as seen:
            answer = await day.http.post(f"/visits/{visit_id}/settlement", headers=headers)
        assert answer.status_code == 201, answer.text
        told.append(len(seen))
    # of the year's first bill: what it grants, where everything stands then, what is asked once more
    assert told == [HELD_ASKED_WRITTEN + 3, HELD_ASKED_WRITTEN, HELD_ASKED_WRITTEN + 2]


async def test_what_http_answers_is_what_reading_the_bill_answers(day: Day) -> None:
    [visit_id] = await visits_of_one_who_has_every_payer(day, 1)
    bill = (await day.http.post(f"/visits/{visit_id}/settlement")).json()
    assert (await day.http.get(f"/settlements/{bill['id']}")).json() == bill
    again = await day.http.post(f"/visits/{visit_id}/settlement")
    assert (again.status_code, again.json()) == (200, bill)


async def test_the_worker_s_bill_of_a_shared_trip_costs_no_more(day: Day, app_engine: AsyncEngine) -> None:
    home_id = await day.world.add_home()
    trip_id = await day.trip(home_id)
    people = [await day.world.add_patient(home_id=home_id) for _ in range(4)]
    visit_ids = [await day.visit(each, *ITEMS, home_id=home_id, trip_id=trip_id) for each in people]
    for visit_id in visit_ids:
        with statements(app_engine) as seen:
            await day.work(visit_id)
        assert len(seen) == HELD_ASKED_WRITTEN
    bills = [(await day.status(each))["settlement"] for each in visit_ids]
    assert sum(bill["visit_fee_fen"] for bill in bills) == 7800


async def test_a_held_visit_holds_its_order_and_the_names_that_others_lock(day: Day) -> None:
    person_id, home_id = await day.world.add_patient(), await day.world.add_home()
    order_id = await day.order(person_id, ITEMS, home_id=home_id)
    visit_id = await day.visit(person_id, *ITEMS, home_id=home_id, order_id=order_id)
    region_id, fence = day.world.region_id, Fence(day.world.region_id, (day.world.institution_id,))
    free = text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
    names = [f"billing.{what}/{region_id}" for what in (f"stay/{home_id}/{ON}", f"person/{person_id}")]
    skipped = text("select id from orders where id = :order for update skip locked")
    for held in (True, False):
        async with (
            transaction(day.world.house.sessions, fence, MORNING) as holder,
            transaction(day.world.house.sessions, fence, MORNING) as other,
        ):
            if held:
                await repository.hold_visit(holder, region_id=region_id, visit_id=visit_id, asked=[])
            got = [await other.scalar(free, {"name": name}) for name in names]
            rows = (await other.execute(skipped, {"order": order_id})).all()
        assert (got, len(rows)) == (([False, False], 0) if held else ([True, True], 1))
