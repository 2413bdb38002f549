"""What a price book, a level's book and a change of the visit fee say, somebody reads or pays otherwise."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient

from service.accounts.rules import Role
from service.visits.rules import EventKind
from tests.billing.day import MORNING, Day
from tests.fields.town import DAY, Town, changed, fund, line, made, shown
from tests.visits.conftest import Doors
from tests.world import World

LEVEL = "/price-levels/primary/prices"
PRICE = {"code": "BP", "unit_price": "12", "valid_from": "2026-01-01"}
FEE: dict[str, Any] = {
    "unit": "visit",
    "tiers": [{"up_to_km": "5", "price": "50"}],
    "distance_base": "institution",
    "distance_method": "great_circle",
}
COSTS = {"radius_km": "5", "labour_cost": "60", "transport_cost": "12.5", "supply_and_demand": "供不应求"}
NATIONAL: dict[str, Any] = {
    "national_code": "011101000010000",
    "unit": "次",
    "output": "测得血压并告知",
    "composition": "含人力、器械",
    "surcharges": [{"name": "夜间加收", "price": "5.5"}],
    "note": "同日多次按一次计",
}
NIGHT = {"starts_at": "18:00", "ends_at": "10:00", "multiplier": "2"}


async def read_book(client: AsyncClient, path: str) -> list[dict[str, str]]:
    """Return a price book as the people who print it open it: heading → cell."""
    answer = await client.get(f"{path}/price-book", params={"sheet": "csv", "on": DAY})
    assert answer.status_code == 200, answer.text
    heading, *rows = (each.split(",") for each in answer.content.decode("utf-8-sig").splitlines())
    return [dict(zip(heading, row, strict=True)) for row in rows]


async def income_classes(town: Town) -> list[dict[str, Any]]:
    """Return the report by income class of the day on which the bills of these stories were settled."""
    finance = await town.world.as_role(Role.finance)
    query = {"from": "2026-03-02", "to": "2026-03-02"}
    rows = (await shown(finance, f"{town.house}/statements/income-classes", **query))["rows"]
    return [dict(row) for row in rows]


async def settled(town: Town) -> None:
    """Settle a visit of two kilometres with one service."""
    day = await Day(town.world).start()
    await day.bill(await day.visit(await town.world.add_patient()))


class TestPrices:
    async def test_the_national_structure_is_read_in_the_book_and_on_the_bill(self, town: Town) -> None:
        await town.service("BP")
        await town.price("BP", **NATIONAL)
        [row] = await read_book(town.desk, town.house)
        assert (row["国家项目编码"], row["计价单位"]) == ("011101000010000", "次")
        assert (row["服务产出"], row["价格构成"], row["计价说明"]) == (
            "测得血压并告知",
            "含人力、器械",
            "同日多次按一次计",
        )
        assert row["加收项"] == "夜间加收:5.5"
        told = line(await town.quote(await town.elder(), "BP"), "BP")
        assert (told["national_code"], told["unit"]) == ("011101000010000", "次")

    async def test_the_income_class_decides_where_the_money_is_reported(self, town: Town) -> None:
        await town.service("BP")
        await town.price("BP", income_class="memorandum")
        await made(town.chief, f"{town.house}/visit-fee-tariffs", FEE | {"valid_from": "2026-01-01"})
        await settled(town)
        told = str(await income_classes(town))
        assert "单列备查" in told
        assert "统一管理" in told

    async def test_the_income_class_of_the_fee_decides_where_it_is_reported(self, town: Town) -> None:
        await town.offer("BP")
        fee = FEE | {"valid_from": "2026-01-01", "income_class": "memorandum"}
        await made(town.chief, f"{town.house}/visit-fee-tariffs", fee)
        await settled(town)
        assert "单列备查" in str(await income_classes(town))


class TestLots:
    @pytest.mark.parametrize("category", ["drug", "consumable"])
    async def test_a_drug_or_consumable_is_used_with_its_lot_and_shown_with_it(self, town: Town, category: str) -> None:
        doors = Doors(town.world)
        await doors.prepare()
        await town.price("BP", category=category)
        door = await doors.open([await doors.member()])
        for kind in (EventKind.depart, EventKind.arrive, EventKind.start):
            answer = await door.say(kind)
        path = f"/visits/{answer.json()['id']}/items"
        without = await door.crew[0].phone.post(path, json={"code": "BP", "quantity": 1})
        assert (without.status_code, without.json()["code"]) == (409, "lot-missing")
        taken = await door.crew[0].phone.post(path, json={"code": "BP", "quantity": 1, "lot_no": "20260115A"})
        assert taken.status_code == 201, taken.text
        [item] = taken.json()["items"]
        assert (item["code"], item["quantity"], item["lot_no"]) == ("BP", 1, "20260115A")

    async def test_a_plain_service_has_none(self, town: Town) -> None:
        doors = Doors(town.world)
        await doors.prepare()
        await town.price("BP")
        door = await doors.open([await doors.member()])
        for kind in (EventKind.depart, EventKind.arrive, EventKind.start):
            answer = await door.say(kind)
        path = f"/visits/{answer.json()['id']}/items"
        refused = await door.crew[0].phone.post(path, json={"code": "BP", "quantity": 1, "lot_no": "x"})
        assert (refused.status_code, refused.json()["code"]) == (409, "lot-out-of-place")


class TestLevels:
    async def test_the_level_as_registered_and_as_changed_decides_which_prices_hold(self, town: Town) -> None:
        await town.service("BP")
        for level, yuan in (("primary", "10"), ("secondary", "15")):
            await made(town.governor, f"/price-levels/{level}/prices", PRICE | {"unit_price": yuan})
        districts = (await shown(town.governor, "/districts"))["items"]
        body = {
            "code": "NEW", "name": "新机构", "kind": "hospital", "district_id": districts[0]["id"], "address": "朝阳街",
            "place": {"lon": 106.38, "lat": 39.02}, "level": "secondary",
        }  # fmt: skip
        new = f"/institutions/{(await made(town.governor, '/institutions', body))['id']}"

        async def held() -> list[str]:
            rows = (await shown(town.desk, f"{new}/prices-in-force", on=DAY))["items"]
            return [each["unit_price"] for each in rows]

        assert await held() == ["15"]
        await changed(town.governor, new, {"level": "primary"})
        assert await held() == ["10"]

    async def test_a_service_costs_what_the_level_of_its_day_says(self, town: Town) -> None:
        await town.service("BP")
        for level, yuan in (("primary", "10"), ("secondary", "15")):
            await made(town.governor, f"/price-levels/{level}/prices", PRICE | {"unit_price": yuan})
        await changed(town.governor, town.house, {"level": "primary"})
        levels, person = f"{town.house}/levels", await town.elder()
        later = await made(town.governor, levels, {"level": "secondary", "valid_from": "2026-03-05"})
        days = ("2026-03-03", "2026-03-04", "2026-03-05")

        async def costs() -> list[Any]:
            return [line(each, "BP")["gross_fen"] for each in [await town.quote(person, "BP", on=on) for on in days]]

        async def shown_prices(path: str, **asked: str) -> list[list[str]]:
            every = [await shown(town.desk, f"{town.house}/{path}", **asked, on=on) for on in days]
            return [[row["unit_price"] for row in each["items"]] for each in every]

        assert await costs() == [1000, 1000, 1500]
        assert await shown_prices("prices-in-force") == [["10"], ["10"], ["15"]]
        diff = {"from": days[1], "to": days[2], "from_book": "level", "to_book": "in_force"}
        [change] = (await shown(town.desk, f"{town.house}/price-changes", **diff))["changed"]
        assert (change["old_price"], change["new_price"]) == ("10", "15")
        await changed(town.governor, f"{levels}/{later['id']}", {"valid_to": "2026-03-09"})
        assert (await town.quote(person, "BP", on="2026-03-10"))["code"] == "price-missing"
        limited = {"level": "primary", "valid_from": "2026-03-10", "valid_to": "2026-03-10"}
        await made(town.governor, levels, limited)
        assert line(await town.quote(person, "BP", on="2026-03-10"), "BP")["gross_fen"] == 1000
        assert (await town.quote(person, "BP", on="2026-03-11"))["code"] == "price-missing"

    async def test_what_a_level_s_price_says_is_what_a_visit_costs(self, town: Town) -> None:
        await changed(town.governor, town.house, {"level": "primary"})
        person = await town.elder()
        for code in ("BP", "PART", "SET", "RIVAL"):
            await town.service(code)
        await made(town.governor, LEVEL, PRICE | {"name": "测血压", "per_visit_max": 2} | NATIONAL)
        await made(town.governor, LEVEL, PRICE | {"code": "PART", "unit_price": "4"})
        await made(town.governor, LEVEL, PRICE | {"code": "SET", "includes": ["PART"]})
        await made(town.governor, LEVEL, PRICE | {"code": "RIVAL", "excludes": ["PART"]})
        told = line(await town.quote(person, items=[{"code": "BP", "quantity": 5}]), "BP")
        assert (told["gross_fen"], told["charged_quantity"], told["name"]) == (2400, 2, "测血压")
        assert (told["national_code"], told["unit"]) == (NATIONAL["national_code"], NATIONAL["unit"])
        for beside, status in (("SET", "included"), ("RIVAL", "excluded")):
            assert line(await town.quote(person, "PART", beside), "PART")["status"] == status
        row = next(each for each in await read_book(town.desk, "/price-levels/primary") if each["项目代码"] == "BP")
        assert (row["服务产出"], row["价格构成"], row["计价说明"]) == (
            "测得血压并告知",
            "含人力、器械",
            "同日多次按一次计",
        )
        assert row["加收项"] == "夜间加收:5.5"

    async def test_a_level_s_price_holds_on_its_days_and_is_paid_by_its_class(self, town: Town) -> None:
        await changed(town.governor, town.house, {"level": "primary"})
        person = await town.elder()
        await town.rule(deductible="0.00", pay_ratio="1")
        await town.insure(person)
        await town.service("BP")
        body = PRICE | {"valid_from": "2026-03-02", "valid_to": "2026-03-10"}
        price = await made(town.governor, LEVEL, body | {"insurance_class": "B", "self_ratio": "0.4"})
        days = ("2026-03-01", "2026-03-02", "2026-03-10", "2026-03-11")
        told = [(await town.quote(person, "BP", on=day)).get("code") for day in days]
        assert told == ["price-missing", None, None, "price-missing"]
        assert fund(await town.quote(person, "BP")) == 720
        [row] = await read_book(town.desk, "/price-levels/primary")
        assert (row["支付分类"], row["先行自付比例"], row["收入归类"]) == ("乙", "0.4", "统一管理")
        await changed(town.governor, f"{LEVEL}/{price['id']}", {"valid_to": "2026-03-09"})
        assert (await town.quote(person, "BP", on="2026-03-10"))["code"] == "price-missing"

    async def test_the_income_class_of_a_level_s_price_decides_where_the_money_is_reported(self, town: Town) -> None:
        await changed(town.governor, town.house, {"level": "primary"})
        await town.service("BP")
        await made(town.governor, LEVEL, PRICE | {"income_class": "memorandum"})
        await settled(town)
        assert "单列备查" in str(await income_classes(town))

    async def test_only_services_are_a_level_s(self, town: Town) -> None:
        await town.service("BP")
        refused = await town.governor.post(LEVEL, json=PRICE | {"category": "drug"})
        assert refused.json()["code"] == "own-price-only"


class TestProposals:
    async def enact(self, town: Town, **more: Any) -> None:
        """Let a proposal become the tariff of the service day."""
        for key in ("price.notice_days", "price.minimum_interval_days"):
            body = {"key": key, "value": 0, "valid_from": "2026-01-01"}
            await made(town.governor, "/settings", body)
        body = FEE | {"valid_from": DAY, "costs": COSTS, "reason": "成本上涨"} | more
        proposal = await made(town.chief, f"{town.house}/tariff-proposals", body)
        for _ in range(2):
            other = await town.world.as_role(Role.finance)
            answer = await other.post(f"{town.house}/tariff-proposals/{proposal['id']}/approvals")
            assert answer.status_code == 200, answer.text

    @pytest.mark.parametrize(
        ("change", "fee"),
        [
            ({}, 5000),
            ({"tiers": [{"up_to_km": "1", "price": "30"}, {"up_to_km": "5", "price": "70"}]}, 7000),
            ({"tiers": [{"up_to_km": "1.3", "price": "30"}, {"up_to_km": None, "price": "70"}]}, 3000),
            ({"unit": "visit_staff"}, 10000),
            ({"night": NIGHT}, 10000),
            ({"night": NIGHT | {"multiplier": "3"}}, 15000),
            ({"night": NIGHT | {"starts_at": "09:30"}}, 5000),
            ({"night": NIGHT | {"ends_at": "08:30"}}, 5000),
            (
                {"tiers": [{"up_to_km": "1.3", "price": "30"}, {"up_to_km": None, "price": "70"}],
                 "distance_method": "road"},
                7000,
            ),
            (
                {"tiers": [{"up_to_km": "1", "price": "30"}, {"up_to_km": None, "price": "70"}],
                 "distance_base": "nearest_station"},
                3000,
            ),
            ({"valid_from": "2026-03-04"}, 0),
        ],
    )  # fmt: skip
    async def test_what_was_proposed_is_the_fee_of_two_who_go_a_kilometre(
        self, town: Town, change: dict[str, Any], fee: int
    ) -> None:
        north = {"lon": 106.38, "lat": 39.03}
        person = await town.elder(await town.home(place=north))
        await town.service("PAIR", staff_count=2)
        await town.price("PAIR")
        await made(town.chief, f"{town.house}/stations", {"code": "S2", "name": "北站", "place": north})
        await self.enact(town, **change)
        assert (await town.quote(person, "PAIR"))["visit_fee_fen"] == fee

    @pytest.mark.parametrize(
        ("change", "paid"),
        [({}, 0), ({"insurance_class": "A"}, 5000), ({"insurance_class": "B", "self_ratio": "0.1"}, 4500)],
    )
    async def test_its_class_decides_whether_the_fund_pays_the_fee(
        self, town: Town, change: dict[str, Any], paid: int
    ) -> None:
        person = await town.elder()
        await town.offer("BP")
        await town.rule(deductible="0.00", pay_ratio="1")
        await town.insure(person)
        await self.enact(town, **change)
        assert fund(await town.quote(person, "BP")) == paid

    async def test_its_income_class_stands_in_the_tariff_that_it_becomes(self, town: Town) -> None:
        await self.enact(town, income_class="memorandum")
        [tariff] = (await shown(town.desk, f"{town.house}/visit-fee-tariffs", on=DAY))["items"]
        assert tariff["income_class"] == "memorandum"

    async def test_its_costs_and_its_reason_are_what_the_public_reads(self, town: Town) -> None:
        body = FEE | {"valid_from": "2026-09-01", "costs": COSTS, "reason": "成本上涨"}
        await made(town.chief, f"{town.house}/tariff-proposals", body)
        [told] = (await shown(town.world.client(), f"/public/regions/{town.world.region_code}/tariff-notices"))["items"]
        assert (told["costs"], told["reason"]) == (COSTS, "成本上涨")
        far = body | {"costs": COSTS | {"radius_km": "4"}}
        assert (await town.chief.post(f"{town.house}/tariff-proposals", json=far)).status_code == 422

    async def test_why_it_was_withdrawn_is_read_by_its_institution(self, town: Town) -> None:
        body = FEE | {"valid_from": "2026-09-01", "costs": COSTS, "reason": "成本上涨"}
        proposal = await made(town.chief, f"{town.house}/tariff-proposals", body)
        path = f"{town.house}/tariff-proposals"
        answer = await town.chief.post(f"{path}/{proposal['id']}/withdrawal", json={"because": "意见较多"})
        assert answer.status_code == 200
        [told] = (await shown(town.chief, path))["items"]
        assert (told["state"], told["withdrawn_because"]) == ("withdrawn", "意见较多")


@pytest.mark.requirement("R230")
class TestSettledBills:
    async def test_a_settled_bill_never_changes_when_a_price_does(self, world: World) -> None:
        town = await Town.found(world)
        day = await Day(world).start()
        await town.service("BP")
        price = await town.price("BP", "10", **NATIONAL)
        tariff = await made(town.chief, f"{town.house}/visit-fee-tariffs", FEE | {"valid_from": "2026-01-01"})
        visit_id = await day.visit(await world.add_patient())
        before = await day.bill(visit_id)
        assert before["gross_fen"] == 6000
        world.clock.shows = MORNING + timedelta(days=3)
        # the price of the very day of service: ended before it, and entered anew
        await changed(town.chief, f"{town.house}/prices/{price['id']}", {"valid_to": "2026-02-28"})
        await town.price("BP", "99", name="另一名称", valid_from="2026-03-01", unit="小时", insurance_class="A")
        await changed(town.chief, f"{town.house}/visit-fee-tariffs/{tariff['id']}", {"valid_to": "2026-02-28"})
        await changed(town.governor, town.house, {"level": "tertiary"})
        await day.work(visit_id)
        assert (await day.status(visit_id))["settlement"] == before
        assert (await day.settle(visit_id)).json() == before
        assert (await day.bill(await day.visit(await world.add_patient())))["gross_fen"] == 9900
