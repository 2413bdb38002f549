"""Random billing cases that a database can hold as well: one institution, people with all kinds of payers, two days.

The case is written first and knows nothing of the service's own reading of the database; `load` puts it in as rows.
"""

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from service.beds.models import Bed
from service.catalog.models import InsuranceRule, PriceRow, Programme, ProgrammeItem, VisitFeeTariff
from service.contracts.models import Contract, Entitlement, Package, PackageItem, ProgrammeEnrolment
from service.core.ids import new_id
from service.institutions.designation_models import InstitutionDesignation
from service.institutions.models import SettingRow
from service.patients.models import Coverage
from tests.billing.day import MORNING, Day

Json = dict[str, Any]
CODES = [f"C{number}" for number in range(10)]
PLAN = "RESIDENT"
SETTINGS = {
    "visit_fee_sharing": ("fee.sharing", ["once_per_home", "once_per_home", "per_patient"]),
    "visit_fee_in_bed_cycle": ("fee.in_bed_cycle", ["waive", "charge"]),
    "visit_fee_when_fully_funded": ("fee.when_fully_funded", ["waive", "charge"]),
    "visit_fee": ("fee.mode", ["charge", "charge", "charge", "none"]),
}


async def make_case(day: Day, seed: int, *, people: int = 10, visits: int = 50) -> Json:
    """Return a billing case of new people in which every visit is settled once, in a random order."""
    draw, staff = random.Random(seed), [day.nurse, day.doctor]
    homes = [str(await day.world.add_home()) for _ in range(4)]
    persons = [str(await day.world.add_patient(home_id=UUID(homes[0]))) for _ in range(people)]
    programmes = [
        {"id": str(new_id()), "from": "2026-01-01", "to": None, "items": _some(draw, "per_year", 1, 4)}
        for _ in range(2)
    ]
    made = [_visit(draw, persons, homes, staff) for _ in range(visits)]
    _share_trips(draw, made)
    return {
        "format": "xunzhen.billing-case/1",
        "policy": {switch: draw.choice(words) for switch, (_, words) in SETTINGS.items()},
        "institution": {
            "code": str(day.world.institution_id),
            "service_modes": [
                {"mode": mode, "from": "2020-01-01", "to": "2030-12-31"} for mode in ("round", "home_bed")
            ],
        },
        "staff": [{"id": str(each), "licences": [{"from": "2020-01-01", "to": "2030-12-31"}]} for each in staff],
        "price_book": [row for code in CODES for row in _prices(draw, code)],
        "visit_fee_tariff": [_tariff(draw)],
        "region": {
            "insurance": {"deductible": "60.00", "pay_ratio": draw.choice(["0.8", "0.55"]), "yearly_cap": "400.00"}
        },
        "programs": programmes,
        "patients": [_patient(draw, person, programmes) for person in persons],
        "contracts": [_contract(draw, person) for person in persons if draw.random() < 0.7],
        "beds": [_bed(draw, person) for person in persons if draw.random() < 0.3],
        "visits": made,
        "events": [{"settle": visit["id"]} for visit in draw.sample(made, len(made))],
    }


def _some(draw: random.Random, name: str, low: int, high: int) -> list[Json]:
    return [{"code": code, name: draw.randint(low, high)} for code in draw.sample(CODES, 3)]


def _prices(draw: random.Random, code: str) -> list[Json]:
    insurance_class = draw.choice("ABC")
    row = {
        "code": code,
        "name": code,
        "per_visit_max": draw.choice([None, None, 2]),
        "includes": draw.sample(CODES, 1) if draw.random() < 0.2 else [],
        "excludes": draw.sample(CODES, 1) if draw.random() < 0.2 else [],
        "insurance_class": insurance_class,
        "self_ratio": "0.1" if insurance_class == "B" else "0",
    }
    cost = [f"{draw.randint(0, 1_000_000) / 10000:.4f}" for _ in range(2)]
    if draw.random() < 0.5:
        return [{**row, "unit_price": cost[0], "from": "2026-01-01", "to": None}]
    return [
        {**row, "unit_price": cost[0], "from": "2026-01-01", "to": "2026-03-02"},
        {**row, "unit_price": cost[1], "from": "2026-03-03", "to": None},
    ]


def _tariff(draw: random.Random) -> Json:
    insurance_class = draw.choice("ABC")
    return {
        "from": "2026-01-01",
        "to": None,
        "unit": draw.choice(["visit", "visit_staff"]),
        "insurance_class": insurance_class,
        "self_ratio": "0.25" if insurance_class == "B" else "0",
        "tiers": [{"up_to_km": "3", "price": "50.55"}, {"up_to_km": draw.choice([None, "9"]), "price": "78"}],
        "night": draw.choice([None, {"from": "18:00", "to": "06:00", "multiplier": "1.35"}]),
    }


