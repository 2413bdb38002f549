"""The region's list of services, programmes and insurance rules over HTTP."""

import json
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest
from httpx import AsyncClient, Response

from service.accounts.rules import Role
from service.catalog import usecases
from service.catalog.rules import OrderKind
from service.core.db.session import transaction
from service.core.principal import Fence
from tests.world import World

BLOOD = {
    "code": "BLOOD_FASTING",
    "name": "空腹采血",
    "duration_minutes": 20,
    "skills": ["role:nurse", "venipuncture"],
    "order_kinds": ["home_visit"],
    "latest_start": "09:30:00",
}
PROGRAMME = {
    "code": "BPHS",
    "name": "国家基本公共卫生服务",
    "payer": "基本公共卫生服务补助资金",
    "valid_from": "2026-01-01",
    "items": [{"code": "BP", "per_year": 4}],
}
RESIDENT = {
    "plan_code": "RESIDENT",
    "name": "城乡居民基本医疗保险",
    "deductible": "100.00",
    "pay_ratio": "0.80",
    "yearly_cap": "12000.00",
    "valid_from": "2026-01-01",
}


async def admin(world: World) -> AsyncClient:
    return await world.as_role(Role.region_admin)


def refused(answer: Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["code"] == code
    return body


class TestServiceItems:
    async def test_a_listed_service_is_read_back_as_it_was_written(self, world: World) -> None:
        client = await admin(world)
        made = await client.post("/service-items", json=BLOOD)
        assert made.status_code == 201, made.text
        read = await client.get("/service-items/BLOOD_FASTING")
        assert read.json() == made.json()
        assert read.json() | BLOOD == read.json()
        assert read.json()["staff_count"] == 1
        again = await client.get("/service-items/BLOOD_FASTING", headers={"If-None-Match": read.headers["etag"]})
        assert again.status_code == 304

    @pytest.mark.parametrize(
        ("change", "field", "before", "after"),
        [
            ({"name": "静脉采血"}, "name", "空腹采血", "静脉采血"),
            ({"duration_minutes": 25}, "duration_minutes", 20, 25),
            ({"staff_count": 2}, "staff_count", 1, 2),
            (
                {"skills": ["role:doctor"]},
                "skills",
                frozenset({"role:nurse", "venipuncture"}),
                frozenset({"role:doctor"}),
            ),
            (
                {"order_kinds": ["institution_round"]},
                "order_kinds",
                frozenset({"home_visit"}),
                frozenset({"institution_round"}),
            ),
            ({"latest_start": None}, "latest_start", time(9, 30), None),
            ({"home_allowed": False, "refusal_note": "请到门诊采血。"}, "home_allowed", True, False),
            ({"refusal_note": "请空腹。"}, "refusal_note", None, "请空腹。"),
        ],
    )
    async def test_every_change_reaches_the_rooms_that_book_and_plan(
        self, world: World, change: dict[str, Any], field: str, before: object, after: object
    ) -> None:
        client = await admin(world)
        await client.post("/service-items", json=BLOOD)

        async def told() -> object:
            fence = Fence(region_id=world.region_id)
            async with transaction(world.house.sessions, fence, world.clock.now()) as session:
                found = await usecases.items(session, region_id=world.region_id, codes=["BLOOD_FASTING", "NOBODYS"])
            assert list(found) == ["BLOOD_FASTING"]
            return getattr(found["BLOOD_FASTING"], field)

        assert await told() == before
        changed = await client.patch("/service-items/BLOOD_FASTING", json=change)
        assert changed.status_code == 200, changed.text
        assert await told() == after

    async def test_what_is_left_out_of_a_change_stays(self, world: World) -> None:
        client = await admin(world)
        made = (await client.post("/service-items", json=BLOOD)).json()
        changed = (await client.patch("/service-items/BLOOD_FASTING", json={"staff_count": 2})).json()
        assert changed == made | {"staff_count": 2}

    async def test_a_service_banned_from_homes_must_say_why_at_once_and_after_a_change(self, world: World) -> None:
        client = await admin(world)
        infusion = BLOOD | {"code": "INFUSION", "name": "静脉输液", "home_allowed": False}
        refused(await client.post("/service-items", json=infusion), 422, "refusal-note-missing")
        made = await client.post("/service-items", json=infusion | {"refusal_note": "请到门诊输液室。"})
        assert made.status_code == 201
        refused(await client.patch("/service-items/INFUSION", json={"refusal_note": None}), 422, "refusal-note-missing")
        assert (await client.get("/service-items/INFUSION")).json()["refusal_note"] == "请到门诊输液室。"

    @pytest.mark.parametrize("code", ["VISIT_FEE", "BED_DAY"])
    async def test_a_line_that_bills_make_is_no_service(self, world: World, code: str) -> None:
        refused(await (await admin(world)).post("/service-items", json=BLOOD | {"code": code}), 422, "code-reserved")

    async def test_a_code_is_listed_once_in_a_region_and_once_more_in_the_next(self, world: World) -> None:
        client = await admin(world)
        assert (await client.post("/service-items", json=BLOOD)).status_code == 201
        refused(await client.post("/service-items", json=BLOOD), 409, "item-code-taken")
        next_door = World(world.owner, world.house, world.clock, world.app)
        await next_door.start()
        assert (await (await admin(next_door)).get("/service-items/BLOOD_FASTING")).status_code == 404
        assert (await (await admin(next_door)).post("/service-items", json=BLOOD)).status_code == 201

    async def test_the_same_key_lists_once(self, world: World) -> None:
        client = await admin(world)
        first = await client.post("/service-items", json=BLOOD, headers={"Idempotency-Key": "k"})
        second = await client.post("/service-items", json=BLOOD, headers={"Idempotency-Key": "k"})
        assert (second.status_code, second.json()) == (201, first.json())
        assert second.headers["idempotency-replayed"] == "true"

    async def test_the_list_can_be_narrowed_and_paged(self, world: World) -> None:
        client = await admin(world)
        for number in range(5):
            kinds = ["home_visit"] if number % 2 else ["home_visit", "home_bed_round"]
            await client.post("/service-items", json=BLOOD | {"code": f"S{number}", "order_kinds": kinds})
        seen: list[str] = []
        query: dict[str, Any] = {"limit": 2}
        while True:
            page = (await client.get("/service-items", params=query)).json()
            assert len(page["items"]) <= 2
            seen += [each["code"] for each in page["items"]]
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert seen == [f"S{number}" for number in range(5)]
        rounds = (await client.get("/service-items", params={"order_kind": "home_bed_round"})).json()["items"]
        assert [each["code"] for each in rounds] == ["S0", "S2", "S4"]
        refused(await client.get("/service-items", params={"cursor": "bm9uc2Vuc2U"}), 422, "cursor-invalid")

    @pytest.mark.parametrize("role", [Role.institution_admin, Role.finance, Role.doctor, Role.elder])
    async def test_only_the_regions_administration_writes(self, world: World, role: Role) -> None:
        client = await world.as_role(role)
        refused(await client.post("/service-items", json=BLOOD), 403, "forbidden")
        refused(await client.patch("/service-items/BP", json={"staff_count": 2}), 403, "forbidden")
        assert (await client.get("/service-items")).status_code == 200
        refused(await world.client().get("/service-items"), 401, "unauthenticated")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"duration_minutes": 0},
            {"duration_minutes": 601},
            {"duration_minutes": 2**63},
            {"staff_count": 5},
            {"order_kinds": []},
            {"order_kinds": ["telepathy"]},
            {"skills": ["a", "a"]},
            {"latest_start": "09:30:00+08:00"},
            {"latest_start": "25:00"},
            {"name": "\0"},
            {"name": "\ud800"},
            {"name": " "},
            {"code": "空腹"},
            {"nobody_reads": 1},
        ],
    )
    async def test_malformed_input_is_refused_with_its_place(self, world: World, wrong: dict[str, Any]) -> None:
        client = await admin(world)
        answer = await client.post(
            "/service-items", content=json.dumps(BLOOD | wrong), headers={"content-type": "application/json"}
        )
        body = refused(answer, 422, "malformed")
        assert body["errors"][0]["pointer"].startswith(f"#/{next(iter(wrong))}")

    @pytest.mark.parametrize("wrong", [{}, {"name": None}, {"home_allowed": None}, {"code": "OTHER"}])
    async def test_a_change_says_something_and_empties_nothing_needed(
        self, world: World, wrong: dict[str, Any]
    ) -> None:
        client = await admin(world)
        await client.post("/service-items", json=BLOOD)
        refused(await client.patch("/service-items/BLOOD_FASTING", json=wrong), 422, "malformed")

    async def test_an_unknown_service_is_not_found(self, world: World) -> None:
        client = await admin(world)
        refused(await client.get("/service-items/NONE"), 404, "not-found")
        refused(await client.patch("/service-items/NONE", json={"staff_count": 2}), 404, "not-found")

    async def test_services_differ_by_kind_of_order_and_the_kinds_are_in_the_contract(self, world: World) -> None:
        schema = (await world.client().get("http://test/openapi.json")).json()
        assert schema["components"]["schemas"]["OrderKind"]["enum"] == [str(kind) for kind in OrderKind]
        client = await admin(world)
        await client.post("/service-items", json=BLOOD | {"code": "ROUND", "order_kinds": ["home_bed_round"]})
        await client.post("/service-items", json=BLOOD)
        by_kind = {
            kind: [
                each["code"]
                for each in (await client.get("/service-items", params={"order_kind": kind})).json()["items"]
            ]
            for kind in ("home_visit", "home_bed_round")
        }
        assert by_kind == {"home_visit": ["BLOOD_FASTING"], "home_bed_round": ["ROUND"]}


