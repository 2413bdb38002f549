"""Price books and visit-fee tariffs over HTTP, and what the database itself refuses."""

import asyncio
from datetime import date, time
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.accounts.rules import Role
from service.catalog import rules, usecases
from service.core.db.session import transaction
from service.core.principal import Fence
from tests.world import World

PRICE = {"code": "DRESSING", "unit_price": "28.0000", "valid_from": "2026-01-01"}
TARIFF = {
    "valid_from": "2026-01-01",
    "unit": "visit_staff",
    "tiers": [{"up_to_km": "3", "price": "78.00"}, {"up_to_km": "5", "price": "98.00"}],
    "night": {"starts_at": "18:00:00", "ends_at": "06:00:00", "multiplier": "2"},
    "distance_base": "nearest_station",
    "distance_method": "road",
}


async def admin(world: World) -> AsyncClient:
    return await world.as_role(Role.institution_admin)


def refused(answer: Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    return body


def prices(world: World, institution_id: UUID | None = None) -> str:
    return f"/institutions/{institution_id or world.institution_id}/prices"


def tariffs(world: World, institution_id: UUID | None = None) -> str:
    return f"/institutions/{institution_id or world.institution_id}/visit-fee-tariffs"


async def price_told(world: World, on: date, institution_id: UUID | None = None) -> dict[str, rules.PriceFacts]:
    async with transaction(world.house.sessions, Fence(region_id=world.region_id), world.clock.now()) as session:
        found = await usecases.price_rows(
            session, region_id=world.region_id, institution_id=institution_id or world.institution_id, on=on
        )
    return {each.code: each for each in found}


async def tariff_told(world: World, on: date) -> rules.TariffFacts | None:
    async with transaction(world.house.sessions, Fence(region_id=world.region_id), world.clock.now()) as session:
        return await usecases.tariff_on(session, region_id=world.region_id, institution_id=world.institution_id, on=on)


class TestPrices:
    @pytest.mark.requirement("R230")
    async def test_a_new_price_ends_the_running_one_the_day_before(self, world: World) -> None:
        await world.add_service_item("DRESSING", name="换药")
        client = await admin(world)
        assert (await client.post(prices(world), json=PRICE)).status_code == 201
        dearer = PRICE | {"unit_price": "32.5", "valid_from": "2026-04-01"}
        assert (await client.post(prices(world), json=dearer)).status_code == 201
        assert (await price_told(world, date(2026, 3, 31)))["DRESSING"].unit_price == Decimal(28)
        assert (await price_told(world, date(2026, 4, 1)))["DRESSING"].unit_price == Decimal("32.5")
        history = (await client.get(prices(world), params={"code": "DRESSING"})).json()["items"]
        assert [(each["unit_price"], each["valid_from"], each["valid_to"]) for each in history] == [
            ("28", "2026-01-01", "2026-03-31"),
            ("32.5", "2026-04-01", None),
        ]
        that_day = (await client.get(prices(world), params={"on": "2026-04-01"})).json()["items"]
        assert [each["unit_price"] for each in that_day] == ["32.5"]

    @pytest.mark.parametrize(
        ("change", "field", "after"),
        [
            ({"name": "换药（小）"}, "name", "换药（小）"),
            ({"unit_price": "0.0001"}, "unit_price", Decimal("0.0001")),
            ({"per_visit_max": 2}, "per_visit_max", 2),
            ({"includes": ["WASH"]}, "includes", frozenset({"WASH"})),
            ({"excludes": ["WASH"]}, "excludes", frozenset({"WASH"})),
            ({"insurance_class": "A"}, "insurance_class", rules.InsuranceClass.A),
            ({"insurance_class": "B", "self_ratio": "0.1"}, "self_ratio", Decimal("0.1")),
            ({"valid_to": "2026-12-31"}, "valid_to", date(2026, 12, 31)),
        ],
    )
    async def test_every_field_reaches_the_bill(
        self, world: World, change: dict[str, Any], field: str, after: object
    ) -> None:
        await world.add_service_item("DRESSING", name="换药")
        await world.add_service_item("WASH")
        made = await (await admin(world)).post(prices(world), json=PRICE | change)
        assert made.status_code == 201, made.text
        told = (await price_told(world, date(2026, 3, 2)))["DRESSING"]
        assert getattr(told, field) == after
        if "name" not in change:
            assert told.name == "换药"

    @pytest.mark.parametrize(
        "second",
        [
            {"valid_from": "2026-01-01"},
            {"valid_from": "2025-06-01"},
            {"valid_from": "2026-02-01", "valid_to": "2026-02-28"},
        ],
    )
    async def test_any_other_overlap_is_refused_and_leaves_the_first(
        self, world: World, second: dict[str, str]
    ) -> None:
        await world.add_service_item("DRESSING")
        client = await admin(world)
        first = (await client.post(prices(world), json=PRICE)).json()
        refused(await client.post(prices(world), json=PRICE | second), 409, "prices-overlap")
        assert (await client.get(prices(world))).json()["items"] == [first]

    async def test_a_price_before_a_running_one_stands_when_it_ends_in_time(self, world: World) -> None:
        await world.add_service_item("DRESSING")
        client = await admin(world)
        await client.post(prices(world), json=PRICE)
        before = PRICE | {"valid_from": "2025-01-01", "valid_to": "2025-12-31", "unit_price": "20"}
        assert (await client.post(prices(world), json=before)).status_code == 201
        assert (await price_told(world, date(2025, 12, 31)))["DRESSING"].unit_price == 20

    async def test_codes_must_be_listed_and_bill_lines_have_no_price(self, world: World) -> None:
        client = await admin(world)
        assert refused(await client.post(prices(world), json=PRICE), 409, "item-unknown")["codes"] == "DRESSING"
        await world.add_service_item("DRESSING")
        body = refused(
            await client.post(prices(world), json=PRICE | {"includes": ["A1"], "excludes": ["B2"]}), 409, "item-unknown"
        )
        assert body["codes"] == "A1、B2"
        for code in ("VISIT_FEE", "BED_DAY"):
            refused(await client.post(prices(world), json=PRICE | {"code": code}), 422, "code-reserved")

    async def test_an_ended_price_is_none_from_the_next_day_on(self, world: World) -> None:
        await world.add_service_item("DRESSING")
        client = await admin(world)
        made = (await client.post(prices(world), json=PRICE)).json()
        ended = await client.patch(f"{prices(world)}/{made['id']}", json={"valid_to": "2026-03-01"})
        assert ended.json() == made | {"valid_to": "2026-03-01"}
        assert "DRESSING" in await price_told(world, date(2026, 3, 1))
        assert await price_told(world, date(2026, 3, 2)) == {}
        longer = await client.patch(f"{prices(world)}/{made['id']}", json={"valid_to": "2026-03-05"})
        refused(longer, 409, "ending-invalid")
        refused(await client.patch(f"{prices(world)}/{uuid4()}", json={"valid_to": "2026-03-01"}), 404, "not-found")

    @pytest.mark.requirement("R047")
    async def test_two_institutions_have_two_prices_of_one_service(self, world: World) -> None:
        await world.add_service_item("DRESSING")
        other = await world.add_institution()
        await (await admin(world)).post(prices(world), json=PRICE)
        dearer = await world.as_role(Role.institution_admin, other)
        assert (await dearer.post(prices(world, other), json=PRICE | {"unit_price": "40"})).status_code == 201
        assert (await price_told(world, date(2026, 3, 2)))["DRESSING"].unit_price == 28
        assert (await price_told(world, date(2026, 3, 2), other))["DRESSING"].unit_price == 40

    async def test_prices_are_public_in_the_region_and_written_by_their_institution_only(self, world: World) -> None:
        await world.add_service_item("DRESSING")
        made = (await (await admin(world)).post(prices(world), json=PRICE)).json()
        elder = await world.as_role(Role.elder)
        assert (await elder.get(prices(world))).json()["items"] == [made]
        refused(await elder.post(prices(world), json=PRICE), 403, "forbidden")
        stranger = await world.as_role(Role.institution_admin, await world.add_institution())
        refused(await stranger.post(prices(world), json=PRICE | {"valid_from": "2026-09-01"}), 404, "not-found")
        refused(
            await stranger.patch(f"{prices(world)}/{made['id']}", json={"valid_to": "2026-03-01"}), 404, "not-found"
        )
        refused(await elder.get(prices(world, uuid4())), 404, "not-found")

    async def test_the_database_keeps_other_institutions_off_beneath_the_checks(
        self, world: World, app_engine: AsyncEngine
    ) -> None:
        await world.add_service_item("DRESSING")
        made = (await (await admin(world)).post(prices(world), json=PRICE)).json()
        other = await world.add_institution()
        fence = Fence(region_id=world.region_id, institution_ids=(other,))
        async with transaction(world.house.sessions, fence, world.clock.now()) as session:
            changed = await session.execute(
                text("update price_rows set unit_price = 0 where id = :id returning id"), {"id": made["id"]}
            )
            assert changed.all() == []
        next_door = Fence(region_id=uuid4(), institution_ids=(world.institution_id,))
        async with transaction(world.house.sessions, next_door, world.clock.now()) as session:
            assert (await session.execute(text("select id from price_rows"))).all() == []
        with pytest.raises(DBAPIError, match="row-level security"):
            async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                await session.execute(
                    text(
                        "insert into price_rows (region_id, id, institution_id, code, name, unit_price, valid_from,"
                        " includes, excludes, insurance_class, self_ratio)"
                        " values (:region, :id, :institution, 'X', 'X', 1, '2026-01-01', '{}', '{}', 'C', 0)"
                    ),
                    {"region": world.region_id, "id": uuid4(), "institution": world.institution_id},
                )

    async def test_of_prices_entered_at_once_one_stands_and_no_two_overlap(self, world: World) -> None:
        await world.add_service_item("DRESSING")
        client = await admin(world)
        await client.post(prices(world), json=PRICE)
        bodies = [PRICE | {"valid_from": "2026-05-01", "unit_price": str(number)} for number in range(1, 9)]
        answers = await asyncio.gather(*(client.post(prices(world), json=body) for body in bodies))
        assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
        history = (await client.get(prices(world))).json()["items"]
        assert [each["valid_to"] for each in history] == ["2026-04-30", None]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"unit_price": 28},
            {"unit_price": "-1"},
            {"unit_price": "1.00001"},
            {"unit_price": "1234567890"},
            {"unit_price": "１"},
            {"unit_price": "1\n"},
            {"per_visit_max": 0},
            {"per_visit_max": True},
            {"includes": ["A", "A"]},
            {"insurance_class": "D"},
            {"insurance_class": "A", "self_ratio": "0.1"},
            {"insurance_class": "B", "self_ratio": "1.1"},
            {"valid_to": "2025-12-31"},
            {"name": ""},
        ],
    )
    async def test_malformed_input_is_refused(self, world: World, wrong: dict[str, Any]) -> None:
        await world.add_service_item("DRESSING")
        refused(await (await admin(world)).post(prices(world), json=PRICE | wrong), 422, "malformed")

    async def test_a_list_is_paged_and_its_cursor_opens_no_other_list(self, world: World) -> None:
        client = await admin(world)
        for number in range(3):
            await world.add_service_item(f"S{number}")
            await client.post(prices(world), json=PRICE | {"code": f"S{number}"})
        page = (await client.get(prices(world), params={"limit": 2})).json()
        assert [each["code"] for each in page["items"]] == ["S0", "S1"]
        rest = (await client.get(prices(world), params={"cursor": page["next_cursor"]})).json()
        assert ([each["code"] for each in rest["items"]], rest["next_cursor"]) == (["S2"], None)
        refused(await client.get(tariffs(world), params={"cursor": page["next_cursor"]}), 422, "cursor-invalid")


