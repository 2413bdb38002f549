"""What counts as a double charge prevented."""

from typing import Any

from service.demo import report


def line(code: str, status: str, *fundings: tuple[str, int], gross: int, quantity: int | None = 1) -> dict[str, Any]:
    return {
        "code": code,
        "name": code,
        "quantity": quantity,
        "status": status,
        "gross_fen": gross,
        "reason": f"{code} {status}",
        "fundings": [
            {"source": source, "amount_fen": fen, "units": None, "reason": source} for source, fen in fundings
        ],
    }


class TestPrevented:
    def test_names_what_contract_and_programme_have_paid_and_not_what_insurance_pays(self) -> None:
        bill = {
            "person_id": "p",
            "lines": [
                line("BP", "charged", ("public_program", 500), ("contract", 500), ("self_pay", 500), gross=1500),
                line("WOUND", "charged", ("medical_insurance", 2920), ("self_pay", 730), gross=3650),
            ],
        }
        assert [(each["code"], each["payer"], each["fen"]) for each in report.prevented([bill], {"p": 3})] == [
            ("BP", "public_program", 500),
            ("BP", "contract", 500),
        ]

    def test_prices_what_another_item_has_in_it(self) -> None:
        bill = {"person_id": "p", "lines": [line("BP", "included", gross=0, quantity=2)]}
        assert [(each["elder"], each["payer"], each["fen"]) for each in report.prevented([bill], {"p": 3})] == [
            (3, "included", 1000)
        ]
