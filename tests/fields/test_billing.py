"""What a question for a price names decides the answer."""

from service.accounts.rules import Role
from tests.fields.town import DAY, Town, made


async def test_institution_person_kind_time_services_and_quantities_each_change_the_price(town: Town) -> None:
    await town.offer("BP")
    await town.offer("DRESSING", "28")
    night = {"starts_at": "18:00", "ends_at": "06:00", "multiplier": "2"}
    fee = {
        "unit": "visit", "tiers": [{"up_to_km": None, "price": "50"}], "night": night, "distance_base": "institution",
        "distance_method": "great_circle", "valid_from": "2026-01-01",
    }  # fmt: skip
    await made(town.chief, f"{town.house}/visit-fee-tariffs", fee)
    other = await town.world.add_institution(modes=("round",))
    chief = await town.world.as_role(Role.institution_admin, other)
    await made(chief, f"/institutions/{other}/prices", {"code": "BP", "unit_price": "99", "valid_from": "2026-01-01"})
    person, insured = await town.elder(), await town.elder()
    await town.rule(deductible="0.00")
    await town.insure(insured)
    await town.price("BP", valid_from="2026-03-03", insurance_class="A")
    account = await town.world.add_account(Role.elder)
    await town.world.add_relation(person, account)
    elder = town.world.client(town.world.principal(Role.elder, account))

    async def asked(*codes: str, who: str = person, **more: object) -> dict[str, int]:
        answer = await (town.desk if who != person else elder).post("/quotes", json=town.asked(who, *codes, **more))
        return dict(answer.json())

    assert (await asked("BP"))["patient_fen"] == 6000
    assert (await asked("BP", institution_id=str(other)))["patient_fen"] == 9900
    assert (await asked("BP", who=insured))["patient_fen"] == 5500
    assert (await asked("BP", institution_id=str(other), kind="home_bed_round"))["code"] == "provider-not-qualified"
    assert (await asked("BP", start_at=f"{DAY}T20:00:00+08:00"))["patient_fen"] == 11000
    assert (await asked("DRESSING"))["patient_fen"] == 7800
    assert (await asked(items=[{"code": "BP", "quantity": 3}]))["patient_fen"] == 8000
