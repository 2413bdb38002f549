"""What long-term care insurance pays, over HTTP."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from service.accounts.rules import Role
from service.catalog import usecases
from service.catalog.ltci_rules import LtciRule
from service.core.db.session import transaction
from service.core.principal import Fence
from tests.contracts.forms import refused
from tests.world import World

BODY: dict[str, Any] = {
    "name": "长期护理保险", "codes": ["BATH"], "pay_ratio": "0.90", "valid_from": "2026-01-01",
    "grades": [{"grade": 3, "monthly_cap": "1550.00"}, {"grade": 4, "monthly_cap": "2000.00"}],
}  # fmt: skip


async def rule(world: World, on: date) -> LtciRule | None:
    async with transaction(world.house.sessions, Fence(world.region_id), world.clock.now()) as session:
        return await usecases.ltci_rule(session, region_id=world.region_id, on=on)


class TestLtciRules:
    async def test_each_rule_holds_from_its_day_and_ends_the_one_before(self, world: World) -> None:
        await world.add_service_item("BATH")
        region = await world.as_role(Role.region_admin)
        made = await region.post("/ltci-rules", json=BODY)
        assert made.status_code == 201, made.text
        assert made.json()["grades"] == [
            {"grade": 3, "monthly_cap_fen": 155000}, {"grade": 4, "monthly_cap_fen": 200000},
        ]  # fmt: skip
        later = BODY | {"valid_from": "2026-03-01", "grades": [{"grade": 3, "monthly_cap": "1600.00"}]}
        assert (await region.post("/ltci-rules", json=later)).status_code == 201
        first, second = await rule(world, date(2026, 2, 28)), await rule(world, date(2026, 3, 1))
        assert first is not None
        assert second is not None
        assert (first.monthly_caps, second.monthly_caps) == ({3: 155000, 4: 200000}, {3: 160000})
        assert (first.eligible_grades, first.codes, first.pay_ratio) == ({3, 4}, {"BATH"}, Decimal("0.9"))
        assert await rule(world, date(2025, 12, 31)) is None
        listed = (await (await world.as_role(Role.nurse)).get("/ltci-rules", params={"on": "2026-02-28"})).json()
        assert [each["id"] for each in listed["items"]] == [made.json()["id"]]

    async def test_ends_on_a_day_and_two_never_hold_at_once(self, world: World) -> None:
        await world.add_service_item("BATH")
        region = await world.as_role(Role.region_admin)
        made = (await region.post("/ltci-rules", json=BODY | {"valid_to": "2026-12-31"})).json()
        refused(await region.post("/ltci-rules", json=BODY | {"valid_from": "2026-06-01"}), 409, "ltci-rules-overlap")
        row = f"/ltci-rules/{made['id']}"
        refused(await region.patch(row, json={"valid_to": "2027-01-01"}), 409, "ending-invalid")
        assert (await region.patch(row, json={"valid_to": "2026-05-31"})).status_code == 200
        assert await rule(world, date(2026, 6, 1)) is None

    @pytest.mark.parametrize(
        "wrong",
        [
            {"codes": []}, {"codes": ["BATH", "BATH"]}, {"grades": []}, {"pay_ratio": "1.01"}, {"pay_ratio": 0.9},
            {"grades": [{"grade": 3, "monthly_cap": "1"}, {"grade": 3, "monthly_cap": "2"}]},
            {"grades": [{"grade": 6, "monthly_cap": "1"}]}, {"valid_to": "2025-12-31"},
        ],
    )  # fmt: skip
    async def test_refuses_what_makes_no_sense(self, world: World, wrong: dict[str, Any]) -> None:
        await world.add_service_item("BATH")
        region = await world.as_role(Role.region_admin)
        assert (await region.post("/ltci-rules", json=BODY | wrong)).status_code == 422

    async def test_pays_for_listed_services_only_and_only_the_region_says_so(self, world: World) -> None:
        region, admin = await world.as_role(Role.region_admin), await world.as_role(Role.institution_admin)
        refused(await region.post("/ltci-rules", json=BODY), 409, "item-unknown")
        assert (await admin.post("/ltci-rules", json=BODY)).status_code == 403