class TestProgrammes:
    async def told(self, world: World, on: date) -> list[Any]:
        async with transaction(world.house.sessions, Fence(region_id=world.region_id), world.clock.now()) as session:
            return await usecases.programmes(session, region_id=world.region_id, on=on)

    async def test_a_programme_pays_its_units_while_it_is_in_force(self, world: World) -> None:
        await world.add_service_item("BP")
        client = await admin(world)
        made = await client.post("/programmes", json=PROGRAMME)
        assert made.status_code == 201, made.text
        assert (await client.get(f"/programmes/{made.json()['id']}")).json() == made.json()
        [facts] = await self.told(world, date(2026, 1, 1))
        assert (facts.code, facts.payer, facts.items) == ("BPHS", "基本公共卫生服务补助资金", {"BP": 4})
        assert await self.told(world, date(2025, 12, 31)) == []

    async def test_an_ended_programme_pays_until_its_last_day(self, world: World) -> None:
        await world.add_service_item("BP")
        client = await admin(world)
        made = (await client.post("/programmes", json=PROGRAMME)).json()
        ended = await client.patch(f"/programmes/{made['id']}", json={"valid_to": "2026-06-30"})
        assert ended.json() == made | {"valid_to": "2026-06-30"}
        assert len(await self.told(world, date(2026, 6, 30))) == 1
        assert await self.told(world, date(2026, 7, 1)) == []
        body = refused(
            await client.patch(f"/programmes/{made['id']}", json={"valid_to": "2026-07-01"}), 409, "ending-invalid"
        )
        assert "2026-06-30" in body["detail"]

    async def test_lists_all_or_those_of_a_day(self, world: World) -> None:
        await world.add_service_item("BP")
        client = await admin(world)
        await client.post("/programmes", json=PROGRAMME)
        await client.post(
            "/programmes", json=PROGRAMME | {"code": "OLD", "valid_from": "2025-01-01", "valid_to": "2025-12-31"}
        )
        assert [each["code"] for each in (await client.get("/programmes")).json()["items"]] == ["BPHS", "OLD"]
        that_day = (await client.get("/programmes", params={"on": "2025-06-01"})).json()["items"]
        assert [each["code"] for each in that_day] == ["OLD"]

    async def test_refuses_a_code_used_before_and_services_nobody_listed(self, world: World) -> None:
        client = await admin(world)
        body = refused(await client.post("/programmes", json=PROGRAMME), 409, "item-unknown")
        assert body["codes"] == "BP"
        await world.add_service_item("BP")
        assert (await client.post("/programmes", json=PROGRAMME)).status_code == 201
        refused(await client.post("/programmes", json=PROGRAMME), 409, "programme-code-taken")

    async def test_the_next_year_may_pay_other_units_under_the_same_code_the_same_year_may_not(
        self, world: World
    ) -> None:
        await world.add_service_item("BP")
        client = await admin(world)
        body = PROGRAMME | {"valid_from": "2026-01-01", "valid_to": None}
        first = (await client.post("/programmes", json=body)).json()
        # units are per year: a second row of the year would grant them twice
        for days in ({"valid_from": "2026-07-01"}, {"valid_from": "2026-07-01", "valid_to": "2026-12-31"}):
            refused(await client.post("/programmes", json=body | days), 409, "programme-code-taken")
        assert (await client.get(f"/programmes/{first['id']}")).json()["valid_to"] is None
        six = [{"code": "BP", "per_year": 6}]
        second = await client.post("/programmes", json=body | {"valid_from": "2027-01-01", "items": six})
        assert second.status_code == 201, second.text
        told = {each["valid_from"]: each for each in (await client.get("/programmes")).json()["items"]}
        assert told["2026-01-01"]["valid_to"] == "2026-12-31"
        assert told["2027-01-01"] == second.json() | {"items": six}
        for day, per_year in [("2026-12-31", 4), ("2027-01-01", 6)]:
            [on_the_day] = (await client.get("/programmes", params={"on": day})).json()["items"]
            assert on_the_day["items"] == [{"code": "BP", "per_year": per_year}]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"items": []},
            {"items": [{"code": "BP", "per_year": 0}]},
            {"items": [{"code": "BP", "per_year": 4}, {"code": "BP", "per_year": 5}]},
            {"valid_to": "2025-12-31"},
            {"valid_from": "0001-01-01"},
            {"payer": ""},
        ],
    )
    async def test_malformed_input_is_refused(self, world: World, wrong: dict[str, Any]) -> None:
        refused(await (await admin(world)).post("/programmes", json=PROGRAMME | wrong), 422, "malformed")

    async def test_only_the_regions_administration_writes(self, world: World) -> None:
        client = await world.as_role(Role.institution_admin)
        refused(await client.post("/programmes", json=PROGRAMME), 403, "forbidden")
        assert (await client.get("/programmes")).status_code == 200


