"""Reads the patients of a billing case, what may pay for them, and what each balance has used before."""

import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final

from service.billing import rules
from service.billing.case import node, terms_reader
from service.billing.case.node import Fields, Node

Opening = dict[rules.Entitlement, int]
"""What the file says has been used; it keeps zeros, for what the file gives is listed in the result."""

_YEAR: Final = re.compile(r"[0-9]{4}")
_MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_PER_DIEM: Final = ("daily_rate", "per_diem_pay_ratio", "per_diem_year_cap")
_INSURANCE: Final = {
    "deductible_used": rules.Balance.deductible_fen,
    "fund_used": rules.Balance.fund_fen,
    "per_diem_used": rules.Balance.per_diem_fen,
}


class _Payment(StrEnum):
    """How a bed is paid."""

    per_diem = "per_diem"
    per_item = "per_item"


def read_patients(fields: Fields, terms: rules.Terms, opening: Opening) -> dict[str, rules.Patient]:
    """Read the patients with their contracts and beds, in the order of the file, and add what is used to `opening`.

    Raises:
        Malformed: names the first path that is wrong.
    """
    patients = terms_reader.unique(fields["patients"], "id", lambda member: _read_patient(member, terms, opening))
    known = {name for name, _ in patients}
    contracts: dict[str, list[rules.Contract]] = {}
    beds: dict[str, list[rules.Bed]] = {}
    if "contracts" in fields:
        signed = terms_reader.unique(fields["contracts"], "id", lambda member: _read_contract(member, known, opening))
        for _, (patient, contract) in signed:
            contracts.setdefault(patient, []).append(contract)
    if "beds" in fields:
        for _, (patient, bed) in terms_reader.unique(fields["beds"], "id", lambda member: _read_bed(member, known)):
            beds.setdefault(patient, []).append(bed)
    return {
        name: rules.Patient(
            id=name,
            enrolments=patient.enrolments,
            ltci_grade=patient.ltci_grade,
            insured=patient.insured,
            contracts=tuple(contracts.get(name, ())),
            beds=tuple(beds.get(name, ())),
        )
        for name, patient in patients
    }


def read_reference(name: Node, known: Mapping[str, object] | set[str]) -> str:
    """Read an id that must be among `known`.

    Raises:
        Malformed: no string, or an unknown id.
    """
    if name.text() not in known:
        raise name.wrong("指向不存在的 id")
    return name.text()


def read_money(used: Node, patient: str, balances: Collection[rules.Balance]) -> Opening:
    """Read what of each of some balances of money a patient has used: by its name, its period, in yuan.

    Raises:
        Malformed: another balance, no period of it, or no amount.
    """
    opening: Opening = {}
    fields = used.fields(" ".join(sorted(balance.value for balance in balances)))
    for name, periods in fields.items():
        balance = rules.Balance(name)
        pattern = _MONTH if balance is rules.Balance.ltci_fen else _YEAR
        for period, amount in _periods(periods, pattern):
            opening[rules.Entitlement(balance, patient, period=period)] = amount.fen()
    return opening


def _read_patient(member: Node, terms: rules.Terms, opening: Opening) -> tuple[str, rules.Patient]:
    fields = member.fields("id", "programs ltci insurance")
    name = fields["id"].text()
    enrolments: tuple[rules.Enrolment, ...] = ()
    if "programs" in fields:
        read = terms_reader.unique(
            fields["programs"], "id", lambda enrolment: _read_enrolment(enrolment, name, terms, opening)
        )
        enrolments = tuple(enrolment for _, enrolment in read)
    ltci, insurance = node.given(fields, "ltci"), node.given(fields, "insurance")
    return name, rules.Patient(
        id=name,
        enrolments=enrolments,
        ltci_grade=None if ltci is None else _read_ltci(ltci, name, opening),
        insured=None if insurance is None else _read_insurance(insurance, name, opening),
    )


def _read_enrolment(member: Node, patient: str, terms: rules.Terms, opening: Opening) -> tuple[str, rules.Enrolment]:
    fields = member.fields("id from", "to used")
    name = read_reference(fields["id"], terms.programmes)
    if "used" in fields:
        for code, years in _entries(fields["used"]):
            for year, units in _periods(years, _YEAR):
                used = rules.Entitlement(rules.Balance.program_units, patient, name, code, year)
                opening[used] = units.count()
    return name, rules.Enrolment(name, terms_reader.read_period(fields))


