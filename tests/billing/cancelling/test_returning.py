"""A death or a stay in hospital that is written down after the charge takes the charge of its day back, once."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text

from service.accounts.rules import Role
from service.billing.cancelling import returning
from service.core.ids import new_id
from service.core.jobs.queue import Job
from service.patients.rules import PERSON_AWAY
from service.worker import handlers
from tests.billing.cancelling.charges import charged, status
from tests.contracts.forms import relate
from tests.visits.conftest import Doors

Json = dict[str, Any]


async def news(doors: Doors) -> list[Job]:
    """Take the news that somebody died or lay in a hospital from the queue."""
    query = "delete from pgqueuer where entrypoint = :news and payload like :region returning payload"
    async with doors.world.owner.begin() as connection:
        found = await connection.execute(
            text(query), {"news": PERSON_AWAY, "region": f"%{doors.world.region_id}%".encode()}
        )
        return [Job.model_validate_json(bytes(row[0])) for row in found]


async def work(doors: Doors) -> int:
    """Do what the worker does on the news, each twice; return how many there were."""
    jobs = await news(doors)
    for job in jobs:
        for _ in range(2):
            await handlers(doors.world.house)[PERSON_AWAY](job)
    return len(jobs)


async def admit(http: AsyncClient, person_id: UUID, **said: Any) -> Json:
    stay = {"hospital": "第二人民医院", "admitted_on": "2026-03-02"} | said
    answer = await http.post(f"/patients/{person_id}/hospital-stays", json=stay)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def taken_back(doors: Doors, bill: Json) -> Json:
    """Return what finance reads of a bill's reversal."""
    answer = await (await doors.world.as_role(Role.finance)).get(f"/settlements/{bill['id']}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["reversal"])


async def booked(doors: Doors) -> dict[str, int]:
    """Return what the journal comes to, account by account."""
    query = "select account, sum(debit_fen - credit_fen) from journal_lines where region_id = :r group by account"
    async with doors.world.owner.connect() as connection:
        return {row[0]: int(row[1]) for row in await connection.execute(text(query), {"r": doors.world.region_id})}


class TestWrittenDownAfterTheCharge:
    async def test_a_stay_noted_an_hour_later_takes_the_charge_back_once(self, doors: Doors) -> None:
        person_id, visit_id, bill = await charged(doors)
        assert bill["patient_fen"] == 3900
        world = doors.world
        world.clock.shows += timedelta(hours=1)
        account_id = await world.add_account(Role.doctor, world.institution_id)
        await admit(world.client(world.principal(Role.doctor, account_id)), person_id)
        assert (await status(doors, visit_id))["status"] == "settled"
        assert await work(doors) == 1
        assert (await status(doors, visit_id))["status"] == "reversed"
        back = await taken_back(doors, bill)
        assert (back["patient_fen"], back["reason_code"], back["reason"]) == (
            3900, "in_hospital", "居民当天住院，不收取消费，自动冲销",
        )  # fmt: skip
        assert UUID(back["reversed_by_account_id"]) == account_id
        assert await booked(doors) == {"1212.01": 0, "4101.04": 0}

    async def test_a_death_on_that_day_takes_it_back_one_on_the_day_after_does_not(self, doors: Doors) -> None:
        person_id, visit_id, bill = await charged(doors)
        doctor = await doors.world.as_role(Role.doctor)
        doors.world.clock.shows += timedelta(days=2)
        for on, state in (("2026-03-03", "settled"), ("2026-03-02", "reversed")):
            answer = await doctor.patch(f"/patients/{person_id}", json={"deceased_on": on})
            assert answer.status_code == 200, answer.text
            assert await work(doors) == 1
            assert (await status(doors, visit_id))["status"] == state
        assert (await taken_back(doors, bill))["reason_code"] == "deceased"
        # that it was a mistake is no news
        assert (await doctor.patch(f"/patients/{person_id}", json={"deceased_on": None})).status_code == 200
        assert await work(doors) == 0

    async def test_a_stay_of_other_days_leaves_it_until_its_discharge_is_put_right(self, doors: Doors) -> None:
        person_id, visit_id, _ = await charged(doors)
        doctor = await doors.world.as_role(Role.doctor)
        stay = await admit(doctor, person_id, admitted_on="2026-02-27", discharged_on="2026-03-02")
        assert await work(doors) == 1
        assert (await status(doors, visit_id))["status"] == "settled"
        row = f"/patients/{person_id}/hospital-stays/{stay['id']}"
        assert (await doctor.patch(row, json={"discharged_on": "2026-03-03"})).status_code == 200
        await work(doors)
        assert (await status(doors, visit_id))["status"] == "reversed"

    async def test_whichever_institution_writes_it_down(self, doors: Doors) -> None:
        person_id, visit_id, _ = await charged(doors)
        world = doors.world
        other = await world.add_institution()
        await relate(world, str(person_id), other)
        await admit(await world.as_role(Role.doctor, other), person_id)
        await work(doors)
        assert (await status(doors, visit_id))["status"] == "reversed"

    async def test_what_a_person_took_back_stays_as_it_is(self, doors: Doors) -> None:
        person_id, _, bill = await charged(doors)
        finance = await doors.world.as_role(Role.finance)
        answer = await finance.post(f"/settlements/{bill['id']}/reversal", json={"reason": "家属说明情况"})
        assert (answer.status_code, answer.json()["reversal"]["reason_code"]) == (201, None)
        await admit(await doors.world.as_role(Role.doctor), person_id)
        await work(doors)
        assert (await taken_back(doors, bill))["reason"] == "家属说明情况"

    async def test_the_news_must_say_who_wrote_it_down(self, doors: Doors) -> None:
        job = Job(region_id=doors.world.region_id, institution_ids=(), subject_id=new_id())
        with pytest.raises(ValueError, match="nobody noted"):
            await returning.return_charges(doors.world.house, job)
