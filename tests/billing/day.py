"""What stands below a bill, as rows: prices, tariff, payers, orders and proven visits of one test's region."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from httpx import AsyncClient, Response

from service.accounts.rules import Role
from service.beds.models import Bed
from service.billing import case, settling
from service.catalog.limit_models import PriceLimit
from service.catalog.models import InsuranceRule, PriceRow, Programme, ProgrammeItem, ServiceItem, VisitFeeTariff
from service.catalog.reduction_models import ReductionRule
from service.contracts.models import Contract, Entitlement, Package, PackageItem, ProgrammeEnrolment
from service.core.dates import moments
from service.core.ids import new_id
from service.core.jobs.queue import Job
from service.institutions.designation_models import InstitutionDesignation
from service.institutions.models import SettingRow
from service.orders.models import Order, OrderItem
from service.patients.models import Coverage, KeyGroupRow
from service.visits.models import Trip, Visit, VisitEvent, VisitItem
from tests.contracts.forms import relate
from tests.world import World

ON = date(2026, 3, 2)
MORNING = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
"""09:00 in Shanghai."""
YEAR = date(2026, 1, 1)

Items = Iterable[tuple[str, int]]


@dataclass
class Day:
    """A world in which visits can be billed; `nurse` is who went, `doctor` signs and opens beds.

    `at` is the institution whose day it is, None the world's own.
    """

    world: World
    nurse: UUID = field(default_factory=new_id)
    doctor: UUID = field(default_factory=new_id)
    finance: AsyncClient | None = None
    at: UUID | None = None

    async def start(self) -> "Day":
        self.nurse = await self.world.add_practitioner()
        self.doctor = await self.world.add_practitioner(role="doctor")
        self.finance = await self.world.as_role(Role.finance)
        return self

    @property
    def own(self) -> dict[str, Any]:
        return {"region_id": self.world.region_id, "institution_id": self.at or self.world.institution_id}

    async def elsewhere(self, person_id: UUID) -> "Day":
        """Return the day at another institution of the region, which cares for the person as well."""
        other = await self.world.add_institution()
        await relate(self.world, str(person_id), other)
        nurse = await self.world.add_practitioner(institution_id=other)
        return Day(self.world, nurse=nurse, finance=await self.world.as_role(Role.finance, other), at=other)

    async def price(self, code: str, yuan: str = "10", *, valid_from: date = YEAR, **more: Any) -> UUID:
        row = PriceRow(
            **{**self.own, **more},
            code=code,
            name=more.pop("name", code),
            unit_price=Decimal(yuan),
            valid_from=valid_from,
        )
        await self.world.add(row)
        return row.id

    async def tariff(self, *tiers: tuple[str | None, str], unit: str = "visit", **more: Any) -> None:
        bounds = [{"up_to_km": up_to, "price": price} for up_to, price in tiers or [("5", "78.00")]]
        said = {"valid_from": YEAR, "distance_base": "institution", "distance_method": "great_circle", **more}
        await self.world.add(VisitFeeTariff(**self.own, unit=unit, tiers=bounds, **said))

    async def setting(self, key: str, value: object) -> None:
        await self.world.add(
            SettingRow(**self.own, key=key, value=value, valid_from=YEAR, set_by_account_id=new_id(), set_at=MORNING)
        )

    async def limit(self, *codes: str, per: str = "day", maximum: int = 1, title: str = "只收一次") -> UUID:
        row = PriceLimit(
            region_id=self.world.region_id,
            code=f"LM{self.world.number()}",
            title=title,
            codes=list(codes),
            per=per,
            maximum=maximum,
            valid_from=YEAR,
        )
        await self.world.add(row)
        return row.id

    async def reduce(self, ratio: str = "0.5", *, regional: bool = False, title: str = "减免", **more: Any) -> UUID:
        row = ReductionRule(
            region_id=self.world.region_id,
            institution_id=None if regional else self.world.institution_id,
            code=f"RD{self.world.number()}",
            title=title,
            ratio=Decimal(ratio),
            valid_from=YEAR,
            **more,
        )
        await self.world.add(row)
        return row.id

    async def join(self, person_id: UUID, *groups: str, valid_to: date | None = None) -> None:
        """Register a person in key groups."""
        own = {"region_id": self.world.region_id, "person_id": person_id}
        await self.world.add(
            *(KeyGroupRow(**own, key_group=each, valid_from=YEAR, valid_to=valid_to) for each in groups)
        )

    async def programme(self, person_id: UUID, per_year: Mapping[str, int], name: str = "国家基本公共卫生服务") -> UUID:
        region_id, no = self.world.region_id, self.world.number()
        row = Programme(region_id=region_id, code=f"PH{no}", name=name, payer="财政", valid_from=YEAR)
        await self.world.add(
            row,
            *(
                ProgrammeItem(region_id=region_id, programme_id=row.id, code=code, per_year=units)
                for code, units in per_year.items()
            ),
            ProgrammeEnrolment(region_id=region_id, person_id=person_id, programme_id=row.id, valid_from=YEAR),
        )
        return row.id

    async def insure(
        self,
        person_id: UUID,
        *,
        deductible_fen: int = 0,
        pay_ratio: str = "0.8",
        yearly_cap_fen: int = 1_200_000,
        designated: bool = True,
    ) -> None:
        region_id, plan = self.world.region_id, f"PLAN{self.world.number()}"
        await self.world.add(
            InsuranceRule(
                region_id=region_id,
                plan_code=plan,
                name="居民医保",
                deductible_fen=deductible_fen,
                pay_ratio=Decimal(pay_ratio),
                yearly_cap_fen=yearly_cap_fen,
                valid_from=YEAR,
            ),
            Coverage(region_id=region_id, person_id=person_id, plan_code=plan, valid_from=YEAR),
        )
        if designated:
            await self.designate(plan)

    async def designate(self, plan_code: str, **more: Any) -> None:
        await self.world.add(InstitutionDesignation(**{**self.own, **more}, plan_code=plan_code, valid_from=YEAR))

    async def contract(
        self,
        person_id: UUID,
        items: Mapping[str, int] | None = None,
        *,
        counting: str = "quantity",
        institution_id: UUID | None = None,
        doctor_id: UUID | None = None,
        **package: Any,
    ) -> UUID:
        own = {"region_id": self.world.region_id, "institution_id": institution_id or self.world.institution_id}
        offered = Package(**own, code=f"PK{self.world.number()}", name="服务包", valid_from=YEAR, **package)
        signed = Contract(
            **own,
            person_id=person_id,
            package_id=offered.id,
            doctor_id=doctor_id or self.doctor,
            signed_on=date(2026, 1, 5),
            valid_from=date(2026, 1, 5),
            valid_to=date(2027, 1, 4),
        )
        granted = (items or {}).items()
        await self.world.add(
            offered,
            *(PackageItem(**own, package_id=offered.id, code=c, quantity=q, counting=counting) for c, q in granted),
            signed,
            *(
                Entitlement(
                    region_id=self.world.region_id,
                    person_id=person_id,
                    source="contract",
                    ref_id=signed.id,
                    code=c,
                    period="contract",
                    cap=q,
                    counting=counting,
                )
                for c, q in granted
            ),
        )
        return signed.id

    async def bed(self, person_id: UUID, payment: str = "per_item", excluded_codes: Iterable[str] = ()) -> UUID:
        row = Bed(
            **self.own,
            bed_no=f"JC{self.world.number()}",
            person_id=person_id,
            doctor_id=self.doctor,
            opened_on=date(2026, 2, 20),
            payment=payment,
            excluded_codes=list(excluded_codes),
        )
        await self.world.add(row)
        return row.id

    async def trip(self, home_id: UUID, *, trip_id: UUID | None = None) -> UUID:
        row = Trip(
            **self.own,
            id=trip_id or new_id(),
            home_id=home_id,
            crew_key=new_id().hex,
            arrived_at=MORNING,
            left_at=MORNING,
        )
        await self.world.add(row)
        return row.id

    async def order(
        self,
        person_id: UUID,
        items: Items,
        *,
        home_id: UUID,
        state: str = "done",
        kind: str = "home_visit",
        start: datetime = MORNING,
        metres: int | None = 2000,
    ) -> UUID:
        row = Order(
            **self.own,
            order_no=f"O{self.world.number()}",
            kind=kind,
            person_id=person_id,
            home_id=home_id,
            state=state,
            service_on=(start + timedelta(hours=8)).date(),
            wished=moments(start, start + timedelta(hours=1)),
            staff_count=1,
            mobility_reason="行动不便",
            distance_metres=metres,
            placed_by_account_id=new_id(),
            placed_at=start,
        )
        await self.world.add(row, *(OrderItem(**self.own, order_id=row.id, code=c, quantity=q) for c, q in items))
        return row.id

    async def visit(
        self,
        person_id: UUID,
        *items: tuple[str, int],
        home_id: UUID | None = None,
        trip_id: UUID | None = None,
        trip_key: UUID | None = None,
        crew: Iterable[UUID] = (),
        start: datetime = MORNING,
        state: str = "completed",
        order_id: UUID | None = None,
        metres: int | None = 2000,
        kind: str = "home_visit",
        visit_id: UUID | None = None,
    ) -> UUID:
        """Add a visit, proven when its state is completed; without items one `BP`."""
        items = items or (("BP", 1),)
        home_id = home_id or await self.world.add_home()
        order_id = order_id or await self.order(
            person_id, items, home_id=home_id, start=start, metres=metres, kind=kind
        )
        done = state == "completed"
        row = Visit(
            **self.own,
            id=visit_id or new_id(),
            order_id=order_id,
            person_id=person_id,
            home_id=home_id,
            mode=kind,
            service_on=(start + timedelta(hours=8)).date(),
            planned_start_at=start,
            planned_end_at=start + timedelta(minutes=30),
            trip_key=trip_key or new_id(),
            trip_id=trip_id,
            state=state,
            started_at=start if done else None,
            ended_at=start + timedelta(minutes=20) if done else None,
            verified=done,
        )
        went = list(crew) or [self.nurse]
        begun = {"kind": "start", "happened_at": start, "received_at": start, "home_distance_metres": 0}
        await self.world.add(
            row,
            *(VisitEvent(**self.own, visit_id=row.id, practitioner_id=each, **begun) for each in went if done),
            *(
                VisitItem(
                    **self.own, visit_id=row.id, code=code, quantity=units, performed_by_id=went[0], performed_at=start
                )
                for code, units in items
            ),
        )
        return row.id

    async def list_services(self, *codes: str, staff_count: int = 1) -> None:
        await self.world.add(
            *(
                ServiceItem(
                    region_id=self.world.region_id,
                    code=code,
                    name=code,
                    duration_minutes=10,
                    staff_count=staff_count,
                    order_kinds=["home_visit", "home_bed_round", "institution_round"],
                )
                for code in codes
            )
        )

    def job(self, visit_id: UUID) -> Job:
        return Job(region_id=self.world.region_id, institution_ids=(self.own["institution_id"],), subject_id=visit_id)

    async def work(self, *visit_ids: UUID) -> None:
        """Do what the worker does on the news that these visits are final."""
        for visit_id in visit_ids:
            await settling.settle_visit(self.world.house, self.job(visit_id))

    async def bill(self, visit_id: UUID) -> dict[str, Any]:
        """Settle by the worker and return the bill as finance reads it."""
        await self.work(visit_id)
        told = await self.status(visit_id)
        assert told["status"] == "settled", told
        bill: dict[str, Any] = told["settlement"]
        return bill

    async def status(self, visit_id: UUID) -> dict[str, Any]:
        answer = await self.http.get(f"/visits/{visit_id}/settlement")
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def settle(self, visit_id: UUID) -> Response:
        return await self.http.post(f"/visits/{visit_id}/settlement")

    async def reverse(self, bill: dict[str, Any]) -> Response:
        return await self.http.post(f"/settlements/{bill['id']}/reversal", json={"reason": "更正"})

    @property
    def http(self) -> AsyncClient:
        assert self.finance is not None
        return self.finance


def parts(bill: dict[str, Any], code: str) -> list[tuple[str, int | None, int]]:
    """Return who pays a line: (source, units, fen)."""
    return [(each["source"], each["units"], each["amount_fen"]) for each in line_of(bill, code)["fundings"]]


def line_of(bill: dict[str, Any], code: str) -> dict[str, Any]:
    return next(line for line in bill["lines"] if line["code"] == code)


def rerun(document: dict[str, Any]) -> dict[str, Any]:
    """Settle a bill's evidence offline, twice to the same bytes, and return the entry of its event."""
    raw = json.dumps(document).encode()
    told = case.dump(case.run_case(case.read_case(raw)))
    assert told == case.dump(case.run_case(case.read_case(raw)))
    entry: dict[str, Any] = json.loads(told)["events"][0]
    return entry


def as_entry(bill: dict[str, Any], visit_id: UUID) -> dict[str, Any]:
    """Return a bill as a billing case's result writes it."""
    return {
        "event": {"settle": str(visit_id)},
        "status": "settled",
        "gross_fen": bill["gross_fen"],
        "patient_fen": bill["patient_fen"],
        "lines": [_entry_line(line) for line in bill["lines"]],
    }


def _entry_line(line: dict[str, Any]) -> dict[str, Any]:
    kept = ["code", "status", "gross_fen", "patient_fen"]
    kept += [] if line["code"] == "VISIT_FEE" else ["quantity", "charged_quantity", "price_from"]
    funding = [
        {"source": part["source"], "amount_fen": part["amount_fen"]}
        | ({"units": part["units"]} if part["units"] is not None else {})
        | ({"ref": part["ref_id"]} if part["ref_id"] else {})
        for part in line["fundings"]
    ]
    return {name: line[name] for name in kept} | {"funding": funding}