def _read_ltci(ltci: Node, patient: str, opening: Opening) -> int:
    fields = ltci.fields("grade", "used")
    if "used" in fields:
        for month, amount in _periods(fields["used"], _MONTH):
            opening[rules.Entitlement(rules.Balance.ltci_fen, patient, period=month)] = amount.fen()
    return fields["grade"].integer()


def _read_insurance(insurance: Node, patient: str, opening: Opening) -> rules.Period:
    fields = insurance.fields("from", "to deductible_used fund_used per_diem_used")
    for name, balance in _INSURANCE.items():
        if name in fields:
            for year, amount in _periods(fields[name], _YEAR):
                opening[rules.Entitlement(balance, patient, period=year)] = amount.fen()
    return terms_reader.read_period(fields)


def _read_contract(member: Node, known: set[str], opening: Opening) -> tuple[str, tuple[str, rules.Contract]]:
    fields = member.fields("id patient signed_on from", "to terminated_on covers_visit_fee capitated_codes items")
    name, patient = fields["id"].text(), read_reference(fields["patient"], known)
    terminated_on = node.given(fields, "terminated_on")
    items: dict[str, rules.ContractItem] = {}
    if "items" in fields:
        for code, (item, used) in terms_reader.unique(fields["items"], "code", _read_item):
            items[code] = item
            opening[rules.Entitlement(rules.Balance.contract_units, patient, name, code)] = used
    return name, (
        patient,
        rules.Contract(
            id=name,
            signed_on=fields["signed_on"].day(),
            valid=terms_reader.read_period(fields),
            terminated_on=None if terminated_on is None else terminated_on.day(),
            covers_visit_fee=fields["covers_visit_fee"].flag() if "covers_visit_fee" in fields else False,
            capitated_codes=terms_reader.texts(fields.get("capitated_codes")),
            items=items,
        ),
    )


def _read_item(member: Node) -> tuple[str, tuple[rules.ContractItem, int]]:
    fields = member.fields("code quantity counting", "used")
    item = rules.ContractItem(fields["quantity"].count(), fields["counting"].word(rules.Counting))
    return fields["code"].text(), (item, fields["used"].count() if "used" in fields else 0)


def _read_bed(member: Node, known: set[str]) -> tuple[str, tuple[str, rules.Bed]]:
    fields = member.fields("id patient opened_on payment", f"closed_on excluded_codes pauses {' '.join(_PER_DIEM)}")
    if fields["payment"].value == _Payment.per_diem:
        member.fields(" ".join(_PER_DIEM), " ".join(fields))
    name, closed_on = fields["id"].text(), node.given(fields, "closed_on")
    bed = rules.Bed(
        id=name,
        opened_on=fields["opened_on"].day(),
        closed_on=None if closed_on is None else closed_on.day(),
        pauses=tuple(_read_pause(pause) for pause in fields["pauses"].items()) if "pauses" in fields else (),
        per_diem=_read_per_diem(fields),
    )
    return name, (read_reference(fields["patient"], known), bed)


def _read_pause(member: Node) -> rules.Pause:
    period = terms_reader.read_period(member.fields("from", "to"))
    return rules.Pause(period.first, period.last)


def _read_per_diem(fields: Fields) -> rules.PerDiem | None:
    """Read what a bed costs by the day; a bed paid per item may say it as well, to no effect."""
    by_the_day = fields["payment"].word(_Payment) is _Payment.per_diem
    excluded = terms_reader.texts(fields.get("excluded_codes"))
    named = {name: fields[name] for name in _PER_DIEM if by_the_day or node.given(fields, name) is not None}
    rate = named["daily_rate"].decimal() if "daily_rate" in named else Decimal(0)
    ratio = named["per_diem_pay_ratio"].ratio() if "per_diem_pay_ratio" in named else Decimal(0)
    cap = named["per_diem_year_cap"].fen() if "per_diem_year_cap" in named else 0
    return rules.PerDiem(rate, ratio, cap, excluded) if by_the_day else None


def _entries(used: Node) -> Iterator[tuple[str, Node]]:
    for key, value in used.entries().items():
        if not node.is_text(key):
            raise value.wrong("含有残缺的字符")
        yield key, value


def _periods(used: Node, pattern: re.Pattern[str]) -> Iterator[tuple[str, Node]]:
    for key, value in used.entries().items():
        if not pattern.fullmatch(key):
            raise value.wrong("不是年份或月份")
        yield key, value
