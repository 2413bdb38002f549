"""What a bill stands on, as a billing case: whoever has it settles the visit again offline, to the same fen. Pure.

The settlement keeps this document (`xunzhen bill` reads it); it holds ids, dates and amounts, no name of a person.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from service.billing import rules
from service.core import money
from service.core.clock import LOCAL

FORMAT: Final = "xunzhen.billing-case/1"

Document = dict[str, Any]


def as_case(
    visit: rules.Visit,
    *,
    institution_code: str,
    terms: rules.Terms,
    patient: rules.Patient,
    used: rules.Used,
    peers: tuple[rules.Visit, ...] = (),
) -> Document:
    """Return the billing case in which `visit` is settled, once, on exactly these facts.

    The patients of the visits that share its fee stand under pseudonyms.
    """
    others = _pseudonyms(patient.id, ((peer.id, peer.patient) for peer in peers))
    region = {
        **({"ltci": _ltci(terms.ltci)} if terms.ltci else {}),
        **({"insurance": _insurance(terms.insurance)} if terms.insurance else {}),
    }
    return {
        "format": FORMAT,
        "policy": _policy(terms.policy),
        "institution": {
            "code": institution_code,
            "service_modes": [{"mode": row.mode, **period(row.valid)} for row in terms.service_modes],
        },
        "staff": [
            {"id": member, "licences": [period(licence) for licence in licences]}
            for member, licences in terms.licences.items()
        ],
        "price_book": [_price(row) for rows in terms.prices.values() for row in rows],
        "visit_fee_tariff": [_tariff(row) for row in terms.tariffs],
        **({"region": region} if region else {}),
        "programs": [_programme(each) for each in terms.programmes.values()],
        "patients": [_patient(patient, used), *({"id": other} for other in others.values())],
        "contracts": [_contract(each, patient.id, used) for each in patient.contracts],
        "beds": [bed(each, patient.id) for each in patient.beds],
        "visits": [_visit(each, others) for each in (visit, *peers)],
        "events": [{"settle": visit.id}],
    }


def case_of(kept: Document) -> Document:
    """Return the billing case that a settlement keeps: in its proof, or (before there were proofs) as it is."""
    return under_pseudonyms(kept.get("case", kept))


def metres_of(visit: Document) -> int:
    """Return how far the home of a visit of a case was, in whole metres."""
    return int(Decimal(visit["distance_km"]).scaleb(3))


def under_pseudonyms(case: Document) -> Document:
    """Return a billing case with the others of a shared trip under pseudonyms, as those of today are written."""
    patient = case["patients"][0]["id"]
    others = _pseudonyms(patient, ((each["id"], each["patient"]) for each in case["visits"]))
    return case | {
        "patients": [each | {"id": others.get(each["id"], each["id"])} for each in case["patients"]],
        "visits": [each | {"patient": others.get(each["patient"], each["patient"])} for each in case["visits"]],
    }


def _pseudonyms(patient: str, visits: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return how the others are called: P2, P3, … in the order of their visits' ids, the same in every copy."""
    others = dict.fromkeys(other for _, other in sorted(visits) if other != patient)
    return {other: f"P{number}" for number, other in enumerate(others, start=2)}


def _policy(policy: rules.Policy) -> Document:
    return {
        "min_staff": policy.min_staff,
        "visit_fee": policy.fee.value,
        "visit_fee_sharing": policy.fee_sharing.value,
        "visit_fee_in_bed_cycle": policy.fee_in_bed_cycle.value,
        "visit_fee_when_fully_funded": policy.fee_when_fully_funded.value,
    }


def period(days: rules.Period) -> Document:
    """Return a period as a case writes it, both days included."""
    return {"from": days.first.isoformat(), "to": _day(days.last)}


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _decimal(number: Decimal) -> str:
    return f"{number:f}"


def _price(row: rules.PriceRow) -> Document:
    return {
        "code": row.code,
        "name": row.name,
        "unit_price": _decimal(row.unit_price),
        **period(row.valid),
        "per_visit_max": row.per_visit_max,
        "includes": sorted(row.includes),
        "excludes": sorted(row.excludes),
        "insurance_class": row.insurance_class.value,
        "self_ratio": _decimal(row.self_ratio),
    }


def _tariff(row: rules.Tariff) -> Document:
    night = row.night
    return {
        **period(row.valid),
        "unit": row.unit.value,
        "insurance_class": row.insurance_class.value,
        "self_ratio": _decimal(row.self_ratio),
        "tiers": [
            {
                "up_to_km": None if tier.up_to_km is None else _decimal(tier.up_to_km),
                "price": _decimal(tier.price),
            }
            for tier in row.tiers
        ],
        "night": None
        if night is None
        else {
            "from": f"{night.starts_at:%H:%M}",
            "to": f"{night.ends_at:%H:%M}",
            "multiplier": _decimal(night.multiplier),
        },
    }


