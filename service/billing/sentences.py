"""One plain sentence for each line of a bill, for the elder: which use of what it is, who pays, what he pays. Pure.

“血压测量：签约服务包第7次/共8次，免费”.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from service.billing import rules
from service.billing.statement import FundingFacts, LineFacts
from service.billing.words import LineStatus, Payer
from service.core import money

_PLAIN: Final[Mapping[Payer, str]] = {
    Payer.bed_per_diem: "已含在家庭病床床日费里",
    Payer.capitation: "已含在签约人头费里",
    Payer.reduction: "减免{yuan}元",
    Payer.institution: "医疗机构承担{yuan}元",
    Payer.self_pay: "您付{yuan}元",
    Payer.ltci: "长期护理保险付{yuan}元（本月还可付{remaining}元）",
    Payer.medical_insurance: "医保付{yuan}元（今年还可付{remaining}元）",
}
_COUNTED: Final[Mapping[Payer, str]] = {Payer.contract: "签约服务包", Payer.public_program: "公共卫生项目今年"}


@dataclass(frozen=True, slots=True)
class Grant:
    """How many units are granted of a service; `by_visit`: one use pays all units of a line."""

    units: int
    by_visit: bool = False


Grants: TypeAlias = Mapping[tuple[str, str], Grant]
"""(contract or programme, code) → what it grants."""


def grants_of(patient: rules.Patient, programmes: Mapping[str, rules.Programme]) -> dict[tuple[str, str], Grant]:
    """Return what the contracts of a patient, and programmes, grant."""
    found = {(each.id, code): Grant(units) for each in programmes.values() for code, units in each.per_year.items()}
    for contract in patient.contracts:
        for code, item in contract.items.items():
            found[contract.id, code] = Grant(item.quantity, item.counting is rules.Counting.visit)
    return found


def say(lines: Iterable[LineFacts], grants: Grants) -> tuple[LineFacts, ...]:
    """Return the lines with their sentences."""
    return tuple(replace(line, sentence=sentence(line, grants)) for line in lines)


def sentence(line: LineFacts, grants: Grants) -> str:
    """Say in one sentence what a line costs the elder, and why not more."""
    if line.status is LineStatus.waived:
        return f"{line.name}：免收"
    if line.status is not LineStatus.charged:
        return line.reason
    parts = [_part(paid, line.code, grants) for paid in line.fundings]
    if not line.patient_fen:
        parts.append("免费")
    return f"{line.name}：{'，'.join(parts)}"


def _part(paid: FundingFacts, code: str, grants: Grants) -> str:
    if paid.source not in _COUNTED:
        return _PLAIN[paid.source].format(
            yuan=money.format_yuan(paid.amount_fen), remaining=money.format_yuan(paid.remaining or 0)
        )
    payer, grant = _COUNTED[paid.source], grants.get((str(paid.ref_id), code))
    if grant is None or paid.units is None or paid.remaining is None:
        # a contract that covers the fee itself counts nothing
        return f"{payer.removesuffix('今年')}支付"
    last = grant.units - paid.remaining
    first = last if grant.by_visit else last - paid.units + 1
    which = f"{first}" if first == last else f"{first}–{last}"
    return f"{payer}第{which}次/共{grant.units}次"
