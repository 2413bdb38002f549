"""A crew that went in vain: a share of its own fee, once, by the family alone; nothing on death or admission."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from service.accounts.rules import Role
from service.billing import rules as kernel
from service.billing.cancelling import rules, usecases
from service.billing.rules import FeeUnit, OwnFee, Tariff, Tier
from service.core.jobs.queue import Job
from service.visits import preparing
from tests.billing.day import Day, line_of, parts
from tests.billing.test_quotes import accept, quote
from tests.visits.conftest import Door, Doors
from tests.world import NOW, World

ON = date(2026, 3, 2)
TARIFF = Tariff(kernel.Period(date(2026, 1, 1)), FeeUnit.visit, (Tier(None, Decimal(78)),))
PLAIN = rules.Facts(
    service_on=ON,
    departed_at=datetime.fromisoformat("2026-03-02T09:02:00+08:00"),
    own=OwnFee(TARIFF, Decimal(78), 1, None, 7800),
    ratio=Decimal("0.5"),
    quoted_fee_fen=None,
    deceased_on=None,
    is_in_hospital=False,
)


class TestAmount:
    @pytest.mark.parametrize(
        ("changes", "fen"),
        [
            ({}, 3900),
            ({"ratio": Decimal(0)}, 0),
            ({"ratio": Decimal("0.3333")}, 2600),
            ({"quoted_fee_fen": 2000}, 2000),
            ({"quoted_fee_fen": 0}, 0),
            ({"quoted_fee_fen": 7800}, 3900),
            ({"deceased_on": ON}, 0),
            ({"deceased_on": date(2026, 3, 3)}, 3900),
            ({"is_in_hospital": True}, 0),
        ],
    )
    def test_is_a_share_of_the_own_fee_within_the_quote_and_nothing_on_death_or_admission(
        self, changes: dict[str, Any], fen: int
    ) -> None:
        assert replace(PLAIN, **changes).amount_fen == fen

    def test_its_line_says_when_the_crew_set_out_and_who_pays(self) -> None:
        line = rules.line_of(PLAIN, "unified")
        assert line.reason == "上门服务取消费：医护已于09:02出发，上门服务费78.00元×50%＝39.00元"
        assert [(paid.source, paid.amount_fen) for paid in line.fundings] == [("self_pay", 3900)]


@pytest.fixture
async def doors(world: World) -> Doors:
    """Doors of an institution that charges half of its fee of 78 yuan."""
    made, day = Doors(world), Day(world)
    await made.prepare()
    await day.tariff(("5", "78.00"))
    await day.setting("fee.cancellation_ratio", "0.5")
    return made


async def missed(door: Door, **place: Any) -> UUID:
    """Find nobody at home; return the visit."""
    for kind in ("depart", "arrive"):
        visit = (await door.say(kind, **(place if kind == "depart" else {}))).json()
    told = await door.crew[0].phone.post(f"/visits/{visit['id']}/no-show")
    assert told.status_code == 200, told.text
    return UUID(visit["id"])


async def work(doors: Doors, visit_id: UUID) -> dict[str, Any]:
    """Do twice what the worker does on the news that a crew went in vain; return what is told of the visit's bill."""
    world = doors.world
    job = Job(region_id=world.region_id, institution_ids=(world.institution_id,), subject_id=visit_id)
    for _ in range(2):
        await usecases.charge_visit(world.house, job)
    finance = await world.as_role(Role.finance)
    return dict((await finance.get(f"/visits/{visit_id}/settlement")).json())


async def news(doors: Doors) -> int:
    """Return how often it was told that a crew went in vain."""
    query = text("select count(*) from pgqueuer where entrypoint = 'visit.fruitless'")
    async with doors.world.owner.connect() as connection:
        return int(await connection.scalar(query) or 0)


