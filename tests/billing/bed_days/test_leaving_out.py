"""Days in a foreign hospital, and those after a death, are no bed days: left out with a reason, or refused by name."""

import json
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from service.billing import proof, rules
from service.billing.bed_days import leaving_out
from service.catalog.per_diem_rules import StayKind
from service.core.ids import new_id
from service.patients.hospital_rules import StayFacts
from tests.billing.bed_days.stays import Ward, days, parts, used
from tests.billing.bed_days.test_proof import prove
from tests.world import World

MARCH = [date(2026, 3, day) for day in range(1, 11)]


def stay(hospital: str, admitted: int, discharged: int | None = None) -> StayFacts:
    return StayFacts(
        new_id(), hospital, date(2026, 3, admitted), date(2026, 3, discharged) if discharged is not None else None
    )


class TestFind:
    def test_the_day_of_admission_is_left_out_that_of_discharge_is_not(self) -> None:
        found = leaving_out.find(MARCH, deceased_on=None, stays=[stay("二院", 4, 6)])
        assert [(each.on.day, each.why, each.reason) for each in found] == [
            (day, leaving_out.Why.in_hospital, "自2026-03-04起在二院住院，不计床日") for day in (4, 5)
        ]

    def test_the_day_of_death_counts_and_those_after_it_do_not_wherever_he_died(self) -> None:
        found = leaving_out.find(MARCH, deceased_on=date(2026, 3, 8), stays=[stay("二院", 8)])
        assert [(each.on.day, each.why.value) for each in found] == [
            (8, "in_hospital"),
            (9, "deceased"),
            (10, "deceased"),
        ]

    @pytest.mark.parametrize(
        ("kind", "hospital", "is_foreign"),
        [
            (StayKind.hospice_ward, "一院", False),
            (StayKind.medical_rehabilitation, "一院 康复科", False),
            (StayKind.hospice_ward, "二院", True),
            (StayKind.treatment, "一院", True),
            (StayKind.palliative, "二院", True),
        ],
    )
    def test_the_ward_of_the_stay_itself_is_no_foreign_hospital(
        self, kind: StayKind, hospital: str, is_foreign: bool
    ) -> None:
        known = [stay(hospital, 1)]
        assert leaving_out.foreign(known, kind=kind, institution="一院") == (known if is_foreign else [])


class TestWithout:
    def test_days_in_a_row_are_one_pause_beside_those_of_the_bed(self) -> None:
        bed = rules.Bed("B1", MARCH[0], pauses=(rules.Pause(date(2026, 3, 7), date(2026, 3, 9)),))
        out = [date(2026, 3, day) for day in (3, 4, 6)]
        paused = leaving_out.without(bed, out)
        assert [(each.first.day, each.until and each.until.day) for each in paused.pauses] == [(3, 5), (6, 7), (7, 9)]
        assert [on.day for on in MARCH if paused.is_open(on)] == [1, 2, 5, 9, 10]


async def admitted(ward: Ward, person_id: UUID, **said: Any) -> str:
    answer = await ward.doctor.post(f"/patients/{person_id}/hospital-stays", json={"hospital": "第二人民医院"} | said)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def died(ward: Ward, person_id: UUID, on: str) -> None:
    answer = await ward.doctor.patch(f"/patients/{person_id}", json={"deceased_on": on})
    assert answer.status_code == 200, answer.text


async def open_bed(ward: Ward, **more: Any) -> tuple[UUID, str]:
    """Open a bed at 80 yuan a day, of which the fund pays 95 %."""
    await ward.world.add_agreement(rate="80.00", ratio="0.95", kind=more.get("kind", "treatment"))
    person_id = await ward.world.add_patient()
    await ward.insure(person_id)
    return person_id, await ward.stay(person_id, **more)


