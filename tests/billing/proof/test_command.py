"""`xunzhen bill --proof`: equal, or the first place where it is not; one sentence for a file that is no proof."""

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from service.billing import case as billing_case
from service.billing import limits, making, proof, reductions
from service.billing.proof import document
from service.cli import app
from tests.billing import facts
from tests.billing.documents import place
from tests.billing.facts import Json

Call = Callable[..., tuple[int, str, str]]
Write = Callable[[str, Any], str]


def full() -> Json:
    """Return the proof of a bill with all that there is: a limit, a housemate, a contract, a reduction."""
    at = {"home": "H1", "trip": "T1"}
    case = facts.case_file(
        price_book=[facts.price("BP"), facts.price("EKG", "33.3333")],
        visit_fee_tariff=[facts.tariff()],
        patients=[{"id": "P1"}, {"id": "P9"}],
        contracts=[facts.contract("C1", ("EKG", 5, 4))],
        visits=[facts.visit("V1", ("BP", 3), ("EKG", 2), **at), facts.visit("V2", **at, patient="P9")],
    )
    read = billing_case.read_case(json.dumps(case).encode())
    visit, peer = read.visits.values()
    rule = reductions.Rule("R1", "减免", frozenset({"low_income"}), frozenset(), Decimal("0.5"), 1000)
    asked: dict[str, Any] = {
        "patient": read.patients["P1"],
        "used": read.opening,
        "peers": (peer,),
        "limits": (limits.Limit("L1", "每日两次", frozenset({"BP"}), "D2026-03-02", 2, 1),),
        "offer": reductions.Offer((rule,), frozenset({"low_income"})),
    }
    made = making.make(visit, terms=read.terms, **asked)
    told = document.envelope(made, institution_code="I1", visit=visit, policy=read.terms.policy, **asked)
    again: Json = json.loads(json.dumps(told))
    return again


def changed(path: str, value: object) -> Json:
    told = full()
    container, key = place(told, path)
    container[key] = value
    return told


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(name: str, content: Any) -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    return write_file


@pytest.fixture
def xunzhen(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Call:
    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["xunzhen", "bill", "--proof", *arguments])
        with pytest.raises(SystemExit) as left:
            app.main()
        printed = capfdbinary.readouterr()
        return int(left.value.code or 0), printed.out.decode(), printed.err.decode()

    return call


class TestEqual:
    def test_says_so(self, xunzhen: Call, write: Write) -> None:
        assert xunzhen(write("a.json", full())) == (0, "一致\n", "")

    def test_of_several_files_each_is_named_and_one_that_differs_is_enough(self, xunzhen: Call, write: Write) -> None:
        paths = write("a.json", full()), write("b.json", changed("result~gross_fen", 1))
        code, out, err = xunzhen(*paths)
        assert (code, err) == (1, "")
        first, second = out.splitlines()
        assert first == f"{paths[0]}：一致"
        assert second.startswith(f"{paths[1]}：不一致：$.result.gross_fen 证明写的是 1，复算得 ")


class TestDifferent:
    @pytest.mark.parametrize(
        ("path", "value", "said"),
        [
            ("rules", "xunzhen.billing-rules/0", "$.rules"),
            ("limits~rows~0~used", 2, "$.limits.cut[0].quantity"),
            ("limits~rows~0~maximum", 9, "$.limits.cut[0]"),
            ("limits~cut", [], "$.limits.cut[0]"),
            ("limits~items~0~quantity", 4, "$.limits.cut[0].quantity"),
            ("limits~visit_fee", "none", "$.result.gross_fen"),
            ("case~visits~0~items~0~quantity", 2, "$.case.visits[0].items[0].quantity"),
            ("case~policy~visit_fee", "none", "$.case.policy.visit_fee"),
            ("case~price_book~0~unit_price", "11", "$.reductions.applied[0].amount_fen"),
            ("case~contracts~0~items~0~used", 5, "$.result.patient_fen"),
            ("case~visits~1~distance_km", "2.5", None),
            ("case~visits~1~verified", False, "$.result.gross_fen"),
            ("case~visits~0~verified", False, "$.result"),
            ("reductions~groups", [], "$.reductions.applied[0]"),
            ("reductions~rows~0~cap_fen", None, "$.reductions.applied[1].amount_fen"),
            ("reductions~applied~0~amount_fen", 501, "$.reductions.applied[0].amount_fen"),
            ("result~lines~0~patient_fen", True, "$.result.lines[0].patient_fen"),
            ("result~lines~2~status", "charged", "$.result.lines[2].status"),
            ("result~more", 1, "$.result.more"),
        ],
    )
    def test_the_first_place_is_named(self, path: str, value: object, said: str | None) -> None:
        found = proof.check(json.dumps(changed(path, value)).encode())
        assert (found.path if found else None) == said


class TestMalformed:
    @pytest.mark.parametrize(
        ("path", "value", "said"),
        [
            (
                "format",
                "xunzhen.proof/2",
                "$.format 应为 xunzhen.proof/1、xunzhen.bed-days-proof/1、xunzhen.cancellation-proof/1 之一",
            ),
            ("cancellation", {}, "$.cancellation 不属于这种证明，应为 null"),
            ("more", 1, "$.more 是未知字段"),
            ("limits~rows~0~used", -1, "$.limits.rows[0].used 应为不小于 0 的整数"),
            ("limits~rows~0~codes", "BP", "$.limits.rows[0].codes 应为数组"),
            ("limits~items~0~quantity", 0, "$.limits.items[0].quantity 应为不小于 1 的整数"),
            ("limits~visit_fee", "maybe", "$.limits.visit_fee 应为 charge、none 之一"),
            ("case~events", [{"settle": "V9"}], "$.case.events 应只结算一次案例里的上门"),
            ("case~visits~0~verified", 1, "$.case.visits[0].verified 应为 true 或 false"),
            ("reductions~rows~0~ratio", "1.1", "$.reductions.rows[0].ratio 应为不大于 1 的比例"),
            ("reductions~rows~0~ratio", "0", "$.reductions.rows[0].ratio 应大于 0"),
            ("reductions~rows~0~cap_fen", "10", "$.reductions.rows[0].cap_fen 应为整数"),
        ],
    )
    def test_is_one_sentence_that_names_the_place(
        self, xunzhen: Call, write: Write, path: str, value: object, said: str
    ) -> None:
        good, bad = write("good.json", full()), write("bad.json", changed(path, value))
        assert xunzhen(good, bad) == (2, "", f"{bad}：{said}。\n")

    def test_each_part_is_needed(self) -> None:
        for part in full():
            told = copy.deepcopy(full())
            del told[part]
            with pytest.raises(billing_case.Malformed) as wrong:
                proof.check(json.dumps(told).encode())
            assert wrong.value.path == f"$.{part}"

    def test_a_case_is_no_proof(self, xunzhen: Call, write: Write) -> None:
        code, out, err = xunzhen(write("case.json", facts.case_file()))
        assert (code, out, len(err.splitlines())) == (2, "", 1)
