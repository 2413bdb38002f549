"""Settling visits from the database: who pays, on the facts of the service date."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from service.accounts.rules import Role
from service.contracts import usecases as contracts
from service.contracts.rules import Claim, Source
from service.core.db.session import transaction
from service.core.ids import new_id
from service.core.principal import Fence
from service.practitioners.models import Qualification
from tests.billing.day import MORNING, ON, Day, as_entry, line_of, parts, rerun

FREE = [("contract", 1, 1000)]


async def reserve(day: Day, person_id: UUID, order_id: UUID, claim: Claim) -> None:
    fence = Fence(day.world.region_id, (day.world.institution_id,))
    async with transaction(day.world.house.sessions, fence, MORNING) as session:
        await contracts.reserve(
            session, region_id=day.world.region_id, order_id=order_id, person_id=person_id, on=ON, claims=[claim]
        )


async def left_of(day: Day, person_id: UUID) -> dict[str, tuple[int, int]]:
    """Return (used, reserved) by code."""
    fence = Fence(day.world.region_id, (day.world.institution_id,))
    async with transaction(day.world.house.sessions, fence, MORNING) as session:
        found = await contracts.balances(session, region_id=day.world.region_id, person_id=person_id)
    return {balance.code: (balance.used, balance.reserved) for balance in found}


class TestServices:
    @pytest.mark.requirement("R046")
    async def test_services_and_the_visit_fee_are_two_sums_of_one_bill(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff()
        bill = await day.bill(await day.visit(await day.world.add_patient(), ("BP", 2)))
        assert (bill["services_fen"], bill["visit_fee_fen"], bill["gross_fen"]) == (2000, 7800, 9800)
        assert (bill["patient_fen"], bill["payers"][0]["label"]) == (9800, "个人自付")
        assert parts(bill, "BP") == [("self_pay", None, 2000)]
        assert line_of(bill, "BP")["price_from"] == "2026-01-01"
        assert line_of(bill, "BP")["reason"] == "BP10元×2＝20.00元"

    async def test_a_price_of_later_days_alters_nothing(self, day: Day) -> None:
        await day.price("BP", "10", valid_to=date(2026, 3, 2))
        await day.price("BP", "99", valid_from=date(2026, 3, 3))
        visit_id = await day.visit(await day.world.add_patient())
        day.world.clock.shows = MORNING + timedelta(days=5)
        assert (await day.bill(visit_id))["gross_fen"] == 1000

    async def test_an_included_service_is_shown_and_not_charged(self, day: Day) -> None:
        await day.price("SET", "30", includes=["BP"])
        await day.price("BP", "10")
        bill = await day.bill(await day.visit(await day.world.add_patient(), ("BP", 1), ("SET", 1)))
        assert (line_of(bill, "BP")["status"], bill["gross_fen"]) == ("included", 3000)
        assert line_of(bill, "BP")["reason"] == "BP已含在“SET”的项目内涵里，不另收费"


class TestContract:
    @pytest.mark.requirement("R039")
    async def test_eight_checks_are_paid_by_the_contract_and_the_ninth_by_the_patient(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        contract_id = await day.contract(person_id, {"BP": 8})
        bills = [await day.bill(await day.visit(person_id)) for _ in range(9)]
        assert [parts(bill, "BP") for bill in bills] == [FREE] * 8 + [[("self_pay", None, 1000)]]
        paid = line_of(bills[0], "BP")["fundings"][0]
        assert (paid["ref_id"], paid["reason"]) == (str(contract_id), "BP由家庭医生签约（2026-01-05签）支付，余7次")
        assert (await left_of(day, person_id))["BP"] == (8, 0)

    async def test_a_contract_of_another_institution_pays_where_its_package_says_so(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        other = await day.world.add_institution()
        doctor = await day.world.add_practitioner(role="doctor", institution_id=other)
        await day.contract(
            person_id, {"BP": 1}, institution_id=other, doctor_id=doctor, valid_at=[day.world.institution_id]
        )
        assert parts(await day.bill(await day.visit(person_id)), "BP") == FREE

    async def test_one_use_pays_all_units_where_visits_are_counted(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        await day.contract(person_id, {"BP": 1}, counting="visit")
        first, second = await day.visit(person_id, ("BP", 3)), await day.visit(person_id, ("BP", 3))
        assert parts(await day.bill(first), "BP") == [("contract", 3, 3000)]
        assert parts(await day.bill(second), "BP") == [("self_pay", None, 3000)]

    async def test_a_contract_that_covers_the_visit_fee_pays_it(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff()
        person_id = await day.world.add_patient()
        await day.contract(person_id, covers_visit_fee=True)
        bill = await day.bill(await day.visit(person_id))
        assert (parts(bill, "VISIT_FEE"), bill["patient_fen"]) == ([("contract", None, 7800)], 1000)

    @pytest.mark.requirement("R038")
    async def test_a_capitated_service_costs_the_patient_nothing_however_often(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        await day.contract(person_id, capitated_codes=["BP"])
        bill = await day.bill(await day.visit(person_id, ("BP", 40)))
        assert parts(bill, "BP") == [("capitation", 40, 40000)]
        assert bill["patient_fen"] == 0

    async def test_units_reserved_by_other_live_orders_count_as_used(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        contract_id = await day.contract(person_id, {"BP": 1})
        other = await day.order(person_id, [("BP", 1)], home_id=await day.world.add_home(), state="accepted")
        await reserve(day, person_id, other, Claim(Source.contract, contract_id, "BP", "contract", 1))
        assert parts(await day.bill(await day.visit(person_id)), "BP") == [("self_pay", None, 1000)]
        assert (await left_of(day, person_id))["BP"] == (0, 1)

    async def test_what_its_own_order_reserved_is_used_by_the_visit(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id, home_id = await day.world.add_patient(), await day.world.add_home()
        contract_id = await day.contract(person_id, {"BP": 1})
        order_id = await day.order(person_id, [("BP", 1)], home_id=home_id)
        await reserve(day, person_id, order_id, Claim(Source.contract, contract_id, "BP", "contract", 1))
        visit_id = await day.visit(person_id, home_id=home_id, order_id=order_id)
        assert parts(await day.bill(visit_id), "BP") == FREE
        assert (await left_of(day, person_id))["BP"] == (1, 0)


class TestProgramme:
    @pytest.mark.requirement("R042")
    async def test_the_first_yearly_examination_is_free_and_counted_and_the_second_is_not(self, day: Day) -> None:
        await day.price("EXAM", "120")
        await day.tariff()
        person_id = await day.world.add_patient()
        await day.programme(person_id, {"EXAM": 1})
        first = await day.bill(await day.visit(person_id, ("EXAM", 1)))
        second = await day.bill(await day.visit(person_id, ("EXAM", 1)))
        assert parts(first, "EXAM") == [("public_program", 1, 12000)]
        assert line_of(first, "EXAM")["fundings"][0]["reason"] == (
            "EXAM由公共卫生项目“国家基本公共卫生服务”支付1次，今年余0次"
        )
        assert (line_of(first, "VISIT_FEE")["status"], first["patient_fen"]) == ("waived", 0)
        assert parts(second, "EXAM") == [("self_pay", None, 12000)]
        assert (await left_of(day, person_id))["EXAM"] == (1, 0)

    async def test_the_institution_may_charge_the_fee_of_a_funded_visit(self, day: Day) -> None:
        await day.price("EXAM", "120")
        await day.tariff()
        await day.setting("fee.when_fully_funded", "charge")
        person_id = await day.world.add_patient()
        await day.programme(person_id, {"EXAM": 1})
        bill = await day.bill(await day.visit(person_id, ("EXAM", 1)))
        assert parts(bill, "VISIT_FEE") == [("self_pay", None, 7800)]


class TestInsurance:
    async def test_the_deductible_is_used_up_once_in_the_year(self, day: Day) -> None:
        await day.price("DRESSING", "100", insurance_class="A")
        person_id = await day.world.add_patient()
        await day.insure(person_id, deductible_fen=15000, pay_ratio="0.8")
        bills = [await day.bill(await day.visit(person_id, ("DRESSING", 1))) for _ in range(3)]
        assert [parts(bill, "DRESSING") for bill in bills] == [
            [("self_pay", None, 10000)],
            [("medical_insurance", None, 4000), ("self_pay", None, 6000)],
            [("medical_insurance", None, 8000), ("self_pay", None, 2000)],
        ]

    async def test_several_lines_of_one_bill_use_the_fund_together(self, day: Day) -> None:
        await day.price("A1", "100", insurance_class="A")
        await day.price("B1", "100", insurance_class="B", self_ratio="0.1")
        person_id = await day.world.add_patient()
        await day.insure(person_id, yearly_cap_fen=14000)
        bill = await day.bill(await day.visit(person_id, ("A1", 1), ("B1", 1)))
        assert parts(bill, "A1") == [("medical_insurance", None, 8000), ("self_pay", None, 2000)]
        assert parts(bill, "B1") == [("medical_insurance", None, 6000), ("self_pay", None, 4000)]

    @pytest.mark.requirement("R070")
    @pytest.mark.parametrize(("fee_class", "fund"), [("C", 0), ("A", 6240)])
    async def test_the_visit_fee_is_the_funds_only_where_the_tariff_says_so(
        self, day: Day, fee_class: str, fund: int
    ) -> None:
        await day.price("BP", "10", insurance_class="C")
        await day.tariff(insurance_class=fee_class)
        person_id = await day.world.add_patient()
        await day.insure(person_id)
        bill = await day.bill(await day.visit(person_id))
        assert sum(fen for source, _, fen in parts(bill, "VISIT_FEE") if source == "medical_insurance") == fund


class TestBed:
    async def test_a_day_rate_holds_every_service_but_the_excluded_ones(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.price("DRUG", "30")
        await day.tariff()
        person_id = await day.world.add_patient()
        await day.bed(person_id, "per_diem", excluded_codes=["DRUG"])
        visit_id = await day.visit(person_id, ("BP", 1), ("DRUG", 1), kind="home_bed_round")
        bill = await day.bill(visit_id)
        assert parts(bill, "BP") == [("bed_per_diem", 1, 1000)]
        assert parts(bill, "DRUG") == [("self_pay", None, 3000)]
        assert line_of(bill, "VISIT_FEE")["reason"] == "家庭病床期间免收上门服务费"

    async def test_a_bed_paid_per_item_waives_the_fee_only(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff()
        person_id = await day.world.add_patient()
        await day.bed(person_id)
        bill = await day.bill(await day.visit(person_id))
        assert (bill["patient_fen"], bill["visit_fee_fen"]) == (1000, 0)


class TestVisitFee:
    @pytest.mark.requirement("R050")
    @pytest.mark.parametrize(
        ("metres", "fee"), [(0, 5000), (3000, 5000), (3001, 7800), (5000, 7800), (5001, 9800), (10000, 9800)]
    )
    async def test_each_distance_tier_includes_its_upper_bound(self, day: Day, metres: int, fee: int) -> None:
        await day.price("BP", "10")
        await day.tariff(("3", "50"), ("5", "78"), ("10", "98"))
        bill = await day.bill(await day.visit(await day.world.add_patient(), metres=metres))
        assert bill["visit_fee_fen"] == fee

    async def test_it_counts_staff_and_the_night(self, day: Day) -> None:
        await day.price("BP", "10")
        night = {"starts_at": "18:00", "ends_at": "06:00", "multiplier": "1.5"}
        await day.tariff(("5", "78"), unit="visit_staff", night=night)
        crew = [day.nurse, day.doctor]
        evening = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
        bill = await day.bill(await day.visit(await day.world.add_patient(), crew=crew, start=evening))
        assert bill["visit_fee_fen"] == 23400

    async def test_two_elders_of_one_home_share_the_fee_of_one_trip(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff(("5", "77.01"))
        home_id = await day.world.add_home()
        trip_id = await day.trip(home_id)
        key = new_id()
        people = [await day.world.add_patient(home_id=home_id) for _ in range(2)]
        visits = [await day.visit(each, home_id=home_id, trip_id=trip_id, trip_key=key) for each in people]
        bills = [await day.bill(each) for each in visits]
        assert [bill["visit_fee_fen"] for bill in bills] == [3851, 3850]
        assert "2人分摊" in line_of(bills[0], "VISIT_FEE")["reason"]

    async def test_each_pays_his_own_fee_where_the_institution_says_so(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff()
        await day.setting("fee.sharing", "per_patient")
        home_id = await day.world.add_home()
        trip_id = await day.trip(home_id)
        visits = [
            await day.visit(await day.world.add_patient(home_id=home_id), home_id=home_id, trip_id=trip_id)
            for _ in range(2)
        ]
        assert [(await day.bill(each))["visit_fee_fen"] for each in visits] == [7800, 7800]

    async def test_no_fee_where_the_institution_takes_none(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff()
        await day.setting("fee.mode", "none")
        bill = await day.bill(await day.visit(await day.world.add_patient()))
        assert [line["code"] for line in bill["lines"]] == ["BP"]


class TestWaiting:
    async def test_a_trip_is_settled_when_its_last_visit_is_final(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff()
        home_id, key = await day.world.add_home(), new_id()
        trip_id = await day.trip(home_id)
        first = await day.visit(await day.world.add_patient(), home_id=home_id, trip_id=trip_id, trip_key=key)
        other = await day.visit(await day.world.add_patient(), home_id=home_id, trip_key=key, state="prepared")
        await day.work(first)
        assert (await day.status(first))["status"] == "open"
        refused = await day.settle(first)
        assert (refused.status_code, refused.json()["code"]) == (409, "awaiting-trip")
        await self._miss(day, other)
        bill = await day.bill(first)
        assert bill["visit_fee_fen"] == 7800  # nobody is left to share it with

    async def test_a_visit_that_is_not_verified_is_not_settled(self, day: Day) -> None:
        await day.price("BP", "10")
        visit_id = await day.visit(await day.world.add_patient(), state="in_service")
        await day.work(visit_id)
        refused = await day.settle(visit_id)
        assert (refused.status_code, refused.json()["code"]) == (409, "visit-not-verified")

    async def _miss(self, day: Day, visit_id: UUID) -> None:
        async with day.world.owner.begin() as connection:
            await connection.exec_driver_sql("update visits set state = 'missed' where id = $1", (visit_id,))


class TestGate:
    async def test_a_missing_price_is_shown_and_the_visit_settled_once_it_is_there(self, day: Day) -> None:
        visit_id = await day.visit(await day.world.add_patient())
        await day.work(visit_id)
        await day.work(visit_id)
        told = await day.status(visit_id)
        assert (told["status"], told["settlement"]) == ("refused", None)
        assert (told["refusal"]["code"], told["refusal"]["facts"]["item_code"]) == ("price-missing", "BP")
        assert (await day.settle(visit_id)).json()["code"] == "price-missing"
        await day.price("BP", "10")
        assert (await day.settle(visit_id)).status_code == 201
        assert (await day.status(visit_id))["status"] == "settled"
        async with day.world.owner.connect() as connection:
            noted = await connection.exec_driver_sql(
                "select count(*) from settlement_refusals where visit_id = $1", (visit_id,)
            )
            assert noted.scalar_one() == 1

    async def test_a_crew_whose_licence_has_run_out_is_refused(self, day: Day) -> None:
        await day.price("BP", "10")
        async with day.world.owner.begin() as connection:
            await connection.exec_driver_sql(
                "update qualifications set valid_to = '2026-03-01' where practitioner_id = $1", (day.nurse,)
            )
        visit_id = await day.visit(await day.world.add_patient())
        refused = await day.settle(visit_id)
        assert (refused.json()["code"], refused.json()["staff"]) == ("provider-not-qualified", str(day.nurse))

    async def test_lent_crew_is_checked_for_its_own_licence(self, day: Day) -> None:
        await day.price("BP", "10")
        other = await day.world.add_institution()
        lent = await day.world.add_practitioner(institution_id=other)
        visit_id = await day.visit(await day.world.add_patient(), crew=[lent])
        assert (await day.settle(visit_id)).status_code == 201

    async def test_an_institution_whose_own_licence_has_run_out_is_refused(self, day: Day) -> None:
        await day.price("BP", "10")
        async with day.world.owner.begin() as connection:
            await connection.exec_driver_sql(
                "update institutions set licence_to = '2026-03-01' where id = $1", (day.world.institution_id,)
            )
        refused = await day.settle(await day.visit(await day.world.add_patient()))
        assert (refused.json()["code"], refused.json()["mode"]) == ("provider-not-qualified", "round")

    async def test_one_alone_is_too_few_where_two_must_go(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.setting("staff.minimum", 2)
        refused = await day.settle(await day.visit(await day.world.add_patient()))
        assert (refused.json()["code"], refused.json()["min_staff"]) == ("too-few-staff", 2)

    async def test_a_home_beyond_the_last_tier_is_refused(self, day: Day) -> None:
        await day.price("BP", "10")
        await day.tariff()
        refused = await day.settle(await day.visit(await day.world.add_patient(), metres=5001))
        assert refused.json()["code"] == "outside-service-area"

    async def test_a_patient_whom_the_institution_may_no_longer_see_is_not_charged_for_everything(
        self, day: Day
    ) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        await day.contract(person_id, {"BP": 1})
        visit_id = await day.visit(person_id)
        async with day.world.owner.begin() as connection:
            await connection.exec_driver_sql("delete from care_relations where person_id = $1", (person_id,))
        assert (await day.settle(visit_id)).status_code == 404
        assert (await day.status(visit_id))["status"] == "open"


class TestOnce:
    @pytest.mark.requirement("R040")
    async def test_the_same_news_again_and_settling_by_hand_make_no_second_bill(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        await day.contract(person_id, {"BP": 8})
        visit_id = await day.visit(person_id, ("BP", 3))
        first = await day.bill(visit_id)
        again = await day.bill(visit_id)
        by_hand = await day.settle(visit_id)
        assert (by_hand.status_code, by_hand.json(), again) == (200, first, first)
        assert (await left_of(day, person_id))["BP"] == (3, 0)

    async def test_the_order_is_closed_with_its_bill(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id, home_id = await day.world.add_patient(), await day.world.add_home()
        order_id = await day.order(person_id, [("BP", 1)], home_id=home_id)
        await day.bill(await day.visit(person_id, home_id=home_id, order_id=order_id))
        order = await (await day.world.as_role(Role.dispatcher)).get(f"/orders/{order_id}")
        assert order.json()["state"] == "closed"


class TestEvidence:
    async def test_a_bill_is_settled_again_offline_from_its_own_evidence(self, day: Day) -> None:
        await day.price("BP", "10.3333", per_visit_max=3)
        await day.price("DRESSING", "100", insurance_class="B", self_ratio="0.1")
        night = {"starts_at": "08:00", "ends_at": "10:00", "multiplier": "1.3"}
        await day.tariff(("3", "50"), (None, "78"), night=night)
        home_id = await day.world.add_home()
        trip_id = await day.trip(home_id)
        person_id, other = [await day.world.add_patient(home_id=home_id) for _ in range(2)]
        await day.programme(person_id, {"BP": 1})
        await day.contract(person_id, {"BP": 5})
        await day.insure(person_id, deductible_fen=3333)
        await day.bed(other, "per_diem")
        at = {"home_id": home_id, "trip_id": trip_id, "metres": 2914}
        visit_id, shared = await day.visit(person_id, ("BP", 4), ("DRESSING", 1), **at), await day.visit(other, **at)
        for each in (visit_id, shared):
            bill = await day.bill(each)
            evidence = (await day.http.get(f"/settlements/{bill['id']}/case")).json()
            assert rerun(evidence) == as_entry(bill, each)

    async def test_the_evidence_names_no_person(self, day: Day) -> None:
        await day.price("BP", "10")
        person_id = await day.world.add_patient()
        bill = await day.bill(await day.visit(person_id))
        text = (await day.http.get(f"/settlements/{bill['id']}/case")).text
        assert "居民" not in text
        assert "医护" not in text

    async def test_a_licence_entered_later_does_not_change_the_evidence(self, day: Day) -> None:
        await day.price("BP", "10")
        visit_id = await day.visit(await day.world.add_patient())
        bill = await day.bill(visit_id)
        before = (await day.http.get(f"/settlements/{bill['id']}/case")).json()
        await day.world.add(
            Qualification(
                **day.own, practitioner_id=day.nurse, kind="licence", code="doctor", certificate_no="X",
                valid_from=date(2026, 1, 1),
            )
        )  # fmt: skip
        assert (await day.http.get(f"/settlements/{bill['id']}/case")).json() == before