class TestInsuranceRules:
    async def told(self, world: World, on: date, plan: str = "RESIDENT") -> Any:
        async with transaction(world.house.sessions, Fence(region_id=world.region_id), world.clock.now()) as session:
            return await usecases.insurance_rule(session, region_id=world.region_id, plan_code=plan, on=on)

    @pytest.mark.requirement("R230")
    async def test_a_new_rule_from_a_day_changes_only_that_day_and_later_ones(self, world: World) -> None:
        client = await admin(world)
        made = (await client.post("/insurance-rules", json=RESIDENT)).json()
        assert (made["deductible_fen"], made["yearly_cap_fen"]) == (10000, 1200000)
        better = await client.post(
            "/insurance-rules", json=RESIDENT | {"valid_from": "2026-07-01", "pay_ratio": "0.85"}
        )
        assert better.status_code == 201, better.text
        before, after = await self.told(world, date(2026, 6, 30)), await self.told(world, date(2026, 7, 1))
        assert (before.pay_ratio, before.valid_to) == (Decimal("0.80"), date(2026, 6, 30))
        assert (after.pay_ratio, after.valid_to) == (Decimal("0.85"), None)
        history = (await client.get("/insurance-rules", params={"plan_code": "RESIDENT"})).json()["items"]
        assert [(each["valid_from"], each["valid_to"]) for each in history] == [
            ("2026-01-01", "2026-06-30"),
            ("2026-07-01", None),
        ]

    @pytest.mark.parametrize(
        ("change", "field", "after"),
        [
            ({"name": "居民医保"}, "name", "居民医保"),
            ({"deductible": "0.01"}, "deductible_fen", 1),
            ({"pay_ratio": "1"}, "pay_ratio", Decimal(1)),
            ({"yearly_cap": "0"}, "yearly_cap_fen", 0),
            ({"valid_to": "2026-12-31"}, "valid_to", date(2026, 12, 31)),
        ],
    )
    async def test_every_figure_reaches_the_rooms_that_bill(
        self, world: World, change: dict[str, Any], field: str, after: object
    ) -> None:
        client = await admin(world)
        assert (await client.post("/insurance-rules", json=RESIDENT | change)).status_code == 201
        assert getattr(await self.told(world, date(2026, 3, 2)), field) == after
        assert await self.told(world, date(2026, 3, 2), plan="EMPLOYEE") is None

    async def test_overlaps_are_refused_and_ending_makes_room(self, world: World) -> None:
        client = await admin(world)
        made = (await client.post("/insurance-rules", json=RESIDENT)).json()
        refused(await client.post("/insurance-rules", json=RESIDENT), 409, "insurance-rules-overlap")
        earlier = RESIDENT | {"valid_from": "2025-01-01"}
        refused(await client.post("/insurance-rules", json=earlier), 409, "insurance-rules-overlap")
        within = RESIDENT | {"valid_from": "2026-05-01", "valid_to": "2026-06-01"}
        refused(await client.post("/insurance-rules", json=within), 409, "insurance-rules-overlap")
        ended = await client.patch(f"/insurance-rules/{made['id']}", json={"valid_to": "2026-04-30"})
        assert ended.json()["valid_to"] == "2026-04-30"
        assert (await client.post("/insurance-rules", json=within)).status_code == 201

    @pytest.mark.parametrize(
        "wrong",
        [
            {"deductible": 100},
            {"deductible": 100.0},
            {"deductible": "100.001"},
            {"deductible": "-1"},
            {"deductible": "1e3"},
            {"yearly_cap": "1234567890"},
            {"pay_ratio": "1.0001"},
            {"pay_ratio": "NaN"},
            {"valid_from": "2026-13-01"},
        ],
    )
    async def test_money_is_decimal_text_and_nothing_else(self, world: World, wrong: dict[str, Any]) -> None:
        refused(await (await admin(world)).post("/insurance-rules", json=RESIDENT | wrong), 422, "malformed")

    async def test_only_the_regions_administration_writes(self, world: World) -> None:
        client = await world.as_role(Role.finance)
        refused(await client.post("/insurance-rules", json=RESIDENT), 403, "forbidden")
        assert (await client.get("/insurance-rules")).status_code == 200
