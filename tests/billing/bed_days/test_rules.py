"""Who bears what the fund does not pay, day by day, and which days are insured."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.billing import rules as kernel
from service.billing.bed_days import errors, rules, sharing
from service.catalog.per_diem_rules import StayKind
from service.core import money

FIRST = date(2026, 12, 20)
DAYS = [FIRST + timedelta(days=at) for at in range(40)]
RATIOS = st.integers(0, 10_000).map(lambda number: Decimal(number) / 10_000)


def billed(
    rate: Decimal, ratio: Decimal, cap_fen: int, count: int, insured: kernel.Period | None
) -> kernel.BedSettlement:
    bed = kernel.Bed("B1", FIRST, per_diem=kernel.PerDiem(rate, ratio, cap_fen))
    patient = kernel.Patient("P1", insured=insured, beds=(bed,))
    return kernel.settle_bed_days(bed, FIRST, DAYS[count - 1] + timedelta(days=1), patient=patient, used={}, billed=())


class TestLines:
    @given(
        rate=st.integers(0, 3_000_000).map(lambda number: Decimal(number) / 10_000),
        ratio=RATIOS,
        share=RATIOS,
        cap_fen=st.integers(0, 200_000),
        count=st.integers(1, 40),
        insured=st.none() | st.tuples(st.integers(0, 39), st.integers(0, 39)).map(sorted),
    )
    def test_fund_institution_and_patient_are_the_gross_of_each_day_and_line(
        self, rate: Decimal, ratio: Decimal, share: Decimal, cap_fen: int, count: int, insured: list[int] | None
    ) -> None:
        period = kernel.Period(DAYS[insured[0]], DAYS[insured[1]]) if insured else None
        bill = billed(rate, ratio, cap_fen, count, period)
        lines = rules.lines_of(bill, share, StayKind.treatment)
        assert [line.parts.gross_fen for line in lines] == [line.gross_fen for line in bill.lines]
        assert sum(line.parts.institution_fen + line.parts.patient_fen for line in lines) == bill.patient_fen
        for line, of in zip(lines, bill.lines, strict=True):
            assert line.parts.institution_fen == money.ratio_fen(of.patient_fen, share)
            assert sharing.sum_of(day.parts for day in line.days) == line.parts
            assert sum(paid.amount_fen for paid in line.fundings) == line.parts.gross_fen
            assert all(paid.amount_fen > 0 for paid in line.fundings)
        for day in (day for line in lines for day in line.days):
            assert min(day.parts.gross_fen, day.parts.fund_fen, day.parts.institution_fen, day.parts.patient_fen) >= 0

    @pytest.mark.requirement("R064")
    def test_says_who_pays_and_why(self) -> None:
        bill = billed(Decimal("80"), Decimal("0.95"), 1_500_000, 10, kernel.Period(FIRST))
        (line,) = rules.lines_of(bill, Decimal("0.25"), StayKind.medical_rehabilitation)
        assert line.reason == "2026年医疗康复10个床日，共800.00元（计入不计出）"
        assert [(paid.source, paid.reason) for paid in line.fundings] == [
            ("medical_insurance", "床日费由医保按床日支付760.00元，今年还可支付14240.00元"),
            ("institution", "医保不支付的部分由医疗机构按协议分担25%，计10.00元"),
            ("self_pay", "床日费医保支付、医疗机构分担后，您自付30.00元"),
        ]

    def test_who_pays_nothing_is_not_on_the_bill(self) -> None:
        (line,) = rules.lines_of(
            billed(Decimal("80"), Decimal("1"), 1_500_000, 10, kernel.Period(FIRST)), Decimal("1"), StayKind.treatment
        )
        assert [paid.source for paid in line.fundings] == ["medical_insurance"]
        (line,) = rules.lines_of(billed(Decimal("80"), Decimal("1"), 0, 1, None), Decimal("1"), StayKind.treatment)
        assert [(paid.source, paid.amount_fen) for paid in line.fundings] == [("institution", 8000)]


class TestInsuredPeriod:
    def test_is_from_the_first_to_the_last_insured_day_that_is_due(self) -> None:
        assert rules.insured_period(DAYS[:10], []) is None
        assert rules.insured_period(DAYS[:10], DAYS[3:30]) == kernel.Period(DAYS[3], DAYS[9])
        # a gap in days that are not due does not matter
        due = [*DAYS[:3], *DAYS[6:9]]
        assert rules.insured_period(due, [*DAYS[1:4], *DAYS[6:8]]) == kernel.Period(DAYS[1], DAYS[7])

    def test_refuses_an_interruption_and_names_the_day_after_it(self) -> None:
        with pytest.raises(errors.InsuranceInterrupted) as refused:
            rules.insured_period(DAYS[:10], [DAYS[1], DAYS[2], DAYS[5]])
        assert refused.value.facts == {"until": DAYS[5]}


class TestRefuseLong:
    def test_a_leap_year_is_the_most(self) -> None:
        rules.refuse_long(date(2028, 1, 1), date(2029, 1, 1))
        with pytest.raises(errors.BedPeriodTooLong):
            rules.refuse_long(date(2028, 1, 1), date(2029, 1, 2))