class TestHospital:
    async def test_days_in_hospital_are_left_out_each_with_its_reason_and_the_proof_redoes_it(self, ward: Ward) -> None:
        person_id, bed_id = await open_bed(ward)
        stay_id = await admitted(ward, person_id, admitted_on="2026-03-04", discharged_on="2026-03-06")
        bill = await ward.bill(bed_id)
        assert days(bill) == [f"2026-03-{day:02d}" for day in (1, 2, 3, 6, 7, 8, 9, 10)]
        assert parts(bill) == (64000, 60800, 0, 3200)
        said = "自2026-03-04起在第二人民医院住院，不计床日"
        assert bill["left_out"] == [{"on": f"2026-03-0{day}", "why": "in_hospital", "reason": said} for day in (4, 5)]
        assert await used(ward.world, person_id) == {"2026": 60800}
        assert await ward.read(bill) == bill
        told = await prove(ward, bill)
        assert told["left_out"] == bill["left_out"]
        # what was a mistake is corrected, and the days are billed after all
        corrected = await ward.doctor.patch(
            f"/patients/{person_id}/hospital-stays/{stay_id}", json={"discharged_on": "2026-03-05"}
        )
        assert corrected.status_code == 200, corrected.text
        rest = await ward.bill(bed_id)
        assert (days(rest), rest["left_out"][0]["on"], len(rest["left_out"])) == (["2026-03-05"], "2026-03-04", 1)

    async def test_a_proof_that_bills_a_day_that_was_left_out_differs(self, ward: Ward) -> None:
        person_id, bed_id = await open_bed(ward)
        await admitted(ward, person_id, admitted_on="2026-03-04", discharged_on="2026-03-06")
        told = await prove(ward, await ward.bill(bed_id))
        unpaused = json.loads(json.dumps(told))
        unpaused["case"]["beds"][0]["pauses"] = []
        found = proof.check(json.dumps(unpaused).encode())
        assert found is not None
        assert found.path.startswith("$.result")
        told["left_out"].append(told["left_out"][0] | {"on": "2026-03-07"})
        found = proof.check(json.dumps(told).encode())
        assert (found and found.path) == "$.left_out[2]"

    async def test_nothing_is_billed_when_all_days_were_spent_in_hospital(self, ward: Ward) -> None:
        person_id, bed_id = await open_bed(ward)
        await admitted(ward, person_id, admitted_on="2026-03-01")
        refused = await ward.settle(bed_id, "2026-03-02", "2026-03-04")
        told = refused.json()
        assert (refused.status_code, told["code"]) == (409, "not-in-this-bed")
        assert [(each["on"], each["why"]) for each in told["days"]] == [
            ("2026-03-02", "in_hospital"), ("2026-03-03", "in_hospital"),
        ]  # fmt: skip
        assert await used(ward.world, person_id) == {}

    async def test_the_ward_of_the_stay_itself_is_billed_another_hospital_is_not(
        self, ward: Ward, world: World
    ) -> None:
        person_id, bed_id = await open_bed(ward, kind="hospice_ward")
        own = (await ward.doctor.get(f"/institutions/{world.institution_id}")).json()["name"]
        await admitted(ward, person_id, hospital=f"{own}安宁病区", admitted_on="2026-03-01", discharged_on="2026-03-05")
        await admitted(ward, person_id, admitted_on="2026-03-05", discharged_on="2026-03-07")
        bill = await ward.bill(bed_id)
        assert [each["on"] for each in bill["left_out"]] == ["2026-03-05", "2026-03-06"]
        assert bill["days"] == 8


class TestDeath:
    async def test_the_day_of_death_is_billed_those_after_it_are_left_out_and_then_refused(self, ward: Ward) -> None:
        person_id, bed_id = await open_bed(ward)
        await died(ward, person_id, "2026-03-08")
        bill = await ward.bill(bed_id)
        assert days(bill)[-1] == "2026-03-08"
        assert bill["left_out"] == [
            {"on": on, "why": "deceased", "reason": "已于2026-03-08去世，不计床日"}
            for on in ("2026-03-09", "2026-03-10")
        ]
        assert await used(ward.world, person_id) == {"2026": 60800}
        again = await ward.settle(bed_id)
        assert (again.json()["code"], [each["on"] for each in again.json()["days"]]) == (
            "not-in-this-bed", ["2026-03-09", "2026-03-10"],
        )  # fmt: skip
