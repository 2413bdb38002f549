"""Dated settings over HTTP: what is set changes what rules read."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from service.accounts.rules import Role
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.institutions import errors, usecases
from service.institutions.rules import settings
from tests.world import World

TODAY = date(2026, 3, 2)


def value(world: World, of: UUID | None, **changes: Any) -> dict[str, Any]:
    return {
        "institution_id": str(of) if of else None,
        "key": "travel.detour_factor",
        "value": "1.4",
        "valid_from": "2026-03-02",
    } | changes


async def detour(world: World, on: date, of: UUID | None = None) -> Decimal:
    async with transaction(world.house.sessions, Fence(world.region_id), world.clock.now()) as session:
        one = await usecases.setting(
            session, region_id=world.region_id, institution_id=of, key=settings.TRAVEL_DETOUR_FACTOR, on=on
        )
        all_of_them = await usecases.settings_on(session, region_id=world.region_id, institution_id=of, on=on)
        assert all_of_them.of(settings.TRAVEL_DETOUR_FACTOR) == one
    return one


class TestSetSetting:
    async def test_an_institutions_value_goes_before_the_regions_and_both_before_the_default(
        self, world: World
    ) -> None:
        here, there = world.institution_id, await world.add_institution()
        assert await detour(world, TODAY, here) == Decimal("1.3")
        async with await world.as_role(Role.region_admin) as client:
            assert (await client.post("/settings", json=value(world, None))).status_code == 201
        async with await world.as_role(Role.institution_admin) as client:
            made = await client.post("/settings", json=value(world, here, value="1.6"))
            assert made.status_code == 201
            shown = (await client.get("/settings", params={"institution_id": str(here)})).json()
        assert await detour(world, TODAY, here) == Decimal("1.6")
        assert await detour(world, TODAY, there) == Decimal("1.4")
        assert await detour(world, TODAY) == Decimal("1.4")
        assert await detour(world, TODAY - timedelta(days=1), here) == Decimal("1.3")
        one = next(each for each in shown["items"] if each["key"] == "travel.detour_factor")
        assert (one["value"], one["default"], one["source"], one["valid_from"]) == (
            "1.6", "1.3", "institution", "2026-03-02",
        )  # fmt: skip
        untouched = next(each for each in shown["items"] if each["key"] == "staff.minimum")
        assert (untouched["value"], untouched["source"], untouched["valid_from"]) == (1, "default", None)

    async def test_a_new_open_value_ends_the_running_one_the_day_before(self, world: World) -> None:
        here = world.institution_id
        async with await world.as_role(Role.institution_admin) as client:
            await client.post("/settings", json=value(world, here))
            await client.post("/settings", json=value(world, here, value="1.5", valid_from="2026-04-01"))
            history = (
                await client.get("/settings/travel.detour_factor/rows", params={"institution_id": str(here)})
            ).json()["items"]
            preview = (await client.get("/settings", params={"institution_id": str(here), "on": "2026-04-01"})).json()
        assert [(each["value"], each["valid_from"], each["valid_to"]) for each in history] == [
            ("1.4", "2026-03-02", "2026-03-31"),
            ("1.5", "2026-04-01", None),
        ]
        assert preview["on"] == "2026-04-01"
        assert next(each["value"] for each in preview["items"] if each["key"] == "travel.detour_factor") == "1.5"
        assert await detour(world, date(2026, 3, 31), here) == Decimal("1.4")
        assert await detour(world, date(2026, 4, 1), here) == Decimal("1.5")

    async def test_a_value_inside_another_is_refused_and_leaves_it_alone(self, world: World) -> None:
        here = world.institution_id
        async with await world.as_role(Role.institution_admin) as client:
            await client.post("/settings", json=value(world, here))
            within = value(world, here, value="2", valid_from="2026-03-10", valid_to="2026-03-12")
            again = value(world, here, value="2")
            answers = [await client.post("/settings", json=each) for each in (within, again)]
        assert [(each.status_code, each.json()["code"]) for each in answers] == [(409, "setting-overlaps")] * 2
        assert await detour(world, date(2026, 3, 11), here) == Decimal("1.4")

    async def test_the_regions_value_is_not_an_institutions_to_set(self, world: World) -> None:
        async with await world.as_role(Role.institution_admin) as client:
            answer = await client.post("/settings", json=value(world, None))
        assert (answer.status_code, answer.json()["scope"]) == (403, "region:write")

    async def test_who_set_it_and_when_is_on_record(self, world: World) -> None:
        account_id = await world.add_account(Role.institution_admin, world.institution_id)
        async with world.client(world.principal(Role.institution_admin, account_id)) as client:
            made = (await client.post("/settings", json=value(world, world.institution_id))).json()
        assert made["set_by_account_id"] == str(account_id)
        assert made["set_at"] == "2026-03-02T01:00:00Z"

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"key": "travel.unheard_of"}, 422, "setting-unknown"),
            ({"value": "9"}, 422, "setting-value-invalid"),
            ({"value": 2}, 422, "setting-value-invalid"),
            ({"value": True}, 422, "setting-value-invalid"),
            ({"value": "NaN"}, 422, "setting-value-invalid"),
            ({"value": "1e5000"}, 422, "setting-value-invalid"),
            ({"value": 1.4}, 422, "malformed"),
            ({"value": 10**40}, 422, "malformed"),
            ({"value": None}, 422, "malformed"),
            ({"value": {"a": 1}}, 422, "malformed"),
            ({"value": "1\0"}, 422, "malformed"),
            ({"valid_to": "2026-03-01"}, 422, "period-reversed"),
            ({"valid_from": "9999-12-31"}, 422, "malformed"),
            ({"institution_id": str(UUID(int=1))}, 404, "not-found"),
        ],
    )
    async def test_refuses_what_does_not_fit(
        self, world: World, change: dict[str, Any], status: int, code: str
    ) -> None:
        async with await world.as_role(Role.region_admin) as client:
            answer = await client.post("/settings", json=value(world, world.institution_id, **change))
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_every_setting_can_be_set_to_its_default(self, world: World) -> None:
        async with await world.as_role(Role.institution_admin) as client:
            listed = (await client.get("/settings")).json()["items"]
            for each in listed:
                body = value(world, world.institution_id, key=each["key"], value=each["default"])
                assert (await client.post("/settings", json=body)).status_code == 201, each["key"]


class TestChangeSetting:
    async def _made(self, world: World, **changes: Any) -> tuple[str, dict[str, Any]]:
        async with await world.as_role(Role.institution_admin) as client:
            made = (await client.post("/settings", json=value(world, world.institution_id, **changes))).json()
        return f"/settings/travel.detour_factor/rows/{made['id']}", made

    async def test_a_value_is_ended_and_the_default_holds_again(self, world: World) -> None:
        path, made = await self._made(world)
        async with await world.as_role(Role.institution_admin) as client:
            changed = await client.patch(path, json={"valid_to": "2026-03-05"})
        assert changed.json()["valid_to"] == "2026-03-05"
        assert changed.json()["value"] == made["value"]
        assert await detour(world, date(2026, 3, 5), world.institution_id) == Decimal("1.4")
        assert await detour(world, date(2026, 3, 6), world.institution_id) == Decimal("1.3")

    async def test_a_mistake_is_corrected_on_its_first_day_only(self, world: World) -> None:
        path, _ = await self._made(world)
        async with await world.as_role(Role.institution_admin) as client:
            assert (await client.patch(path, json={"value": "1.7"})).status_code == 200
            assert await detour(world, TODAY, world.institution_id) == Decimal("1.7")
            world.clock.shows += timedelta(days=1)
            late = await client.patch(path, json={"value": "1.8"})
        assert (late.status_code, late.json()["code"]) == (409, "past-fixed")
        assert await detour(world, TODAY, world.institution_id) == Decimal("1.7")

    async def test_another_institutions_or_the_regions_value_does_not_exist(self, world: World) -> None:
        path, _ = await self._made(world)
        other = await world.add_institution()
        async with await world.as_role(Role.region_admin) as client:
            region = (await client.post("/settings", json=value(world, None))).json()["id"]
        async with await world.as_role(Role.institution_admin, other) as client:
            answers = [
                await client.patch(each, json={"valid_to": "2026-03-05"})
                for each in (
                    path,
                    f"/settings/travel.detour_factor/rows/{region}",
                    f"/settings/travel.detour_factor/rows/{new_id()}",
                )
            ]
        assert [each.status_code for each in answers] == [404, 404, 404]

    async def test_a_value_does_not_fit_another_key(self, world: World) -> None:
        path, _ = await self._made(world)
        async with await world.as_role(Role.institution_admin) as client:
            wrong_key = await client.patch(path.replace("detour_factor", "walk_kmh"), json={"value": "4"})
            wrong_value = await client.patch(path, json={"value": "9"})
        assert wrong_key.status_code == 404
        assert (wrong_value.status_code, wrong_value.json()["code"]) == (422, "setting-value-invalid")

    async def test_an_unknown_setting_has_no_history(self, world: World) -> None:
        async with await world.as_role(Role.nurse) as client:
            assert (await client.get("/settings/unheard.of/rows")).status_code == 404
            answer = await client.get("/settings", params={"institution_id": str(new_id())})
        assert answer.status_code == 404


class TestPreviewAndHistory:
    async def test_a_day_to_come_shows_what_will_hold_and_whose_it_is(self, world: World) -> None:
        here = world.institution_id
        async with await world.as_role(Role.region_admin) as client:
            await client.post("/settings", json=value(world, None, value="1.4", valid_from="2026-04-01"))
        async with await world.as_role(Role.institution_admin) as client:
            await client.post("/settings", json=value(world, here, value="1.6", valid_from="2026-05-01"))
            seen = []
            for on in ("2026-03-31", "2026-04-01", "2026-05-01"):
                asked = {"institution_id": str(here), "on": on}
                items = (await client.get("/settings", params=asked)).json()["items"]
                one = next(each for each in items if each["key"] == "travel.detour_factor")
                seen.append((one["value"], one["source"], one["valid_from"]))
        assert seen == [
            ("1.3", "default", None),
            ("1.4", "region", "2026-04-01"),
            ("1.6", "institution", "2026-05-01"),
        ]

    async def test_history_names_every_value_with_its_days_who_set_it_and_when(self, world: World) -> None:
        first, second = [await world.add_account(Role.region_admin) for _ in range(2)]
        for account_id, draft in ((first, {}), (second, {"value": "1.5", "valid_from": "2026-04-01"})):
            async with world.client(world.principal(Role.region_admin, account_id)) as client:
                await client.post("/settings", json=value(world, None, **draft))
                world.clock.shows += timedelta(hours=1)
                rows = (await client.get("/settings/travel.detour_factor/rows")).json()["items"]
        assert [
            (each["value"], each["valid_from"], each["valid_to"], each["set_by_account_id"], each["set_at"])
            for each in rows
        ] == [
            ("1.4", "2026-03-02", "2026-03-31", str(first), "2026-03-02T01:00:00Z"),
            ("1.5", "2026-04-01", None, str(second), "2026-03-02T02:00:00Z"),
        ]

    async def test_with_the_application_s_check_switched_off_what_has_held_is_not_rewritten(self, world: World) -> None:
        async with await world.as_role(Role.region_admin) as client:
            row = (await client.post("/settings", json=value(world, None))).json()["id"]
        fence = Fence(world.region_id, region_wide=True)
        for sql in ("value = '\"2.0\"'", "valid_from = date '2026-03-20'", "key = 'travel.walk_kmh'"):
            with pytest.raises(errors.PastFixed):
                async with transaction(world.house.sessions, fence, world.clock.now() + timedelta(days=1)) as session:
                    await session.execute(text(f"update setting_rows set {sql} where id = :id"), {"id": row})
        async with transaction(world.house.sessions, fence, world.clock.now() + timedelta(days=1)) as session:
            end = text("update setting_rows set valid_to = date '2026-03-31' where id = :id")
            await session.execute(end, {"id": row})
        assert await detour(world, date(2026, 4, 1)) == Decimal("1.3")
