"""Turns facts and rows of bills into what people read. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from service.billing import repository, rules, schemas, statement
from service.billing.cancelling.rules import CANCELLATION
from service.billing.models import Quote, Settlement, SettlementRefusal
from service.billing.totals import Totals
from service.billing.words import Payer

LABELS: Final[Mapping[Payer, str]] = {
    Payer.public_program: "公共卫生项目",
    Payer.bed_per_diem: "家庭病床床日费",
    Payer.capitation: "签约人头费",
    Payer.contract: "家庭医生签约",
    Payer.ltci: "长期护理保险",
    Payer.medical_insurance: "基本医疗保险",
    Payer.reduction: "减免",
    Payer.institution: "医疗机构分担",
    Payer.self_pay: "个人自付",
}
"""What people read for each payer."""

PREVENTING: Final = frozenset({Payer.public_program, Payer.bed_per_diem, Payer.capitation, Payer.contract})
"""Payers that have paid already: without them the patient would be charged again (不得重复收费)."""


def lines(facts: Iterable[statement.LineFacts]) -> list[schemas.LineRead]:
    """Return the lines of a bill that the kernel has just made."""
    return [schemas.LineRead.model_validate(line, from_attributes=True) for line in facts]


def quote(row: Quote) -> schemas.QuoteRead:
    """Return a quote."""
    said = [schemas.LineRead.model_validate(line) for line in row.bill["lines"]]
    return schemas.QuoteRead(
        **row.model_dump(
            include={
                "id",
                "institution_id",
                "person_id",
                "order_id",
                "service_on",
                "distance_metres",
                "quoted_at",
                "valid_until",
                "token",
                "accepted_at",
            }
        ),
        **_bill(said),
    )


def settlement(posted: repository.Posted) -> schemas.SettlementRead:
    """Return a bill as it was posted."""
    parts: defaultdict[int, list[schemas.FundingRead]] = defaultdict(list)
    for part in posted.fundings:
        parts[part.line_no].append(schemas.FundingRead.model_validate(part, from_attributes=True))
    said = [
        schemas.LineRead.model_validate({**line.model_dump(), "fundings": parts[line.line_no]}) for line in posted.lines
    ]
    back = posted.reversal
    return schemas.SettlementRead(
        **summary(posted.settlement, reversed_=back is not None).model_dump(exclude={"gross_fen", "patient_fen"}),
        **_bill(said),
        reversal=schemas.ReversalRead.model_validate(back, from_attributes=True) if back else None,
    )


def made(row: Settlement, said: Iterable[statement.LineFacts]) -> schemas.SettlementRead:
    """Return a bill that was posted just now, as reading it back would."""
    return schemas.SettlementRead(
        **summary(row, reversed_=False).model_dump(exclude={"gross_fen", "patient_fen"}),
        **_bill(lines(said)),
        reversal=None,
    )


def summary(row: Settlement, *, reversed_: bool) -> schemas.SettlementSummary:
    """Return a settlement as a list shows it."""
    return schemas.SettlementSummary(
        id=row.id,
        visit_id=row.visit_id,
        institution_id=row.institution_id,
        person_id=row.person_id,
        service_on=row.service_on,
        seq=row.seq,
        gross_fen=row.gross_fen,
        patient_fen=row.patient_fen,
        settled_at=row.settled_at,
        reversed=reversed_,
    )


def refusal(row: SettlementRefusal) -> schemas.RefusalRead:
    """Return why a visit could not be settled."""
    return schemas.RefusalRead.model_validate(row, from_attributes=True)


def totals(asked: schemas.Period, sums: Totals) -> schemas.TotalsRead:
    """Return the sums of a period."""
    paid = {source: sums.by_source.get(source, (0, 0)) for source in Payer}
    prevented = [paid[source] for source in PREVENTING]
    return schemas.TotalsRead(
        first=asked.first,
        last=asked.last,
        bills=sums.bills,
        gross_fen=sums.gross_fen,
        lines_fen=sums.lines_fen,
        paid_fen=sum(fen for _, fen in paid.values()),
        services_fen=sums.lines_fen - sums.visit_fee_fen,
        visit_fee_fen=sums.visit_fee_fen,
        patient_fen=sums.patient_fen,
        by_source=[
            schemas.SourceTotal(source=source, label=LABELS[source], parts=parts, amount_fen=fen)
            for source, (parts, fen) in paid.items()
        ],
        prevented_parts=sum(parts for parts, _ in prevented),
        prevented_fen=sum(fen for _, fen in prevented),
        fees_waived=sums.fees_waived,
    )


def _bill(said: Sequence[schemas.LineRead]) -> dict[str, Any]:
    by_source: defaultdict[Payer, int] = defaultdict(int)
    for line in said:
        for part in line.fundings:
            by_source[part.source] += part.amount_fen
    gross = sum(line.gross_fen for line in said)
    fee = sum(line.gross_fen for line in said if line.code in {rules.VISIT_FEE, CANCELLATION})
    return {
        "gross_fen": gross,
        "reduction_fen": by_source[Payer.reduction],
        "patient_fen": sum(line.patient_fen for line in said),
        "services_fen": gross - fee,
        "visit_fee_fen": fee,
        "payers": [
            schemas.PayerRead(source=source, label=LABELS[source], amount_fen=by_source[source])
            for source in Payer
            if by_source.get(source)
        ],
        "lines": list(said),
    }
