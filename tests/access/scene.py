"""The rows that are asked for: one elder of one institution, and everything that the house can keep about both."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from httpx import AsyncClient, Response
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.accounts.models import RecoveryCode, RefreshToken, SecondFactor
from service.accounts.rules import Role
from service.beds.models import Bed, BedPause
from service.billing.consents.models import VisitConsent
from service.billing.parking.models import ParkedSettlement
from service.catalog.limit_models import PriceLimit
from service.catalog.ltci_models import LtciRuleRow
from service.catalog.models import InsuranceRule, PriceRow, Programme, ProgrammeItem
from service.catalog.reduction_models import ReductionRule
from service.contracts.models import ProgrammeEnrolment
from service.contracts.use_models import EntitlementUse, EntitlementUseReversal
from service.core.dates import moments
from service.core.http import House
from service.core.ids import new_id
from service.institutions.designation_models import InstitutionDesignation
from service.institutions.level_models import InstitutionLevelRow
from service.institutions.models import SettingRow
from service.main import build_app
from service.notices.models import Notice, NoticeContact, NoticeTemplate
from service.notices.usecases import sealing
from service.orders.rounds.models import RoundPlan
from service.patients.diagnosis_models import Diagnosis
from service.patients.hospital_models import HospitalStay
from service.patients.ltci_models import LtciAssessment
from service.patients.models import Coverage, HomeReview, KeyGroupRow, Patient
from service.practitioners.absence_models import Absence
from service.practitioners.models import Shift
from service.practitioners.vehicle_models import Vehicle
from service.routing.models import Appointment, DispatchArea, Plan, PlanRoute, PlanStop, PlanUnassigned
from service.routing.period.models import PeriodPlan, PeriodRound
from service.routing.vehicle_models import PlanTour, VehicleBooking
from service.visits.models import VisitEvent, VisitEvidence, VisitException, VisitPart, VisitStaff
from tests.access import helping
from tests.access.callers import Callers
from tests.access.table import Relation
from tests.billing.day import Day
from tests.world import NOW, TestClock, World

TODAY: Final = date(2026, 3, 2)
TOMORROW: Final = datetime(2026, 3, 3, 1, 0, tzinfo=UTC)
YEAR: Final = date(2026, 1, 1)
NUMBERS: Final = {
    "proxy.max_per_elder": 20, "orders.max_open_per_person": 50, "orders.free_cancel_hours": 0, "proxy.max_elders": 50,
    "price.notice_days": 0, "price.minimum_interval_days": 0,
}  # fmt: skip
"""Settings that keep the seeded rows from standing in each other's way."""
CALLBACK_TOKEN: Final = "a-secret-of-forty-characters-or-so"
PROPOSED: Final = {
    "valid_from": "2026-03-20", "unit": "visit", "tiers": [{"up_to_km": "5", "price": "30.00"}],
    "distance_base": "institution", "distance_method": "great_circle", "reason": "成本上涨",
    "costs": {
        "radius_km": "5", "labour_cost": "20.00", "transport_cost": "5.00", "supply_and_demand": "供不应求",
    },
}  # fmt: skip
JPEG: Final = b"\xff\xd8\xff\xe0 a door"