def _patient(draw: random.Random, person: str, programmes: list[Json]) -> Json:
    enrolled = [each for each in programmes if draw.random() < 0.5]
    told: Json = {
        "id": person,
        "programs": [
            {"id": each["id"], "from": "2026-01-01", "to": draw.choice([None, "2026-03-02"])} for each in enrolled
        ],
    }
    if draw.random() < 0.6:
        told["insurance"] = {"from": "2026-01-01", "to": draw.choice([None, "2026-03-02"])}
    return told


def _contract(draw: random.Random, person: str) -> Json:
    counting = draw.choice(["quantity", "visit"])
    return {
        "id": str(new_id()),
        "patient": person,
        "signed_on": "2026-01-05",
        "from": "2026-01-05",
        "to": "2027-01-04",
        "terminated_on": draw.choice([None, None, "2026-03-03"]),
        "covers_visit_fee": draw.random() < 0.2,
        "capitated_codes": draw.sample(CODES, 1) if draw.random() < 0.3 else [],
        "items": [{**item, "counting": counting} for item in _some(draw, "quantity", 1, 5)],
    }


def _bed(draw: random.Random, person: str) -> Json:
    told = {
        "id": str(new_id()),
        "patient": person,
        "opened_on": "2026-02-01",
        "closed_on": draw.choice([None, "2026-03-03"]),
        "payment": draw.choice(["per_item", "per_diem"]),
    }
    if told["payment"] == "per_diem":
        free = {"daily_rate": "0", "per_diem_pay_ratio": "0", "per_diem_year_cap": "0"}
        told |= {**free, "excluded_codes": draw.sample(CODES, 2)}
    return told


def _visit(draw: random.Random, persons: list[str], homes: list[str], staff: list[UUID]) -> Json:
    on, hour = draw.choice(["02", "03"]), draw.choice([7, 9, 11, 15, 19, 21])
    return {
        "id": str(new_id()),
        "patient": draw.choice(persons),
        "mode": "round",
        "home": draw.choice(homes),
        "trip": None,
        "started_at": f"2026-03-{on}T{hour:02d}:{draw.randint(0, 59):02d}:00+08:00",
        "verified": True,
        "staff": [str(each) for each in draw.sample(staff, draw.choice([1, 1, 2]))],
        # a few lie beyond the last tier: refused, and not counted by those they share a trip with
        "distance_km": f"{draw.choice([0, 1500, 2999, 3000, 3001, 8999, 9000, 9001]) / 1000:.3f}",
        "items": [
            {"code": code, "quantity": draw.randint(1, 4)} for code in sorted(draw.sample(CODES, draw.randint(1, 4)))
        ],
    }


def _share_trips(draw: random.Random, visits: list[Json]) -> None:
    """Let some visits of one home and day be made on one trip."""
    for visit in visits:
        if draw.random() < 0.3:
            trip = str(new_id())
            same = [
                each
                for each in visits
                if (each["home"], each["started_at"][:10]) == (visit["home"], visit["started_at"][:10])
            ]
            for each in draw.sample(same, min(3, len(same))):
                each["trip"] = each["trip"] or trip


async def load(day: Day, case: Json) -> None:
    """Put a case into the database of a world, the visits in their own order."""
    region_id, own = day.world.region_id, day.own
    await _load_terms(day, case)
    for patient in case["patients"]:
        ids = sorted(new_id() for _ in patient["programs"])
        await day.world.add(
            *(
                ProgrammeEnrolment(
                    id=enrolment_id,
                    region_id=region_id,
                    person_id=UUID(patient["id"]),
                    programme_id=UUID(each["id"]),
                    valid_from=_day(each["from"]),
                    valid_to=_day(each["to"]),
                )
                # programmes pay in the order of enrolment, which ids made within a millisecond do not keep
                for enrolment_id, each in zip(ids, patient["programs"], strict=True)
            )
        )
        if "insurance" in patient:
            insured = patient["insurance"]
            await day.world.add(
                Coverage(
                    region_id=region_id,
                    person_id=UUID(patient["id"]),
                    plan_code=PLAN,
                    valid_from=_day(insured["from"]),
                    valid_to=_day(insured["to"]),
                )
            )
    for contract in case["contracts"]:
        await _load_contract(day, contract)
    for bed in case["beds"]:
        await day.world.add(
            Bed(
                **own,
                id=UUID(bed["id"]),
                bed_no=bed["id"],
                person_id=UUID(bed["patient"]),
                doctor_id=day.doctor,
                opened_on=_day(bed["opened_on"]),
                closed_on=_day(bed["closed_on"]),
                payment=bed["payment"],
                excluded_codes=bed.get("excluded_codes", []),
            )
        )
    trips = {visit["trip"]: visit["home"] for visit in case["visits"] if visit["trip"]}
    for trip, home in trips.items():
        await day.trip(UUID(home), trip_id=UUID(trip))
    for visit in case["visits"]:
        await day.visit(
            UUID(visit["patient"]),
            *((item["code"], item["quantity"]) for item in visit["items"]),
            visit_id=UUID(visit["id"]),
            home_id=UUID(visit["home"]),
            trip_id=UUID(visit["trip"]) if visit["trip"] else None,
            crew=[UUID(each) for each in visit["staff"]],
            start=datetime.fromisoformat(visit["started_at"]).astimezone(UTC),
            metres=int(Decimal(visit["distance_km"]) * 1000),
        )