class TestNobodyAtHome:
    async def test_costs_a_share_of_the_fee_which_the_elder_reads(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        told = await work(doors, await missed(door))
        bill = told["settlement"]
        assert (told["status"], bill["gross_fen"], bill["patient_fen"]) == ("settled", 3900, 3900)
        assert (bill["services_fen"], bill["visit_fee_fen"]) == (0, 3900)
        assert parts(bill, "CANCELLATION") == [("self_pay", None, 3900)]
        account_id = await doors.world.add_account(Role.elder)
        await doors.world.add_relation(door.person_id, account_id)
        elder = doors.world.client(doors.world.principal(Role.elder, account_id))
        seen = (await elder.get(f"/settlements/{bill['id']}")).json()
        assert line_of(seen, "CANCELLATION")["sentence"] == "上门服务取消费：您付39.00元"
        async with doors.world.owner.connect() as connection:
            booked = await connection.execute(
                text("select account, debit_fen - credit_fen from journal_lines where region_id = :r order by account"),
                {"r": doors.world.region_id},
            )
            assert [tuple(row) for row in booked] == [("1212.01", 3900), ("4101.04", -3900)]

    async def test_costs_nothing_without_a_setting(self, doors: Doors) -> None:
        await Day(doors.world).setting("fee.mode", "none")
        told = await work(doors, await missed(await doors.open([await doors.member()])))
        assert (told["status"], told["settlement"]) == ("open", None)

    @pytest.mark.parametrize(
        "place", [{"accuracy_metres": 5}, {"lon": 106.38, "lat": 39.02, "datum": "wgs84", "accuracy_metres": 201}]
    )
    async def test_costs_nothing_without_evidence_that_the_crew_set_out(
        self, doors: Doors, place: dict[str, Any]
    ) -> None:
        told = await work(doors, await missed(await doors.open([await doors.member()]), **place))
        assert told["status"] == "open"

    @pytest.mark.parametrize("why", ["dead", "in_hospital"])
    async def test_costs_nothing_on_the_day_of_death_or_admission(self, doors: Doors, why: str) -> None:
        door = await doors.open([await doors.member()])
        visit_id = await missed(door)
        doctor, person = await doors.world.as_role(Role.doctor), f"/patients/{door.person_id}"
        if why == "dead":
            answer = await doctor.patch(person, json={"deceased_on": ON.isoformat()})
        else:
            stay = {"hospital": "二院", "admitted_on": ON.isoformat()}
            answer = await doctor.post(f"{person}/hospital-stays", json=stay)
        assert answer.is_success, answer.text
        assert (await work(doors, visit_id))["status"] == "open"

    async def test_costs_no_more_than_the_fee_that_was_accepted(self, doors: Doors) -> None:
        door, day = await doors.open([await doors.member()]), Day(doors.world)
        await day.price("BP", "10")
        quoted = await quote(day, door.person_id, door.home_id)
        await accept(day, quoted.quote_id, door.order_id)
        async with doors.world.owner.begin() as connection:
            cheap = "update quotes set bill = jsonb_set(bill, '{lines,1,patient_fen}', '1500') where id = :id"
            await connection.execute(text(cheap), {"id": quoted.quote_id})
        assert (await work(doors, await missed(door)))["settlement"]["patient_fen"] == 1500

    async def test_can_be_taken_back_and_is_never_charged_again(self, doors: Doors) -> None:
        visit_id = await missed(await doors.open([await doors.member()]))
        bill = (await work(doors, visit_id))["settlement"]
        finance = await doors.world.as_role(Role.finance)
        back = await finance.post(f"/settlements/{bill['id']}/reversal", json={"reason": "家属说明情况"})
        assert (back.status_code, back.json()["reversal"]["patient_fen"]) == (201, 3900)
        assert (await work(doors, visit_id))["status"] == "reversed"

    async def test_a_day_that_went_by_without_a_word_costs_nothing(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        await door.until("depart")
        doors.world.clock.shows = NOW.replace(day=3)
        before = await news(doors)
        await preparing.close_days(doors.world.house)
        assert await news(doors) == before

    async def test_nothing_that_was_done_was_settled_so_there_is_no_case(self, doors: Doors) -> None:
        bill = (await work(doors, await missed(await doors.open([await doors.member()]))))["settlement"]
        told = await (await doors.world.as_role(Role.finance)).get(f"/settlements/{bill['id']}/case")
        assert (told.status_code, told.json()["code"]) == (409, "no-case")


class TestCalledBack:
    @pytest.mark.parametrize(("by_family", "told"), [(True, 1), (False, 0)])
    async def test_staff_call_a_crew_back_and_the_family_pays_when_it_was_the_family(
        self, doors: Doors, by_family: bool, told: int
    ) -> None:
        door = await doors.open([await doors.member()])
        visit = await door.until("depart")
        desk, before = await doors.world.as_role(Role.dispatcher), await news(doors)
        body = {"reason": "家属来电取消", "by_family": by_family}
        answer = await desk.post(f"/orders/{door.order_id}/cancellation", json=body)
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled"), answer.text
        assert await news(doors) - before == told
        assert (await door.say("arrive")).json()["code"] == "visit-over"
        if told:
            assert (await work(doors, UUID(visit["id"])))["settlement"]["patient_fen"] == 3900

    async def test_in_free_time_it_costs_nothing(self, doors: Doors) -> None:
        await Day(doors.world).setting("orders.free_cancel_hours", 0)
        door = await doors.open([await doors.member()])
        await door.until("depart")
        desk, before = await doors.world.as_role(Role.dispatcher), await news(doors)
        body = {"reason": "家属来电取消", "by_family": True}
        assert (await desk.post(f"/orders/{door.order_id}/cancellation", json=body)).status_code == 200
        assert await news(doors) == before

    async def test_the_elder_phones_and_nobody_calls_back_whoever_has_begun(self, doors: Doors) -> None:
        door = await doors.open([await doors.member()])
        await door.until("depart")
        account_id = await doors.world.add_account(Role.elder)
        await doors.world.add_relation(door.person_id, account_id)
        elder = doors.world.client(doors.world.principal(Role.elder, account_id))
        desk = await doors.world.as_role(Role.dispatcher)
        path, body = f"/orders/{door.order_id}/cancellation", {"reason": "不需要了", "by_family": True}
        assert (await elder.post(path, json=body)).json()["code"] == "illegal-move"
        for kind in ("arrive", "start"):
            await door.say(kind)
        assert (await desk.post(path, json=body)).json()["code"] == "illegal-move"