class TestVisitFeeTariffs:
    async def test_a_tariff_is_told_as_it_was_written(self, world: World) -> None:
        made = await (await admin(world)).post(tariffs(world), json=TARIFF)
        assert made.status_code == 201, made.text
        assert "最近的服务站点" in made.json()["distance_note"]
        told = await tariff_told(world, date(2026, 3, 2))
        assert told is not None
        assert told.tiers == (
            rules.TierFacts(Decimal(3), Decimal(78)),
            rules.TierFacts(Decimal(5), Decimal(98)),
        )
        assert told.night == rules.NightFacts(time(18), time(6), Decimal(2))
        assert (told.unit, told.distance_base, told.distance_method) == (
            rules.FeeUnit.visit_staff,
            rules.DistanceBase.nearest_station,
            rules.DistanceMethod.road,
        )
        assert await tariff_told(world, date(2025, 12, 31)) is None

    @pytest.mark.parametrize(
        ("change", "field", "after"),
        [
            ({"unit": "visit"}, "unit", rules.FeeUnit.visit),
            ({"night": None}, "night", None),
            ({"insurance_class": "B", "self_ratio": "0.2"}, "self_ratio", Decimal("0.2")),
            ({"insurance_class": "A"}, "insurance_class", rules.InsuranceClass.A),
            ({"distance_base": "institution"}, "distance_base", rules.DistanceBase.institution),
            ({"distance_method": "great_circle"}, "distance_method", rules.DistanceMethod.great_circle),
            ({"valid_to": "2026-12-31"}, "valid_to", date(2026, 12, 31)),
            (
                {"tiers": [{"up_to_km": None, "price": "1.5"}]},
                "tiers",
                (rules.TierFacts(None, Decimal("1.5")),),
            ),
        ],
    )
    async def test_every_field_reaches_the_fee(
        self, world: World, change: dict[str, Any], field: str, after: object
    ) -> None:
        await (await admin(world)).post(tariffs(world), json=TARIFF | change)
        assert getattr(await tariff_told(world, date(2026, 3, 2)), field) == after

    async def test_an_ended_tariff_charges_nothing_from_the_next_day_on(self, world: World) -> None:
        client = await admin(world)
        made = (await client.post(tariffs(world), json=TARIFF)).json()
        path = f"{tariffs(world)}/{made['id']}"
        assert (await client.patch(path, json={"valid_to": "2026-03-01"})).json()["valid_to"] == "2026-03-01"
        assert await tariff_told(world, date(2026, 3, 1)) is not None
        assert await tariff_told(world, date(2026, 3, 2)) is None
        refused(await client.patch(path, json={"valid_to": "2025-01-01"}), 409, "ending-invalid")

    @pytest.mark.requirement("R048")
    async def test_only_the_institution_itself_and_only_who_may_sets_its_visit_fee(self, world: World) -> None:
        stranger = await world.as_role(Role.institution_admin, await world.add_institution())
        refused(await stranger.post(tariffs(world), json=TARIFF), 404, "not-found")
        nurse = await world.as_role(Role.nurse)
        refused(await nurse.post(tariffs(world), json=TARIFF), 403, "forbidden")
        assert (await (await world.as_role(Role.finance)).post(tariffs(world), json=TARIFF)).status_code == 201
        assert len((await nurse.get(tariffs(world))).json()["items"]) == 1

    @pytest.mark.parametrize(
        "wrong",
        [
            {"tiers": []},
            {"tiers": [{"up_to_km": "5", "price": "1"}, {"up_to_km": "3", "price": "1"}]},
            {"tiers": [{"up_to_km": None, "price": "1"}, {"up_to_km": "3", "price": "1"}]},
            {"tiers": [{"up_to_km": "3", "price": 1}]},
            {"tiers": [{"up_to_km": "-3", "price": "1"}]},
            {"tiers": [{"price": "1"}]},
            {"night": {"starts_at": "18:00", "ends_at": "18:00", "multiplier": "2"}},
            {"night": {"starts_at": "18:00Z", "ends_at": "06:00", "multiplier": "2"}},
            {"unit": "km"},
            {"distance_method": "crow"},
            {"valid_to": "2025-01-01"},
        ],
    )
    async def test_malformed_input_is_refused(self, world: World, wrong: dict[str, Any]) -> None:
        refused(await (await admin(world)).post(tariffs(world), json=TARIFF | wrong), 422, "malformed")
