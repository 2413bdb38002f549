"""Opening balances: what was used before the go-live, with its source; above the cap it leaves nothing."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from service.accounts.rules import Role
from service.catalog.ltci_models import LtciRuleRow
from service.catalog.models import InsuranceRule, Programme, ProgrammeItem
from service.contracts import errors
from service.patients.ltci_models import LtciAssessment
from service.patients.models import Coverage
from tests.contracts.desk import Desk, desk_of, entries
from tests.contracts.forms import refused, relate
from tests.contracts.papers import claim
from tests.world import World

YEAR = date(2026, 1, 1)


def opening(desk: Desk, **more: Any) -> dict[str, Any]:
    return {
        "person_id": str(desk.person_id), "source": "contract", "contract_id": str(desk.contract_id), "code": "BP",
        "units": 5, "on": "2026-02-28", "because": "原 HIS 结转", "document_no": "QC-1",
    } | more  # fmt: skip


class TestOpenings:
    async def test_count_as_used_and_name_their_source(self, world: World) -> None:
        desk = await desk_of(world)
        admin = await world.as_role(Role.institution_admin)
        made = await admin.post("/entitlement-openings", json=opening(desk))
        assert made.status_code == 201, made.text
        told = made.json()
        assert (told["opening"], told["cap"], told["used"], told["remaining"]) == (5, 8, 5, 3)
        [entry] = await entries(world, desk)
        assert (entry["kind"], entry["because"], entry["document_no"], entry["service_on"]) == (
            "opening", "原 HIS 结转", "QC-1", date(2026, 2, 28),
        )  # fmt: skip
        with pytest.raises(errors.EntitlementExhausted):
            await desk.consume(uuid4(), [claim(desk.contract_id, 4)])
        await desk.consume(uuid4(), [claim(desk.contract_id, 3)])

    async def test_the_same_again_changes_nothing_and_another_is_refused(self, world: World) -> None:
        desk = await desk_of(world)
        admin = await world.as_role(Role.institution_admin)
        first = await admin.post("/entitlement-openings", json=opening(desk))
        again = await admin.post("/entitlement-openings", json=opening(desk))
        assert (again.status_code, again.json()) == (200, first.json())
        for change in ({"units": 6}, {"on": "2026-02-27"}, {"because": "补录"}, {"document_no": None}):
            answer = await admin.post("/entitlement-openings", json=opening(desk, **change))
            refused(answer, 409, "opened-already")
        assert await desk.stands() == (5, 0)

    async def test_above_the_cap_nothing_is_left_and_reversals_of_later_use_stay_exact(self, world: World) -> None:
        desk = await desk_of(world)
        settlement_id = uuid4()
        await desk.consume(settlement_id, [claim(desk.contract_id, 2)])
        admin = await world.as_role(Role.institution_admin)
        told = (await admin.post("/entitlement-openings", json=opening(desk, units=20))).json()
        assert (told["used"], told["remaining"]) == (22, 0)
        with pytest.raises(errors.EntitlementExhausted):
            await desk.consume(uuid4(), [claim(desk.contract_id, 1)])
        await desk.give_back(settlement_id)
        assert await desk.stands() == (20, 0)

    async def test_insurances_are_opened_in_yuan_for_their_year_and_month(self, world: World) -> None:
        desk = await desk_of(world)
        region = {"region_id": world.region_id}
        await world.add(
            InsuranceRule(
                **region, plan_code="RESIDENT", name="居民医保", deductible_fen=10_000, pay_ratio=Decimal(1),
                yearly_cap_fen=100_000, valid_from=YEAR,
            ),
            Coverage(**region, person_id=desk.person_id, plan_code="RESIDENT", valid_from=YEAR),
            LtciRuleRow(
                **region, name="长护险", codes=["BATH"], pay_ratio=Decimal(1), monthly_caps={"3": 155_000},
                valid_from=YEAR,
            ),
            LtciAssessment(
                **region, person_id=desk.person_id, grade=3, district_id=world.district_id, valid_from=YEAR
            ),
        )  # fmt: skip
        admin = await world.as_role(Role.institution_admin)
        bare = {"contract_id": None, "code": None, "units": None}
        for source, more, period in (
            ("insurance_fund", {"plan_code": "RESIDENT", "amount": "300.00"}, "2026"),
            ("insurance_deductible", {"plan_code": "RESIDENT", "amount": "100.00"}, "2026"),
            ("ltci", {"amount": "1600.00", "on": "2026-03-01"}, "2026-03"),
        ):
            answer = await admin.post("/entitlement-openings", json=opening(desk, **bare, source=source, **more))
            assert answer.status_code == 201, answer.text
            assert answer.json()["period"] == period
        stands = {each.source: (each.cap, each.used, each.remaining) for each in await desk.balances()}
        assert stands["insurance_fund"] == (100_000, 30_000, 70_000)
        assert stands["insurance_deductible"] == (10_000, 10_000, 0)
        assert stands["ltci"] == (155_000, 160_000, 0)

    async def test_a_programme_is_opened_in_units_of_the_year_for_whoever_is_enrolled(self, world: World) -> None:
        desk = await desk_of(world)
        programme = Programme(
            region_id=world.region_id, code="PH", name="基本公卫", payer="财政", valid_from=YEAR, minimum_age=65
        )
        paid = ProgrammeItem(region_id=world.region_id, programme_id=programme.id, code="BP", per_year=4)
        await world.add(programme, paid)
        admin = await world.as_role(Role.institution_admin)
        body = opening(
            desk, source="public_program", contract_id=None, programme_id=str(programme.id), units=3, on="2026-03-02"
        )
        told = (await admin.post("/entitlement-openings", json=body)).json()
        assert (told["ref_id"], told["period"], told["remaining"]) == (str(programme.id), "2026", 1)
        unknown = body | {"programme_id": str(uuid4())}
        refused(await admin.post("/entitlement-openings", json=unknown), 409, "entitlement-unknown")

    async def test_refuses_days_to_come_and_what_the_person_does_not_have(self, world: World) -> None:
        desk, other = await desk_of(world), await world.add_institution()
        admin = await world.as_role(Role.institution_admin)
        ahead = opening(desk, on="2026-03-03")
        refused(await admin.post("/entitlement-openings", json=ahead), 409, "use-in-the-future")
        unknown = opening(desk, code="SUGAR")
        refused(await admin.post("/entitlement-openings", json=unknown), 409, "entitlement-unknown")
        theirs = await world.as_role(Role.institution_admin, other)
        refused(await theirs.post("/entitlement-openings", json=opening(desk)), 404, "not-found")
        await relate(world, str(desk.person_id), other)
        refused(await theirs.post("/entitlement-openings", json=opening(desk)), 404, "not-found")
        assert await desk.stands() == (0, 0)