@dataclass
class Scene:
    """The seeded rows; `ids` says how a request names them."""

    near: World
    far: World
    day: Day
    callers: Callers
    ids: dict[str, str] = field(default_factory=dict)

    @classmethod
    async def seed(cls, near: World, far: World) -> "Scene":
        """Put everything in; what has a use case of its own is made over HTTP."""
        await near.start()
        await far.start()
        elsewhere_id = await near.add_institution()
        scene = cls(near, far, await Day(near).start(), Callers(near, far, elsewhere_id))
        await scene._rules()
        await scene._people()
        await scene.callers.log_in(scene.id("person"), scene.id("stranger"))
        await scene._accounts()
        await scene._staff()
        await scene._papers()
        await scene._plans()
        await scene._orders()
        await scene._visits()
        await scene._bills()
        await scene._agreed()
        await scene._stay()
        await scene._notices()
        await scene._proposal()
        await scene._helping()
        return scene

    def id(self, name: str) -> UUID:
        """Return a seeded row's id."""
        return UUID(self.ids[name])

    def keep(self, name: str, row_id: UUID) -> UUID:
        """Remember a row under a name."""
        self.ids[name] = str(row_id)
        return row_id

    def as_caller(self, role: Role, relation: Relation) -> AsyncClient:
        """Return a client of one of the callers."""
        return self.near.client(self.callers.principals[role, relation])

    @property
    def region(self) -> dict[str, Any]:
        """Return what every row of the region begins with."""
        return {"region_id": self.near.region_id}

    @property
    def own(self) -> dict[str, Any]:
        """Return what every row of the institution begins with."""
        return {"region_id": self.near.region_id, "institution_id": self.near.institution_id}

    async def _rules(self) -> None:
        region = self.region
        self.ids |= {
            "institution": str(self.near.institution_id), "elsewhere": str(self.callers.elsewhere_id),
            "station": str(self.near.station_id), "district": str(self.near.district_id),
            "region_code": self.near.region_code, "callback_token": CALLBACK_TOKEN,
        }  # fmt: skip
        for key, value in NUMBERS.items():
            row = SettingRow(**region, key=key, value=value, valid_from=YEAR, set_by_account_id=new_id(), set_at=NOW)
            await self.near.add(row)
        ahead = SettingRow(
            **self.own, key="orders.booking_days_ahead", value=15, valid_from=YEAR, set_by_account_id=new_id(),
            set_at=NOW,
        )  # fmt: skip
        programme = Programme(**region, code="PH", name="国家基本公共卫生服务", payer="财政", valid_from=YEAR)
        other = Programme(**region, code="PH2", name="失能老年人健康服务", payer="财政", valid_from=YEAR)
        rule = InsuranceRule(
            **region, plan_code="RESIDENT", name="居民医保", deductible_fen=0, pay_ratio=Decimal("0.5"),
            yearly_cap_fen=90_000, valid_from=YEAR,
        )  # fmt: skip
        level = InstitutionLevelRow(**self.own, level="secondary", valid_from=YEAR, valid_to=date(2026, 6, 30))
        designation = InstitutionDesignation(**self.own, plan_code="RESIDENT", valid_from=YEAR)
        self.keep("designation", designation.id), self.keep("level_row", level.id)
        # pays for a grade that nobody here has
        ltci = LtciRuleRow(
            **region, name="长护险", codes=["REHAB"], pay_ratio=Decimal(1), monthly_caps={"5": 1}, valid_from=YEAR
        )
        await self.near.add(ltci)
        self.keep("ltci_rule", ltci.id)
        limit = PriceLimit(
            **region, code="MANY", title="一年一百次", codes=["BP"], per="year", maximum=100, valid_from=YEAR
        )
        # takes something off for a group that nobody here is in
        off = {"title": "减免", "key_groups": ["special_family"], "ratio": Decimal("0.5"), "valid_from": YEAR}
        everywhere, ours = ReductionRule(**region, code="ALL", **off), ReductionRule(**self.own, code="OWN", **off)
        await self.near.add(limit, everywhere, ours)
        self.keep("limit", limit.id)
        self.keep("region_reduction", everywhere.id), self.keep("reduction", ours.id)
        await self.near.add(
            ahead,
            designation,
            level,
            programme,
            ProgrammeItem(**region, programme_id=programme.id, code="BP", per_year=4),
            other,
            ProgrammeItem(**region, programme_id=other.id, code="REHAB", per_year=4),
            rule,
        )
        self.keep("setting_row", ahead.id), self.keep("programme", programme.id), self.keep("rule", rule.id)
        self.keep("programme_free", other.id)
        await self.near.add_service_item("BP", name="血压测量", minutes=20)
        await self.near.add_service_item("REHAB", name="康复训练")
        self.keep("price", await self.day.price("BP", "10"))
        await self.day.tariff()
        self.keep("tariff", await one_id(self.near, "visit_fee_tariffs"))
        level_price = PriceRow(
            **region, level="secondary", code="BP", name="血压测量", unit_price=Decimal(9), valid_from=YEAR
        )
        await self.near.add(level_price)
        self.keep("level_price", level_price.id)
        self.keep("mode", await one_id(self.near, "service_modes", f"institution_id = '{self.near.institution_id}'"))

    async def _people(self) -> None:
        region = self.region
        home = self.keep("home", await self.near.add_home())
        person = self.keep("person", await self.near.add_patient(home_id=home))
        beside = self.keep("stranger_home", await self.near.add_home())
        self.keep("stranger", await self.near.add_patient(home_id=beside))
        group = KeyGroupRow(**region, person_id=person, key_group="disabled", valid_from=YEAR)
        coverage = Coverage(
            **region, person_id=person, plan_code="RESIDENT", valid_from=YEAR, valid_to=date(2026, 6, 1)
        )
        review = HomeReview(**region, home_id=home, cause="not_found", label="gazetteer", raised_at=NOW)
        found = Diagnosis(
            **region, person_id=person, code="E11.900", name="2型糖尿病", valid_from=YEAR,
            recorded_by_institution_id=self.near.institution_id, recorded_by_account_id=new_id(), recorded_at=NOW,
        )  # fmt: skip
        await self.near.add(group, coverage, review, found)
        self.keep("diagnosis", found.id)
        assessed = LtciAssessment(
            **region, person_id=person, grade=3, district_id=self.near.district_id, valid_from=YEAR,
            valid_to=date(2026, 6, 1),
        )  # fmt: skip
        await self.near.add(assessed)
        self.keep("assessment", assessed.id)
        self.keep("key_group", group.id), self.keep("coverage", coverage.id), self.keep("review", review.id)
        # known to another institution only, under a number that the desk can read from a card
        await self._carded("arriving", self.callers.elsewhere_id)
        await self._carded("unbound", self.near.institution_id)
        self.ids["new_number"] = self.near.id_number(date(1950, 1, 1))

    async def _carded(self, name: str, institution_id: UUID) -> None:
        number, cipher = self.near.id_number(), self.near.house.cipher
        self.ids[f"{name}_number"] = number
        row = Patient(
            region_id=self.near.region_id, registered_by_institution_id=institution_id, name="居民甲", sex="female",
            born_on=date(1945, 5, 1), id_number_sealed=cipher.seal(number, context="patients.id_number"),
            id_number_index=cipher.blind(number, context="patients.id_number"), registered_at=NOW,
        )  # fmt: skip
        await self.near.add(row)
        self.keep(name, row.id)

    async def _accounts(self) -> None:
        region = self.region
        nurse = self.keep("account", await self.near.add_account(Role.nurse, self.near.institution_id))
        self.keep("client", await self.near.add_account(Role.service_client))
        self.keep("unbound_account", await self.near.add_account(Role.elder))
        self.keep("new_proxy", await self.near.add_account(Role.family_proxy))
        sealed = self.near.house.cipher.seal("JBSWY3DPEHPK3PXP", context="second_factors.secret")
        await self.near.add(
            SecondFactor(**region, account_id=nurse, secret_sealed=sealed, begun_at=NOW, confirmed_at=NOW),
            RecoveryCode(**region, account_id=nurse, code_hash=b"0" * 32),
        )
        session_id = self.keep("session", new_id())
        await self.near.open_session(replace(self.near.principal(Role.nurse, nurse), session_id=session_id))
        token = RefreshToken(
            **region, account_id=nurse, family_id=session_id, secret_hash=sha256(session_id.hex.encode()).digest(),
            issued_at=datetime.now(UTC), expires_at=datetime.now(UTC) + timedelta(days=1),
        )  # fmt: skip
        await self.near.add(token)
        self.keep("token", token.id)
        self.ids["refresh_token"] = f"{self.near.region_id}.{token.id}.{session_id.hex}"
        self.keep("proxy", await self._relation_id(Relation.proxied))

    async def _relation_id(self, relation: Relation) -> UUID:
        account_id = self.callers.principals[Role.family_proxy, relation].account_id
        return await one_id(self.near, "care_relations", f"account_id = '{account_id}'")

    async def _staff(self) -> None:
        nurse = self.keep("practitioner", await self.near.add_practitioner())
        self.keep("doctor", self.day.doctor)
        vehicle = Vehicle(
            **self.own, station_id=self.id("station"), plate_no="NA00001", seats=4, away_from=time(7), away_to=time(18)
        )
        await self.near.add(vehicle)
        self.keep("vehicle", vehicle.id)
        self.keep("qualification", await one_id(self.near, "qualifications", f"practitioner_id = '{nurse}'"))
        shift = Shift(
            **self.own, practitioner_id=nurse, service_on=TOMORROW.date(),
            during=moments(TOMORROW, TOMORROW + timedelta(hours=8)),
        )  # fmt: skip
        absence = Absence(
            **self.own, practitioner_id=nurse, reason="training",
            during=moments(TOMORROW + timedelta(days=28), TOMORROW + timedelta(days=33)),
            entered_by_account_id=new_id(), entered_at=NOW,
        )  # fmt: skip
        await self.near.add(shift, absence)
        self.keep("shift", shift.id), self.keep("absence", absence.id)

    async def _papers(self) -> None:
        region, person = self.region, self.id("person")
        self.keep("contract", await self.day.contract(person, {"BP": 3}))
        self.keep("entitlement", await one_id(self.near, "entitlements"))
        self.keep("package", await one_id(self.near, "packages"))
        enrolled = ProgrammeEnrolment(
            **region, person_id=person, programme_id=self.id("programme"), valid_from=YEAR
        )  # fmt: skip
        await self.near.add(enrolled)
        self.keep("enrolment", enrolled.id)
        self.keep("bed", await self.day.bed(person))
        used = EntitlementUse(
            **self.own, external_no="HIS-1", person_id=person, source="contract", ref_id=self.id("contract"), code="BP",
            period="contract", units=1, service_on=TODAY, recorded_by_account_id=new_id(), recorded_at=NOW,
        )  # fmt: skip
        back = EntitlementUse(**used.model_dump(exclude={"id", "external_no"}), external_no="HIS-0")
        reversal = EntitlementUseReversal(
            **self.own, use_id=back.id, reason="退费", reversed_by_account_id=new_id(), reversed_at=NOW
        )
        await self.near.add(used, back, reversal)
        self.keep("use", used.id)

    async def _plans(self) -> None:
        region, institutions = self.region, [self.near.institution_id]
        area = DispatchArea(**region, code="A1", name="片区", institution_ids=institutions)
        common: dict[str, Any] = {
            **region, "area_id": area.id, "institution_ids": institutions, "seconds_limit": 1, "seed": 1,
            "requested_by_account_id": new_id(), "requested_at": NOW, "solved_at": NOW, "travel_source": "great_circle",
        }  # fmt: skip
        queued = Plan(**common | {"solved_at": None, "travel_source": None}, service_on=TOMORROW.date(), state="queued")
        plan = Plan(**common, service_on=TODAY, state="published", published_at=NOW)
        solved = Plan(**common, service_on=TOMORROW.date(), state="solved")
        await self.near.add(area, plan, solved, queued)
        self.keep("queued_plan", queued.id)
        self.keep("area", area.id), self.keep("plan", plan.id), self.keep("solved_plan", solved.id)
        await self._periods(area.id)

    async def _periods(self, area_id: UUID) -> None:
        """Somebody is to be seen every week; the week that was planned has no staff for it."""
        again = RoundPlan(
            **self.own, person_id=self.id("person"), kind="institution_round", items=[{"code": "BP", "quantity": 1}],
            every_days=7, minimum_days=5, weekdays=[1, 3, 5], half_day="any", mobility_reason="偏瘫", valid_from=TODAY,
            entered_by_account_id=new_id(), entered_at=NOW,
        )  # fmt: skip
        period = PeriodPlan(
            **self.region, area_id=area_id, institution_ids=[self.near.institution_id], first=TODAY, last=TODAY,
            travel_minutes=15, state="solved", requested_by_account_id=new_id(), requested_at=NOW, solved_at=NOW,
        )  # fmt: skip
        queued = PeriodPlan(
            **self.region, area_id=area_id, institution_ids=[self.near.institution_id], first=TODAY, last=TODAY,
            travel_minutes=15, state="queued", requested_by_account_id=new_id(), requested_at=NOW,
        )  # fmt: skip
        due = PeriodRound(
            **self.own, period_plan_id=period.id, round_plan_id=again.id, seq=1, person_id=self.id("person"),
            due_on=TODAY, reason="no_staff_that_week",
        )  # fmt: skip
        await self.near.add(again, period, queued, due)
        self.keep("round_plan", again.id), self.keep("period_plan", period.id)
        self.keep("queued_period_plan", queued.id)

    async def _orders(self) -> None:
        for state in ("draft", "submitted", "accepted"):
            order_id = await self.day.order(
                self.id("person"), [("BP", 1)], home_id=self.id("home"), state=state, start=TOMORROW, metres=0
            )
            self.keep(f"{state}_order", order_id)

    async def _visits(self) -> None:
        """Visits at every stage, each with the whole crew; only the last of them is over."""
        crew, start = list(self.callers.crew.values()), NOW
        stages = ("prepared", "arrived", "in_service", "completed", "billed", "reversed", "waiting", "resettled")
        for stage in stages:
            done = stage in ("completed", "billed", "reversed", "waiting", "resettled")
            order_state = "scheduled" if stage == "prepared" else "done" if done else "in_progress"
            order_id = await self.day.order(
                self.id("person"), [("BP", 1), ("REHAB", 1)], home_id=self.id("home"), state=order_state, start=start
            )
            trip_id = self.keep(f"{stage}_trip", await self.day.trip(self.id("home"))) if done else None
            visit_id = await self.day.visit(
                self.id("person"), ("BP", 1), home_id=self.id("home"), order_id=order_id, start=start, crew=crew[:1],
                state="completed" if done else stage, trip_id=trip_id, metres=0,
            )  # fmt: skip
            self.keep(f"{stage}_order", order_id), self.keep(f"{stage}_visit", visit_id)
            seen: dict[str, Any] = {"visit_id": visit_id, "practitioner_name": "医护"}
            await self.near.add(*(VisitStaff(**self.own, **seen, practitioner_id=each) for each in crew))
        await self._appointments(crew)
        doubt = VisitException(
            **self.own, visit_id=self.id("in_service_visit"), kind="place_unknown", facts={}, raised_at=NOW
        )  # fmt: skip
        event = VisitEvent(
            **self.own, visit_id=self.id("in_service_visit"), kind="start", practitioner_id=crew[0], happened_at=NOW,
            received_at=NOW,
        )  # fmt: skip
        again = VisitPart(
            **self.own, visit_id=self.id("completed_visit"), number=2, planned_start_at=NOW, planned_end_at=NOW
        )
        await self.near.add(doubt, event, again)
        self.keep("exception", doubt.id)
        await self._file()

    async def _appointments(self, crew: list[UUID]) -> None:
        region, plan, order = self.region, self.id("plan"), self.id("prepared_order")
        part: dict[str, Any] = {**region, "plan_id": plan}
        travel: dict[str, Any] = {"travel_metres": 0, "travel_seconds": 0}
        rows: list[Any] = [PlanUnassigned(**part, order_id=self.id("accepted_order"), reason="no_capacity", facts={})]
        rows += [
            PlanTour(
                **part, **travel, vehicle_id=self.id("vehicle"), plate_no="NA00001", seats=4, start_at=NOW,
                end_at=NOW, stops=[], geojson=[],
            ),
            VehicleBooking(
                **self.own, plan_id=plan, vehicle_id=self.id("vehicle"), during=moments(NOW, NOW + timedelta(hours=1))
            ),
        ]  # fmt: skip
        for each in crew:
            rows += [
                PlanRoute(
                    **part, **travel, practitioner_id=each, practitioner_name="医护", service_seconds=0,
                    geojson={"type": "FeatureCollection", "features": []},
                ),
                PlanStop(
                    **part, **travel, practitioner_id=each, seq=1, order_id=order, start_at=NOW, end_at=NOW,
                    institution_id=self.near.institution_id,
                ),
                Appointment(
                    **self.own, plan_id=plan, order_id=order, person_id=self.id("person"), practitioner_id=each,
                    practitioner_name="医护", service_on=TODAY, during=moments(NOW, NOW + timedelta(minutes=30)),
                    trip_key=plan,
                ),
            ]  # fmt: skip
        await self.near.add(*rows)

    async def _proposal(self) -> None:
        """Propose another tariff, and approve it once, by people who are none of the callers."""
        chief, finance = await self.near.as_role(Role.institution_admin), await self.near.as_role(Role.finance)
        path = f"/institutions/{self.ids['institution']}/tariff-proposals"
        self.ids["proposal"] = _made(await chief.post(path, json=PROPOSED))["id"]
        _made(await finance.post(f"{path}/{self.ids['proposal']}/approvals"))

    async def _helping(self) -> None:
        """Send a nurse of the other institution to one door, by agreement."""
        self.callers.helper = await helping.help_out(self)
        self.callers.helper_token = await self.near.open_session(self.callers.helper)

    async def _file(self) -> None:
        """Keep a photograph of the door, and show it with the visit."""
        nurse = self.as_caller(Role.nurse, Relation.own_team)
        kept = _made(await nurse.post("/files", content=JPEG, params={"institution_id": self.ids["institution"]}))
        self.ids["file"] = kept["id"]
        await self.near.add(
            VisitEvidence(
                **self.own, visit_id=self.id("in_service_visit"), kind="paper_form", file_id=self.id("file"),
                added_by_id=self.callers.crew[Role.nurse], added_at=NOW,
            ),
            VisitEvidence(
                **self.own, visit_id=self.id("in_service_visit"), kind="arrival_photo", file_id=self.id("file"),
                added_by_id=self.callers.crew[Role.nurse], added_at=NOW,
            )
        )  # fmt: skip

    async def _bills(self) -> None:
        """One visit is settled; another was, and the bill was taken back; the elder has asked what a third costs."""
        bill = await self.day.bill(self.id("billed_visit"))
        self.ids["settlement"] = bill["id"]
        taken_back = await self.day.bill(self.id("reversed_visit"))
        assert (await self.day.reverse(taken_back)).status_code == 201
        await self._settle_anew()
        elder = self.as_caller(Role.elder, Relation.own)
        asked = {
            "institution_id": self.ids["institution"], "person_id": self.ids["person"], "kind": "home_visit",
            "start_at": TOMORROW.isoformat(), "items": [{"code": "BP", "quantity": 1}],
        }  # fmt: skip
        headers = {"Idempotency-Key": "asked-once"}
        quote = _made(await elder.post("/quotes", json=asked, headers=headers))
        self.ids["quote"] = quote["id"]

    async def _settle_anew(self) -> None:
        """One bill was made anew: that there were two measurements was known late."""
        visit_id = self.id("resettled_visit")
        old = await self.day.bill(visit_id)
        async with self.near.owner.begin() as connection:
            await connection.exec_driver_sql("update visit_items set quantity = 2 where visit_id = $1", (visit_id,))
        told = _made(await self.day.http.post(f"/settlements/{old['id']}/resettlement", json={"reason": "补录"}))
        self.ids["resettlement"] = told["changes"][0]["id"]

    async def _stay(self) -> None:
        """A stay of January, paid by the day and paused for two days; finance has billed five and taken one back."""
        agreement = self.keep("agreement", await self.near.add_agreement(valid_from=YEAR))
        stay = Bed(
            **self.own, bed_no="JC2026-0100", person_id=self.id("person"), doctor_id=self.id("doctor"), opened_on=YEAR,
            closed_on=date(2026, 1, 20), closing_reason="好转", payment="per_diem", agreement_id=agreement,
        )  # fmt: skip
        pause = BedPause(**self.own, bed_id=stay.id, first=date(2026, 1, 15), until=date(2026, 1, 17), reason="住院")
        await self.near.add(stay, pause)
        self.keep("stay", stay.id)
        finance = self.as_caller(Role.finance, Relation.own_institution)
        asked = {"from": "2026-01-01", "to": "2026-01-06"}
        self.ids["bed_settlement"] = _made(await finance.post(f"/beds/{stay.id}/bed-settlements", json=asked))["id"]
        back = {"from": "2026-01-05", "to": "2026-01-06", "reason": "更正"}
        _made(await finance.post(f"/beds/{stay.id}/reversals", json=back))

    async def _agreed(self) -> None:
        """One bill waits for a human, a family has agreed to an amount, and the person was in hospital in February."""
        visit: dict[str, Any] = {"visit_id": self.id("waiting_visit"), "person_id": self.id("person")}
        parked = ParkedSettlement(
            **self.own, **visit, service_on=TODAY, reasons=[], gross_fen=1000, patient_fen=1000, parked_at=NOW
        )
        consent = VisitConsent(
            **self.own, visit_id=self.id("in_service_visit"), person_id=self.id("person"), amount_fen=1000,
            given_by="elder", account_id=self.callers.principals[Role.elder, Relation.own].account_id, given_at=NOW,
        )  # fmt: skip
        stay = HospitalStay(
            **self.region, person_id=self.id("person"), hospital="第二人民医院",
            admitted_on=date(2026, 2, 10), discharged_on=date(2026, 2, 14), noted_by_account_id=new_id(), noted_at=NOW,
        )  # fmt: skip
        await self.near.add(parked, consent, stay)
        self.keep("parked", parked.id), self.keep("consent", consent.id), self.keep("hospital_stay", stay.id)

    async def _notices(self) -> None:
        region, seal = self.region, self.near.house.cipher.seal
        template = NoticeTemplate(
            **region, kind="bill_ready", provider_code="SMS_1", text="${name}您好，费用为${amount}元。", valid_from=YEAR
        )  # fmt: skip
        own = self.callers.principals[Role.elder, Relation.own].account_id
        contact = NoticeContact(
            **region, account_id=own, phone_sealed=seal("+8613800000001", context=sealing.CONTACT), set_at=NOW
        )  # fmt: skip
        notice = Notice(
            **self.own, person_id=self.id("person"), recipient_id=self.id("person"), kind="bill_ready", cause="seed",
            subject_id=self.id("settlement"), template_id=None, said=b"0", state="suppressed",
            parameters_sealed=seal("{}", context=sealing.PARAMETERS), suppressed="no_gateway", created_at=NOW,
            due_at=NOW, expires_at=NOW + timedelta(days=1),
        )  # fmt: skip
        await self.near.add(template, contact, notice)
        self.keep("template", template.id), self.keep("notice", notice.id)


async def found(owner: AsyncEngine, house: House) -> Scene:
    """Return two fresh regions, with all rows in the first, on a clock of their own."""
    secrets = {"metrics_token": SecretStr("m" * 40), "sms_callback_token": SecretStr(CALLBACK_TOKEN)}
    clock = TestClock()
    own = replace(house, clock=clock, settings=house.settings.model_copy(update=secrets))
    app = build_app(own)
    return await Scene.seed(World(owner, own, clock, app), World(owner, own, clock, app))


async def one_id(world: World, table: str, where: str = "true") -> UUID:
    """Return the first row of the world's institution (of its region where a table has no institutions)."""
    query = text(f"select id from {table} where region_id = :region and {where} order by id limit 1")
    async with world.owner.connect() as connection:
        return UUID(str(await connection.scalar(query, {"region": world.region_id})))


def _made(answer: Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    return dict(answer.json())
