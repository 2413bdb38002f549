"""How a payer calls a bill on its claim: as its rule of the service date says, over HTTP."""

from datetime import timedelta
from typing import Any

from service.accounts.rules import Role
from service.patients.models import Coverage
from tests.billing.day import MORNING, YEAR, Day
from tests.billing.ledger.test_statements import read
from tests.billing.test_payers import assess

CLAIMS = ("insurance-claims", "ltci-claims")
INSURANCE: dict[str, Any] = {
    "plan_code": "RESIDENT", "name": "居民医保", "deductible": "0.00", "pay_ratio": "0.8", "yearly_cap": "1000.00",
}  # fmt: skip
CARE: dict[str, Any] = {
    "name": "长护险", "codes": ["BATH"], "pay_ratio": "1", "grades": [{"grade": 3, "monthly_cap": "500.00"}],
}  # fmt: skip


async def test_the_rules_of_the_day_say_how_payers_call_a_bill(day: Day) -> None:
    await day.price("BATH", "60")
    await day.price("BP", "10", insurance_class="A")
    await day.list_services("BATH")
    person_id = await day.world.add_patient()
    await assess(day, person_id, 3)
    await day.world.add(
        Coverage(region_id=day.world.region_id, person_id=person_id, plan_code="RESIDENT", valid_from=YEAR)
    )
    await day.designate("LTCI")
    await day.designate("RESIDENT")
    admin = await day.world.as_role(Role.region_admin)
    rules: list[tuple[str, dict[str, Any], str, str]] = [
        ("/insurance-rules", INSURANCE, "390", "24"),
        ("/ltci-rules", CARE, "CH", "91"),
    ]
    for path, rule, insutype, code in rules:
        codes: dict[str, Any] = {"insutype": insutype, "med_types": [{"kind": "home_bed_round", "code": code}]}
        made = await admin.post(path, json=rule | {"valid_from": "2026-01-01"} | codes)
        assert made.status_code == 201, made.text
        assert {name: made.json()[name] for name in codes} == codes
        twice = rule | {"valid_from": "2026-03-03", "med_types": codes["med_types"] * 2}
        assert (await admin.post(path, json=twice)).status_code == 422
        # from the next day on without codes: what was served before is called as it was then
        assert (await admin.post(path, json=rule | {"valid_from": "2026-03-03"})).status_code == 201
    starts = [("home_bed_round", MORNING), ("home_visit", MORNING), ("home_bed_round", MORNING + timedelta(days=1))]
    for kind, start in starts:
        await day.bill(await day.visit(person_id, ("BATH", 1), ("BP", 1), kind=kind, start=start))
    told = [[(row["insutype"], row["med_type"]) for row in (await read(day, kind))["rows"]] for kind in CLAIMS]
    assert sorted(told[0]) == [("390", "11"), ("390", "24"), ("RESIDENT", "5")]
    assert sorted(told[1]) == [("410", ""), ("CH", ""), ("CH", "91")]
