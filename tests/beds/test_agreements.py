"""A stay paid by the day takes the agreement of its opening day, of its kind, for the person's insurance."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from tests.billing.bed_days.stays import Ward, parts
from tests.world import World


@pytest.fixture
async def ward(world: World) -> AsyncIterator[Ward]:
    opened = await Ward.open(world)
    async with opened.doctor, opened.finance:
        yield opened


async def open_bed(ward: Ward, **more: Any) -> dict[str, Any]:
    """Ask for a stay paid by the day; return the bed or the refusal."""
    body = {
        "institution_id": str(ward.at), "person_id": str(await ward.world.add_patient()),
        "doctor_id": str(ward.doctor_id), "opened_on": "2026-03-01", "payment": "per_diem",
    }  # fmt: skip
    answer = await ward.doctor.post("/beds", json=body | more)
    assert answer.status_code in {201, 409}, answer.text
    return dict(answer.json())


class TestWhichAgreement:
    async def test_none_in_force_for_the_kind_that_day_is_refused(self, ward: Ward) -> None:
        await ward.world.add_agreement(kind="palliative", valid_from=date(2026, 3, 2))
        await ward.world.add_agreement(kind="palliative", valid_to=date(2026, 2, 27))
        await ward.world.add_agreement(kind="treatment", institution_id=await ward.world.add_institution())
        assert (await open_bed(ward))["code"] == "agreement-missing"
        assert (await open_bed(ward, kind="palliative"))["code"] == "agreement-missing"
        assert (await open_bed(ward, kind="palliative", opened_on="2026-02-27"))["payment"] == "per_diem"
        # by the item nobody needs one
        assert (await open_bed(ward, payment="per_item"))["agreement_id"] is None

    async def test_the_one_for_the_persons_insurance_goes_before_the_one_for_all(self, ward: Ward) -> None:
        every = await ward.world.add_agreement()
        own = await ward.world.add_agreement(plan_code="EMPLOYEE")
        insured, other = await ward.world.add_patient(), await ward.world.add_patient()
        await ward.insure(insured)
        assert (await open_bed(ward, person_id=str(insured)))["agreement_id"] == str(own)
        assert (await open_bed(ward, person_id=str(other)))["agreement_id"] == str(every)

    async def test_a_stay_keeps_the_agreement_with_which_it_began(self, ward: Ward) -> None:
        await ward.world.add_agreement(rate="80", valid_to=date(2026, 3, 4))
        await ward.world.add_agreement(rate="100", valid_from=date(2026, 3, 5))
        old, new = [await ward.stay(await ward.world.add_patient(), on) for on in ("2026-03-04", "2026-03-05")]
        assert parts(await ward.bill(old, "2026-03-01", "2026-03-11"))[0] == 7 * 8000
        assert parts(await ward.bill(new, "2026-03-01", "2026-03-11"))[0] == 6 * 10000

    async def test_a_stay_of_before_there_were_agreements_takes_that_of_its_opening_day(self, ward: Ward) -> None:
        agreement_id = await ward.world.add_agreement(rate="80", valid_to=date(2026, 3, 4))
        bed_id = await ward.stay(await ward.world.add_patient())
        for change in ("beds set agreement_id = null", "per_diem_agreements set valid_from = '2026-03-02'"):
            async with ward.world.owner.begin() as connection:
                await connection.execute(
                    text(f"update {change} where region_id = :region"), {"region": ward.world.region_id}
                )
        assert (await ward.settle(bed_id)).json()["code"] == "bed-not-per-diem"
        async with ward.world.owner.begin() as connection:
            await connection.execute(
                text("update per_diem_agreements set valid_from = '2026-03-01' where id = :id"), {"id": agreement_id}
            )
        assert parts(await ward.bill(bed_id))[0] == 80000


class TestExclusions:
    async def test_are_those_of_the_agreement_or_some_of_them(self, ward: Ward) -> None:
        await ward.world.add_agreement(excluded=("DRUG", "BLOOD"))
        assert (await open_bed(ward))["excluded_codes"] == ["BLOOD", "DRUG"]
        assert (await open_bed(ward, excluded_codes=[]))["excluded_codes"] == []
        assert (await open_bed(ward, excluded_codes=["DRUG"]))["excluded_codes"] == ["DRUG"]
        refused = await open_bed(ward, excluded_codes=["DRUG", "XRAY", "CT"])
        assert (refused["code"], refused["codes"]) == ("exclusions-not-agreed", "XRAY、CT")


class TestKinds:
    @pytest.mark.requirement("R062")
    async def test_a_stay_in_the_institution_needs_its_licence_not_the_home_bed_mode(self, ward: Ward) -> None:
        world = ward.world
        lacks = await world.add_institution(modes=("round",))
        here = await Ward.open(world, lacks)
        person_id = await world.add_patient(institution_id=lacks)
        asked = {"person_id": str(person_id), "payment": "per_item"}
        async with here.doctor, here.finance:
            for kind in ("treatment", "rehabilitation", "palliative"):
                assert (await open_bed(here, **asked, kind=kind))["code"] == "home-bed-not-registered"
            async with world.owner.begin() as connection:
                await connection.execute(
                    text("update institutions set licence_from = '2026-03-02' where id = :id"), {"id": lacks}
                )
            assert (await open_bed(here, **asked, kind="hospice_ward"))["code"] == "institution-not-licensed"
            opened = await open_bed(here, **asked, kind="medical_rehabilitation", opened_on="2026-03-02")
            assert opened["kind"] == "medical_rehabilitation"

    async def test_an_unknown_kind_is_422(self, ward: Ward) -> None:
        body = {
            "institution_id": str(ward.at), "person_id": str(await ward.world.add_patient()),
            "doctor_id": str(ward.doctor_id), "opened_on": "2026-03-01", "kind": "hotel",
        }  # fmt: skip
        assert (await ward.doctor.post("/beds", json=body)).status_code == 422