async def _load_terms(day: Day, case: Json) -> None:
    region_id, own, insurance = day.world.region_id, day.own, case["region"]["insurance"]
    tariff = case["visit_fee_tariff"][0]
    night = tariff["night"] and {
        "starts_at": tariff["night"]["from"],
        "ends_at": tariff["night"]["to"],
        "multiplier": tariff["night"]["multiplier"],
    }
    await day.world.add(
        *(
            SettingRow(
                **own,
                key=SETTINGS[switch][0],
                value=word,
                valid_from=date(2026, 1, 1),
                set_by_account_id=new_id(),
                set_at=MORNING,
            )
            for switch, word in case["policy"].items()
        ),
        *(
            PriceRow(
                **own,
                valid_from=_day(row["from"]),
                valid_to=_day(row["to"]),
                unit_price=Decimal(row["unit_price"]),
                self_ratio=Decimal(row["self_ratio"]),
                **{
                    name: row[name]
                    for name in ("code", "name", "per_visit_max", "includes", "excludes", "insurance_class")
                },
            )
            for row in case["price_book"]
        ),
        VisitFeeTariff(
            **own,
            unit=tariff["unit"],
            tiers=tariff["tiers"],
            night=night,
            insurance_class=tariff["insurance_class"],
            self_ratio=Decimal(tariff["self_ratio"]),
            distance_base="institution",
            distance_method="great_circle",
            valid_from=_day(tariff["from"]),
        ),
        InstitutionDesignation(**own, plan_code=PLAN, valid_from=date(2020, 1, 1)),
        InsuranceRule(
            region_id=region_id,
            plan_code=PLAN,
            name="居民医保",
            deductible_fen=int(Decimal(insurance["deductible"]) * 100),
            pay_ratio=Decimal(insurance["pay_ratio"]),
            yearly_cap_fen=int(Decimal(insurance["yearly_cap"]) * 100),
            valid_from=date(2026, 1, 1),
        ),
    )
    for programme in case["programs"]:
        row = Programme(
            region_id=region_id,
            id=UUID(programme["id"]),
            code=programme["id"],
            name="项目",
            payer="财政",
            valid_from=_day(programme["from"]),
        )
        items = [
            ProgrammeItem(region_id=region_id, programme_id=row.id, code=each["code"], per_year=each["per_year"])
            for each in programme["items"]
        ]
        await day.world.add(row, *items)


async def _load_contract(day: Day, contract: Json) -> None:
    own, person_id = day.own, UUID(contract["patient"])
    package = Package(
        **own,
        code=contract["id"],
        name="服务包",
        valid_from=date(2026, 1, 1),
        covers_visit_fee=contract["covers_visit_fee"],
        capitated_codes=contract["capitated_codes"],
    )
    await day.world.add(
        package,
        *(PackageItem(**own, package_id=package.id, **item) for item in contract["items"]),
        Contract(
            **own,
            id=UUID(contract["id"]),
            person_id=person_id,
            package_id=package.id,
            doctor_id=day.doctor,
            signed_on=_day(contract["signed_on"]),
            valid_from=_day(contract["from"]),
            valid_to=_day(contract["to"]),
            terminated_on=_day(contract["terminated_on"]),
            termination_reason="other" if contract["terminated_on"] else None,
        ),
        *(
            Entitlement(
                region_id=day.world.region_id,
                person_id=person_id,
                source="contract",
                ref_id=UUID(contract["id"]),
                code=item["code"],
                period="contract",
                cap=item["quantity"],
                counting=item["counting"],
            )
            for item in contract["items"]
        ),
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