def _ltci(ltci: rules.LtciTerms) -> Document:
    return {
        "eligible_grades": sorted(ltci.eligible_grades),
        "catalog": sorted(ltci.catalog),
        "pay_ratio": _decimal(ltci.pay_ratio),
        "monthly_cap": money.format_yuan(ltci.monthly_cap_fen),
    }


def _insurance(insurance: rules.InsuranceTerms) -> Document:
    return {
        "deductible": money.format_yuan(insurance.deductible_fen),
        "pay_ratio": _decimal(insurance.pay_ratio),
        "yearly_cap": money.format_yuan(insurance.yearly_cap_fen),
    }


def _programme(programme: rules.Programme) -> Document:
    items = [{"code": code, "per_year": units} for code, units in sorted(programme.per_year.items())]
    return {"id": programme.id, **period(programme.valid), "items": items}


def _patient(patient: rules.Patient, used: rules.Used) -> Document:
    told: Document = {
        "id": patient.id,
        "programs": [
            {
                "id": enrolment.programme,
                **period(enrolment.valid),
                "used": _units_by_year(enrolment.programme, used),
            }
            for enrolment in patient.enrolments
        ],
    }
    if patient.ltci_grade is not None:
        told["ltci"] = {"grade": patient.ltci_grade, "used": _money_by_period(rules.Balance.ltci_fen, used)}
    if patient.insured is not None:
        told["insurance"] = {
            **period(patient.insured),
            "deductible_used": _money_by_period(rules.Balance.deductible_fen, used),
            "fund_used": _money_by_period(rules.Balance.fund_fen, used),
        }
    return told


def _units_by_year(programme: str, used: rules.Used) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for of, units in used.items():
        if of.balance is rules.Balance.program_units and of.ref == programme and of.code and of.period:
            found.setdefault(of.code, {})[of.period] = units
    return found


def _money_by_period(balance: rules.Balance, used: rules.Used) -> Mapping[str, str]:
    return {of.period: money.format_yuan(fen) for of, fen in used.items() if of.balance is balance and of.period}


def _contract(contract: rules.Contract, patient_id: str, used: rules.Used) -> Document:
    def taken(code: str) -> int:
        return used.get(rules.Entitlement(rules.Balance.contract_units, patient_id, contract.id, code), 0)

    return {
        "id": contract.id,
        "patient": patient_id,
        "signed_on": contract.signed_on.isoformat(),
        **period(contract.valid),
        "terminated_on": _day(contract.terminated_on),
        "covers_visit_fee": contract.covers_visit_fee,
        "capitated_codes": sorted(contract.capitated_codes),
        "items": [
            {"code": code, "quantity": item.quantity, "counting": item.counting.value, "used": taken(code)}
            for code, item in contract.items.items()
        ],
    }


def bed(stay: rules.Bed, patient_id: str) -> Document:
    """Return a bed of a patient with its pauses, and what a day of it costs."""
    told: Document = {
        "id": stay.id,
        "patient": patient_id,
        "opened_on": stay.opened_on.isoformat(),
        "closed_on": _day(stay.closed_on),
        "pauses": [{"from": pause.first.isoformat(), "to": _day(pause.until)} for pause in stay.pauses],
        "payment": "per_item",
    }
    if stay.per_diem is not None:
        told |= {
            "payment": "per_diem",
            "daily_rate": _decimal(stay.per_diem.daily_rate),
            "per_diem_pay_ratio": _decimal(stay.per_diem.pay_ratio),
            "per_diem_year_cap": money.format_yuan(stay.per_diem.year_cap_fen),
            "excluded_codes": sorted(stay.per_diem.excluded_codes),
        }
    return told


def _visit(visit: rules.Visit, others: Mapping[str, str]) -> Document:
    started_at = datetime.combine(visit.service_on, visit.starts_at, tzinfo=LOCAL)
    return {
        "id": visit.id,
        "patient": others.get(visit.patient, visit.patient),
        "mode": visit.mode,
        "home": visit.home,
        "trip": visit.trip,
        "started_at": started_at.isoformat(),
        "verified": visit.verified,
        "staff": list(visit.staff),
        "distance_km": _decimal(visit.distance_km),
        "items": [{"code": item.code, "quantity": item.quantity} for item in visit.items],
    }
