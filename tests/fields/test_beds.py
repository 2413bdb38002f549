"""How a home bed is opened and closed decides what the visits of those days cost."""

from typing import Any

import pytest

from tests.fields.town import DAY, Town, fund, made


async def bed(town: Town, person_id: str, **more: Any) -> dict[str, Any]:
    """Open a bed the day before yesterday."""
    body = {
        "institution_id": town.at, "person_id": person_id, "opened_on": "2026-02-28",
        "doctor_id": str(await town.world.add_practitioner(role="doctor")),
    }  # fmt: skip
    return await made(town.doctor, "/beds", body | more)


@pytest.mark.parametrize(
    ("change", "paid"),
    [({}, 0), ({"payment": "per_diem"}, 2000), ({"payment": "per_diem", "excluded_codes": ["DRUG"]}, 1000)],
)
async def test_how_it_is_paid_decides_what_the_day_rate_holds(town: Town, change: dict[str, Any], paid: int) -> None:
    for code in ("BP", "DRUG"):
        await town.offer(code)
    person = await town.elder()
    await bed(town, person, **change)
    assert fund(await town.quote(person, "BP", "DRUG", kind="home_bed_round"), "bed_per_diem") == paid


async def test_it_is_the_persons_from_its_opening_to_its_closing(town: Town) -> None:
    await town.offer("BP")
    person, other = await town.elder(), await town.elder()
    opened = await bed(town, person, payment="per_diem")

    async def paid(who: str, *days: str) -> list[int]:
        return [fund(await town.quote(who, "BP", on=day), "bed_per_diem") for day in days]

    assert await paid(person, "2026-02-27", "2026-02-28", DAY) == [0, 1000, 1000]
    assert await paid(other, DAY) == [0]
    wrong = {"closed_on": "2026-03-02", "reason": "死亡"}
    refused = await town.doctor.post(f"/beds/{opened['id']}/closure", json=wrong)
    assert refused.json()["code"] == "closing-reason-wrong"
    closed = await town.doctor.post(f"/beds/{opened['id']}/closure", json=wrong | {"reason": "好转"})
    assert closed.status_code == 200, closed.text
    assert await paid(person, "2026-03-01", "2026-03-02") == [1000, 0]
