"""One plain sentence per line: which use it is, who pays, what the elder pays."""

from uuid import UUID

import pytest

from service.billing import sentences
from service.billing.sentences import Grant
from service.billing.statement import FundingFacts, LineFacts
from service.billing.words import LineStatus, Payer
from tests.billing.day import Day, line_of
from tests.billing.test_quotes import quote

CONTRACT = UUID(int=1)


def line(*fundings: FundingFacts, status: LineStatus = LineStatus.charged, reason: str = "") -> LineFacts:
    own = sum(paid.amount_fen for paid in fundings if paid.source is Payer.self_pay)
    gross = sum(paid.amount_fen for paid in fundings)
    return LineFacts("BP", "血压测量", 1, 1, status, gross, own, None, reason, fundings)


def paid(source: Payer, fen: int, *, units: int | None = None, left: int | None = None) -> FundingFacts:
    return FundingFacts(source, fen, units, CONTRACT, "", remaining=left)


class TestSentence:
    @pytest.mark.parametrize(
        ("grant", "fundings", "said"),
        [
            (Grant(8), [paid(Payer.contract, 500, units=1, left=1)], "血压测量：签约服务包第7次/共8次，免费"),
            (Grant(8), [paid(Payer.contract, 1500, units=3, left=1)], "血压测量：签约服务包第5–7次/共8次，免费"),
            (Grant(8, by_visit=True), [paid(Payer.contract, 1500, units=3, left=1)],
             "血压测量：签约服务包第7次/共8次，免费"),
            (Grant(4), [paid(Payer.public_program, 500, units=1, left=2)],
             "血压测量：公共卫生项目今年第2次/共4次，免费"),
            (Grant(1), [paid(Payer.contract, 500, units=1, left=0), paid(Payer.self_pay, 500)],
             "血压测量：签约服务包第1次/共1次，您付5.00元"),
            (None, [paid(Payer.contract, 500)], "血压测量：签约服务包支付，免费"),
            (None, [paid(Payer.ltci, 400, left=9600), paid(Payer.self_pay, 100)],
             "血压测量：长期护理保险付4.00元（本月还可付96.00元），您付1.00元"),
            (None, [paid(Payer.medical_insurance, 400, left=1), paid(Payer.reduction, 60), paid(Payer.self_pay, 40)],
             "血压测量：医保付4.00元（今年还可付0.01元），减免0.60元，您付0.40元"),
            (None, [paid(Payer.bed_per_diem, 500, units=1)], "血压测量：已含在家庭病床床日费里，免费"),
            (None, [paid(Payer.capitation, 500, units=1)], "血压测量：已含在签约人头费里，免费"),
            (None, [paid(Payer.institution, 500)], "血压测量：医疗机构承担5.00元，免费"),
            (None, [], "血压测量：免费"),
        ],
    )  # fmt: skip
    def test_says_which_use_who_pays_and_what_is_left(
        self, grant: Grant | None, fundings: list[FundingFacts], said: str
    ) -> None:
        grants = {(str(CONTRACT), "BP"): grant} if grant else {}
        assert sentences.sentence(line(*fundings), grants) == said

    def test_what_is_not_charged_says_why(self) -> None:
        assert sentences.sentence(line(status=LineStatus.waived), {}) == "血压测量：免收"
        assert sentences.sentence(line(status=LineStatus.included, reason="已含在“查床”里"), {}) == "已含在“查床”里"


class TestQuoteAndBill:
    async def test_both_say_the_same_of_the_seventh_of_eight(self, day: Day) -> None:
        await day.price("BP", "5")
        home_id = await day.world.add_home()
        person_id = await day.world.add_patient(home_id=home_id)
        await day.contract(person_id, {"BP": 8})
        await day.bill(await day.visit(person_id, ("BP", 6)))
        quoted = await quote(day, person_id, home_id, ("BP", 1))
        assert quoted.lines[0].sentence == "BP：签约服务包第7次/共8次，免费"
        bill = await day.bill(await day.visit(person_id, ("BP", 1), home_id=home_id))
        assert line_of(bill, "BP")["sentence"] == quoted.lines[0].sentence
        assert line_of(bill, "BP")["fundings"][0]["remaining"] == 1
