"""Districts, institutions, stations and service modes over HTTP."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from service.accounts.rules import Role
from service.core import geo
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.institutions import rules, usecases
from tests.world import World

PLACE = {"lon": 106.38, "lat": 39.02, "datum": "wgs84"}
LICENCE = {"no": "PDY10001", "valid_from": "2026-01-01", "valid_to": "2026-12-31"}


def draft(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "code": f"N{world.number()}",
        "name": "长胜社区卫生服务中心",
        "kind": "community_health_centre",
        "district_id": str(world.district_id),
        "address": "大武口区长胜街2号",
        "place": PLACE,
        "licence": LICENCE,
        "published_phone": "0952-2012345",
    } | changes


async def may_serve(world: World, institution_id: UUID | str, mode: rules.ServiceMode, on: date) -> bool:
    async with transaction(world.house.sessions, Fence(world.region_id), world.clock.now()) as session:
        return await usecases.has_mode(
            session, region_id=world.region_id, institution_id=UUID(str(institution_id)), mode=mode, on=on
        )


async def public_list(world: World, on: date, district_code: str | None = None) -> list[rules.QualifiedFacts]:
    async with transaction(world.house.sessions, Fence(world.region_id), world.clock.now()) as session:
        return await usecases.list_qualified(session, region_id=world.region_id, on=on, district_code=district_code)


class TestDistricts:
    async def test_the_region_registers_and_renames_a_district(self, world: World) -> None:
        async with await world.as_role(Role.region_admin) as client:
            made = await client.post("/districts", json={"code": "640205", "name": "惠农区"})
            assert made.status_code == 201
            place = f"/districts/{made.json()['id']}"
            changed = await client.patch(place, json={"name": "惠农"})
            assert changed.json() == {"id": made.json()["id"], "code": "640205", "name": "惠农"}
            assert (await client.get(place)).json() == changed.json()
            listed = (await client.get("/districts")).json()
        assert [each["code"] for each in listed["items"]] == ["640202", "640205"]
        assert listed["next_cursor"] is None

    async def test_a_code_is_used_once_in_a_region(self, world: World) -> None:
        async with await world.as_role(Role.region_admin) as client:
            answer = await client.post("/districts", json={"code": "640202", "name": "另一个"})
        assert answer.status_code == 409
        assert answer.json()["code"] == "district-code-taken"

    async def test_only_the_region_registers_districts(self, world: World) -> None:
        async with await world.as_role(Role.institution_admin) as client:
            answer = await client.post("/districts", json={"code": "640205", "name": "惠农区"})
        assert answer.status_code == 403
        assert answer.json()["scope"] == "region:write"

    async def test_another_regions_district_does_not_exist(self, world: World) -> None:
        async with await world.as_role(Role.region_admin) as client:
            for answer in (
                await client.get(f"/districts/{new_id()}"),
                await client.patch(f"/districts/{new_id()}", json={"name": "某区"}),
            ):
                assert answer.status_code == 404


class TestInstitutions:
    async def test_the_region_registers_an_institution(self, world: World) -> None:
        async with await world.as_role(Role.region_admin) as client:
            made = await client.post("/institutions", json=draft(world))
            assert made.status_code == 201, made.text
            shown = await client.get(f"/institutions/{made.json()['id']}")
        assert shown.json() == made.json()
        assert made.json()["licence"] == {"no": "PDY10001", "valid_from": "2026-01-01", "valid_to": "2026-12-31"}
        assert made.json()["district_id"] == str(world.district_id)

    @pytest.mark.requirement("R004")
    @pytest.mark.parametrize("kind", [each for each in rules.InstitutionKind if each != "care_institution"])
    async def test_every_kind_of_medical_institution_may_serve_at_home_once_registered(
        self, world: World, kind: rules.InstitutionKind
    ) -> None:
        async with await world.as_role(Role.region_admin) as client:
            made = (await client.post("/institutions", json=draft(world, kind=kind))).json()["id"]
            assert not await may_serve(world, made, rules.ServiceMode.round, date(2026, 3, 2))
            answer = await client.post(
                f"/institutions/{made}/service-modes",
                json={"mode": "round", "registration_no": "石卫登1号", "valid_from": "2026-03-01"},
            )
        assert answer.status_code == 201
        assert await may_serve(world, made, rules.ServiceMode.round, date(2026, 3, 2))

    async def test_a_gcj02_place_is_stored_as_wgs84(self, world: World) -> None:
        lon, lat = geo.wgs84_to_gcj02(106.38, 39.02)
        async with await world.as_role(Role.region_admin) as client:
            body = draft(world, place={"lon": lon, "lat": lat, "datum": "gcj02"})
            made = (await client.post("/institutions", json=body)).json()
        assert abs(made["lon"] - 106.38) < 1e-7
        assert abs(made["lat"] - 39.02) < 1e-7
        assert abs(lon - 106.38) > 1e-3

    async def test_its_own_administrator_changes_it_and_others_see_it(self, world: World) -> None:
        change = {
            "name": "新名称",
            "address": "大武口区新街9号",
            "place": {"lon": 106.4, "lat": 39.0},
            "published_phone": "0952-2099999",
        }
        path = f"/institutions/{world.institution_id}"
        async with await world.as_role(Role.institution_admin) as client:
            changed = await client.patch(path, json=change)
            assert changed.status_code == 200
        async with await world.as_role(Role.nurse) as client:
            shown = (await client.get(path)).json()
        assert (shown["name"], shown["address"], shown["lon"], shown["lat"], shown["published_phone"]) == (
            "新名称", "大武口区新街9号", 106.4, 39.0, "0952-2099999",
        )  # fmt: skip
        qualified = (await public_list(world, date(2026, 3, 2), "640202"))[0].institution
        assert (qualified.name, qualified.published_phone) == ("新名称", "0952-2099999")

    async def test_a_field_left_out_stays_and_null_takes_a_phone_away(self, world: World) -> None:
        path = f"/institutions/{world.institution_id}"
        async with await world.as_role(Role.institution_admin) as client:
            before = (await client.patch(path, json={"published_phone": "0952-2099999"})).json()
            after = (await client.patch(path, json={"published_phone": None})).json()
        assert after == before | {"published_phone": None}

    @pytest.mark.requirement("R005")
    async def test_taking_the_licence_away_ends_serving_at_home(self, world: World) -> None:
        on = date(2026, 3, 2)
        assert await may_serve(world, world.institution_id, rules.ServiceMode.round, on)
        path = f"/institutions/{world.institution_id}"
        async with await world.as_role(Role.institution_admin) as client:
            licence = {"no": "L2", "valid_from": "2026-01-01", "valid_to": "2026-03-01"}
            await client.patch(path, json={"licence": licence})
            assert not await may_serve(world, world.institution_id, rules.ServiceMode.round, on)
            assert await public_list(world, on) == []
            await client.patch(path, json={"licence": licence | {"valid_to": "2026-03-02"}})
            assert await may_serve(world, world.institution_id, rules.ServiceMode.round, on)
            await client.patch(path, json={"licence": None})
        assert not await may_serve(world, world.institution_id, rules.ServiceMode.round, on)

    async def test_another_institution_does_not_exist_to_its_administrator(self, world: World) -> None:
        other = await world.add_institution()
        async with await world.as_role(Role.institution_admin) as client:
            answers = [
                await client.patch(f"/institutions/{other}", json={"name": "抢占"}),
                await client.post(f"/institutions/{other}/stations", json={"code": "S9", "name": "站", "place": PLACE}),
                await client.post(
                    f"/institutions/{other}/service-modes",
                    json={"mode": "round", "registration_no": "1", "valid_from": "2040-01-01"},
                ),
                await client.post(
                    "/settings",
                    json={
                        "institution_id": str(other), "key": "staff.minimum", "value": 2, "valid_from": "2026-03-02",
                    },
                ),
            ]  # fmt: skip
            shown = (await client.get(f"/institutions/{other}")).json()
        assert [each.status_code for each in answers] == [404] * 4
        assert shown["name"] != "抢占"

    async def test_the_directory_is_filtered_by_district_and_kind(self, world: World) -> None:
        home = await world.add_institution(kind="care_institution", modes=())
        async with await world.as_role(Role.region_admin) as client:
            made = (await client.post("/districts", json={"code": "640205", "name": "惠农区"})).json()["id"]
            there = (await client.post("/institutions", json=draft(world, district_id=made))).json()["id"]
            by_kind = (await client.get("/institutions", params={"kind": "care_institution"})).json()["items"]
            by_district = (await client.get("/institutions", params={"district_id": made})).json()["items"]
        assert [each["id"] for each in by_kind] == [str(home)]
        assert [each["id"] for each in by_district] == [there]

    async def test_pages_follow_each_other_without_gap_or_repeat(self, world: World) -> None:
        wanted = [world.institution_id, *[await world.add_institution() for _ in range(4)]]
        seen: list[str] = []
        cursor: str | None = None
        async with await world.as_role(Role.nurse) as client:
            for _ in range(3):
                query = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
                page = (await client.get("/institutions", params=query)).json()
                seen += [each["id"] for each in page["items"]]
                cursor = page["next_cursor"]
        assert cursor is None
        assert sorted(seen) == sorted(str(each) for each in wanted)

    async def test_an_unchanged_institution_is_not_sent_again(self, world: World) -> None:
        path = f"/institutions/{world.institution_id}"
        async with await world.as_role(Role.institution_admin) as client:
            first = await client.get(path)
            again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
            assert (again.status_code, again.content) == (304, b"")
            await client.patch(path, json={"name": "新名称"})
            changed = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert changed.status_code == 200
        assert changed.headers["etag"] != first.headers["etag"]

    async def test_a_district_that_does_not_exist_is_refused(self, world: World) -> None:
        async with await world.as_role(Role.region_admin) as client:
            answer = await client.post("/institutions", json=draft(world, district_id=str(new_id())))
        assert answer.status_code == 404

    async def test_a_code_is_used_once_in_a_region(self, world: World) -> None:
        async with await world.as_role(Role.region_admin) as client:
            answer = await client.post("/institutions", json=draft(world, code="I1"))
        assert (answer.status_code, answer.json()["code"]) == (409, "institution-code-taken")


class TestStations:
    async def test_a_station_is_registered_moved_and_renamed(self, world: World) -> None:
        path = f"/institutions/{world.institution_id}/stations"
        async with await world.as_role(Role.institution_admin) as client:
            made = await client.post(path, json={"code": "S2", "name": "二站", "place": PLACE})
            assert made.status_code == 201
            one = f"{path}/{made.json()['id']}"
            moved = await client.patch(one, json={"name": "二站新址", "place": {"lon": 106.5, "lat": 39.1}})
            assert (await client.get(one)).json() == moved.json()
            listed = (await client.get(path)).json()["items"]
            twice = await client.post(path, json={"code": "S2", "name": "又一站", "place": PLACE})
        assert (moved.json()["name"], moved.json()["lon"], moved.json()["lat"]) == ("二站新址", 106.5, 39.1)
        assert {each["code"] for each in listed} == {"S1", "S2"}
        assert (twice.status_code, twice.json()["code"]) == (409, "station-code-taken")
        async with transaction(world.house.sessions, Fence(world.region_id), world.clock.now()) as session:
            facts = await usecases.list_stations(
                session, region_id=world.region_id, institution_ids=[world.institution_id]
            )
        assert [(each.code, each.lon) for each in facts if each.code == "S2"] == [("S2", 106.5)]

    async def test_a_station_is_found_under_its_own_institution_only(self, world: World) -> None:
        other = await world.add_institution()
        async with await world.as_role(Role.institution_admin, world.institution_id, other) as client:
            path = f"/institutions/{other}/stations/{world.station_id}"
            answers = [await client.get(path), await client.patch(path, json={"name": "改名"})]
        assert [each.status_code for each in answers] == [404, 404]


class TestServiceModes:
    @pytest.mark.requirement("R005")
    async def test_a_change_of_mode_keeps_the_old_row(self, world: World) -> None:
        path = f"/institutions/{world.institution_id}/service-modes"
        async with await world.as_role(Role.institution_admin) as client:
            old = next(each for each in (await client.get(path)).json()["items"] if each["mode"] == "round")
            change = {"mode": "round", "registration_no": "石卫登2号", "valid_from": "2026-04-01"}
            early = await client.post(path, json=change)
            ended = await client.patch(f"{path}/{old['id']}", json={"valid_to": "2026-03-15"})
            made = await client.post(path, json=change)
            listed = (await client.get(path)).json()["items"]
            reaching = await client.patch(f"{path}/{old['id']}", json={"valid_to": None})
        assert (early.status_code, early.json()["code"]) == (409, "mode-registered")
        assert made.status_code == 201
        assert ended.json() == old | {"valid_to": "2026-03-15"}
        rounds = [each for each in listed if each["mode"] == "round"]
        assert rounds == [ended.json(), made.json()]
        assert reaching.status_code == 409
        for on, expected in ((date(2026, 3, 15), True), (date(2026, 3, 16), False), (date(2026, 4, 1), True)):
            assert await may_serve(world, world.institution_id, rules.ServiceMode.round, on) is expected

    async def test_a_care_institution_cannot_register_one(self, world: World) -> None:
        home = await world.add_institution(kind="care_institution", modes=())
        body = {"mode": "round", "registration_no": "1", "valid_from": "2026-03-01"}
        async with await world.as_role(Role.region_admin) as client:
            answer = await client.post(f"/institutions/{home}/service-modes", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "care-institution-only")

    async def test_an_institution_without_a_licence_cannot_register_one(self, world: World) -> None:
        async with await world.as_role(Role.region_admin) as client:
            made = (await client.post("/institutions", json=draft(world, licence=None))).json()["id"]
            body = {"mode": "round", "registration_no": "1", "valid_from": "2026-03-01"}
            answer = await client.post(f"/institutions/{made}/service-modes", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "licence-missing")
        assert "2026-03-01" in answer.json()["detail"]

    async def test_a_period_does_not_end_before_it_starts(self, world: World) -> None:
        path = f"/institutions/{world.institution_id}/service-modes"
        async with await world.as_role(Role.institution_admin) as client:
            mode = (await client.get(path)).json()["items"][0]
            body = {"mode": "round", "registration_no": "1", "valid_from": "2040-03-02", "valid_to": "2040-03-01"}
            answers = [
                await client.post(path, json=body),
                await client.patch(f"{path}/{mode['id']}", json={"valid_to": "2019-12-31"}),
            ]
        assert [(each.status_code, each.json()["code"]) for each in answers] == [(422, "period-reversed")] * 2


class TestMalformed:
    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"code": "640 202"}, "#/code"),
            ({"name": ""}, "#/name"),
            ({"name": "甲\0乙"}, "#/name"),
            ({"name": "x" * 201}, "#/name"),
            ({"name": 7}, "#/name"),
            ({"kind": "shop"}, "#/kind"),
            ({"district_id": "大武口"}, "#/district_id"),
            ({"place": {"lon": 181, "lat": 39}}, "#/place/lon"),
            ({"place": {"lon": "东经", "lat": 39}}, "#/place/lon"),
            ({"place": {"lat": 39}}, "#/place/lon"),
            ({"place": {"lon": 10**400, "lat": 39}}, "#/place/lon"),
            ({"place": {"lon": -180, "lat": 39, "datum": "bd09"}}, "#/place"),
            ({"place": {"lon": 106, "lat": 39, "datum": "moon"}}, "#/place/datum"),
            ({"licence": {"no": "L", "valid_from": "2026-02-30"}}, "#/licence/valid_from"),
            ({"licence": {"no": "L", "valid_from": "0001-01-01"}}, "#/licence/valid_from"),
            ({"licence": {"no": "L", "valid_from": "2026-02-01", "valid_to": "2026-01-01"}}, "#/licence"),
            ({"published_phone": "打电话"}, "#/published_phone"),
            ({"colour": "red"}, "#/colour"),
        ],
    )
    async def test_each_fault_is_named_by_its_place(self, world: World, change: dict[str, Any], pointer: str) -> None:
        async with await world.as_role(Role.region_admin) as client:
            answer = await client.post("/institutions", json=draft(world, **change))
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        assert pointer in {each["pointer"] for each in answer.json()["errors"]}

    @pytest.mark.parametrize(
        "raw",
        [b"", b"{", b"[]", b"null", b'"text"', b'{"code": "\\ud800"}', b'{"name": "\\udfff"}', b"\xff\xfe", b"1e999"],
    )
    async def test_what_is_no_body_is_refused(self, world: World, raw: bytes) -> None:
        async with await world.as_role(Role.region_admin) as client:
            answer = await client.post("/districts", content=raw, headers={"content-type": "application/json"})
        assert answer.status_code == 422
        assert all(each["pointer"].startswith("#") for each in answer.json()["errors"])

    @pytest.mark.parametrize(
        ("path", "params"),
        [
            ("/institutions", {"kind": "\0"}),
            ("/institutions", {"district_id": "x"}),
            ("/institutions", {"limit": "0"}),
            ("/institutions", {"limit": str(10**30)}),
            ("/institutions", {"cursor": "x" * 401}),
            ("/institutions", {"cursor": "字"}),
            ("/institutions", {"cursor": "AAAA"}),
            ("/settings", {"on": "99999-01-01"}),
            ("/settings", {"on": "0001-01-01"}),
            ("/settings/a%00b/rows", {}),
        ],
    )
    async def test_a_query_that_cannot_be_is_refused(self, world: World, path: str, params: dict[str, str]) -> None:
        async with await world.as_role(Role.region_admin) as client:
            answer = await client.get(path, params=params)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"


class TestWithoutRights:
    async def test_without_a_token_nothing_is_shown(self, world: World) -> None:
        async with world.client() as client:
            for path in ("/institutions", "/districts", "/settings", f"/institutions/{world.institution_id}"):
                answer = await client.get(path)
                assert answer.status_code == 401, path
                assert answer.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize("role", [Role.nurse, Role.doctor, Role.dispatcher, Role.finance, Role.elder])
    async def test_a_role_without_the_scope_changes_nothing(self, world: World, role: Role) -> None:
        async with await world.as_role(role) as client:
            answer = await client.patch(f"/institutions/{world.institution_id}", json={"name": "改名"})
        assert (answer.status_code, answer.json()["scope"]) == (403, "institutions:write")


class TestFoundRegion:
    async def test_the_schemas_owner_founds_a_region(self, world: World, owner_engine: AsyncEngine) -> None:
        async with AsyncSession(owner_engine, expire_on_commit=False) as session, session.begin():
            region = await usecases.found_region(session, code=f"F{new_id().hex[-8:]}", name="新统筹区")
        async with transaction(world.house.sessions, Fence(), world.clock.now()) as session:
            assert await usecases.find_region(session, code=region.code) == region
            assert await usecases.find_region(session, code="nowhere") is None
