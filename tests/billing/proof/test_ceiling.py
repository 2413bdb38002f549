"""What of a bill is not collected follows from the quote, the consents and a human's word that stand in its proof."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from service.billing import case as billing_case
from service.billing import ceiling, making, proof, reductions
from service.billing.proof import ceiling_part, document
from tests.billing import facts
from tests.billing.documents import place
from tests.billing.facts import Json

QUOTE = UUID(int=7)
INSURANCE = {"deductible": "0.00", "pay_ratio": "0.80", "yearly_cap": "20.00"}


@dataclass
class Given:
    """A consent."""

    amount_fen: int
    given_by: str = "elder"
    given_at: datetime = datetime(2026, 3, 2, tzinfo=UTC)


def bill(*consents: int, collect_rise: bool | None, uncollected_fen: int) -> Json:
    """Return the proof of a bill above its quote of 2.00: 3 × 10.00, of whose fund other bills have used 12.00 since.

    With the money as it was when it was quoted the fund would pay 20.00, now it pays 8.00: of 22.00 the family's part
    rises by 8.00 for what was added, and by 12.00 for the money.
    """
    case = facts.case_file(
        price_book=[facts.price("BP", insurance_class="A")],
        region={"insurance": INSURANCE},
        patients=[{"id": "P1", "insurance": {"from": "2026-01-01", "fund_used": {"2026": "12.00"}}}],
        visits=[facts.visit("V1", ("BP", 3))],
    )
    read = billing_case.read_case(json.dumps(case).encode())
    (visit,) = read.visits.values()
    asked: dict[str, Any] = {"patient": read.patients["P1"], "used": read.opening, "peers": ()}
    made = making.make(visit, terms=read.terms, **asked)
    assert made.patient_fen == 2200
    told = document.envelope(
        made, institution_code="I1", visit=visit, policy=read.terms.policy, limits=(), offer=reductions.NOTHING, **asked
    )
    quoted = {"lines": [{"code": "BP", "patient_fen": 200}], "case": {"patients": [{"id": "P1", "insurance": {}}]}}
    given = [Given(fen) for fen in consents]
    part = ceiling_part.document(QUOTE, quoted, given, collect_rise=collect_rise, uncollected_fen=uncollected_fen)
    agreed = ceiling.Ceiling({"BP": 200}, consents[-1] if consents else None)
    result = document.capped(told["result"], agreed, uncollected_fen)
    again: Json = json.loads(json.dumps(told | {"ceiling": part, "result": result}))
    return again


def check(told: Json) -> str | None:
    found = proof.check(json.dumps(told).encode())
    return found.path if found else None


class TestEqual:
    @pytest.mark.parametrize(
        ("consents", "collect_rise", "fen"),
        [
            ((), False, 2000),
            ((), True, 800),
            ((500,), True, 500),
            ((9900, 500), True, 500),
            ((1000,), False, 1200),
            ((2200,), True, 0),
            ((100,), True, 800),
            ((), None, 2000),
        ],
    )
    def test_it_follows_from_what_was_agreed_to(self, consents: tuple[int, ...], collect_rise: bool, fen: int) -> None:
        assert check(bill(*consents, collect_rise=collect_rise, uncollected_fen=fen)) is None


class TestDifferent:
    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("ceiling~uncollected_fen", 801),
            ("ceiling~quoted~BP", 300),
            ("ceiling~consents", [{"amount_fen": 600, "given_by": "crew", "given_at": "2026-03-02T09:00:00+08:00"}]),
            ("ceiling~collect_rise", False),
            ("ceiling~used~fund_fen", {"2026": "4.00"}),
        ],
    )
    def test_one_figure_changed_is_found_out(self, path: str, value: object) -> None:
        told = bill(collect_rise=True, uncollected_fen=800)
        container, key = place(told, path)
        container[key] = value
        assert check(told) == "$.ceiling.uncollected_fen"

    def test_so_is_a_figure_that_is_wrong_in_both_places(self) -> None:
        assert check(bill(collect_rise=True, uncollected_fen=700)) == "$.ceiling.uncollected_fen"

    def test_so_is_a_step_that_was_left_out(self) -> None:
        told = bill(collect_rise=True, uncollected_fen=800)
        del told["ceiling"]
        assert check(told) == "$.result.patient_fen"


class TestMalformed:
    @pytest.mark.parametrize(
        ("path", "value", "said"),
        [
            ("ceiling~quoted~BP", -1, "$.ceiling.quoted.BP"),
            ("ceiling~used~fund_fen", {"2026-03": "1.00"}, '$.ceiling.used.fund_fen["2026-03"]'),
            ("ceiling~used~ltci_fen", {"2026-03": "1.001"}, '$.ceiling.used.ltci_fen["2026-03"]'),
            ("ceiling~used~program_units", {}, "$.ceiling.used.program_units"),
            ("ceiling~consents", [{"amount_fen": 600}], "$.ceiling.consents[0].given_by"),
            ("ceiling~collect_rise", "yes", "$.ceiling.collect_rise"),
            ("ceiling~more", 1, "$.ceiling.more"),
        ],
    )
    def test_names_the_place(self, path: str, value: object, said: str) -> None:
        told = bill(collect_rise=True, uncollected_fen=800)
        container, key = place(told, path)
        container[key] = value
        with pytest.raises(billing_case.Malformed) as wrong:
            proof.check(json.dumps(told).encode())
        assert wrong.value.path == said
