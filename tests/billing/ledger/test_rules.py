"""A bill becomes balanced postings, whoever pays and whatever was sold."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.billing.ledger import rules
from service.billing.ledger.rules import Account, Book, Charge, Income, Part, Posting

ALL_NINE = list(rules.DEBITED)

charges = st.lists(
    st.builds(
        Charge,
        code=st.sampled_from(["BP", "VISIT_FEE", "BED_DAY"]),
        income=st.builds(
            Income,
            income_class=st.sampled_from(["unified", "memorandum"]),
            category=st.sampled_from(["service", "drug", "consumable"]),
        ),
        parts=st.lists(
            st.builds(
                Part,
                source=st.sampled_from(ALL_NINE),
                amount_fen=st.integers(0, 10**9),
                income_class=st.sampled_from([None, None, "unified", "memorandum"]),
            ),
            max_size=5,
        ).map(tuple),
    ),
    max_size=8,
)


class TestPostings:
    def test_each_payer_owes_his_part_and_the_income_says_what_was_sold(self) -> None:
        bill = [
            Charge("BP", Income(), (Part("contract", 500), Part("self_pay", 200))),
            Charge("DRUG", Income(category="drug"), (Part("medical_insurance", 800), Part("self_pay", 300))),
            Charge("VISIT_FEE", Income(), (Part("self_pay", 7800),)),
        ]
        assert rules.postings_of(bill) == (
            Posting(Book.medical, Account.owed_by_patient, 8300, 0),
            Posting(Book.medical, Account.owed_by_insurance, 800, 0),
            Posting(Book.medical, Account.owed_by_contract, 500, 0),
            Posting(Book.medical, Account.service_income, 0, 700),
            Posting(Book.medical, Account.drug_income, 0, 1100),
            Posting(Book.medical, Account.visit_fee_income, 0, 7800),
        )

    @pytest.mark.requirement("R056")
    def test_memorandum_income_stands_in_a_book_of_its_own(self) -> None:
        bill = [
            Charge("BATH", Income("memorandum"), (Part("ltci", 6000), Part("self_pay", 1000))),
            Charge("BP", Income(), (Part("self_pay", 500),)),
        ]
        by_book = Counter[Book]()
        for each in rules.postings_of(bill):
            by_book[each.book] += each.credit_fen
        assert by_book == {Book.medical: 500, Book.elder_care: 7000}

    def test_what_a_package_pays_is_income_of_its_class(self) -> None:
        bill = [Charge("BP", Income(), (Part("contract", 500, "memorandum"), Part("self_pay", 200)))]
        assert rules.postings_of(bill) == (
            Posting(Book.medical, Account.owed_by_patient, 200, 0),
            Posting(Book.medical, Account.service_income, 0, 200),
            Posting(Book.elder_care, Account.owed_by_contract, 500, 0),
            Posting(Book.elder_care, Account.service_income, 0, 500),
        )

    def test_every_source_has_an_account_of_its_own(self) -> None:
        assert len(ALL_NINE) == 9 == len(set(rules.DEBITED.values()))
        assert set(rules.DEBITED.values()) | rules.INCOME == set(Account)

    def test_a_bill_of_nothing_has_no_postings(self) -> None:
        assert rules.postings_of([Charge("BP", Income(), ()), Charge("X", Income(), (Part("self_pay", 0),))]) == ()

    @given(charges)
    @pytest.mark.requirement("R055")
    def test_debits_are_credits_in_each_book_and_the_bill_in_all(self, bill: list[Charge]) -> None:
        postings = rules.postings_of(bill)
        assert rules.is_balanced(postings)
        assert rules.gross_fen(postings) == sum(charge.gross_fen for charge in bill)
        assert all((each.debit_fen == 0) != (each.credit_fen == 0) for each in postings)
        assert len({(each.book, each.account) for each in postings}) == len(postings)

    @given(charges)
    def test_red_takes_back_to_the_fen(self, bill: list[Charge]) -> None:
        postings = rules.postings_of(bill)
        back = rules.red(postings)
        assert [(each.book, each.account) for each in back] == [(each.book, each.account) for each in postings]
        assert rules.gross_fen([*postings, *back]) == rules.patient_fen([*postings, *back]) == 0
        assert rules.red(back) == postings

    @pytest.mark.parametrize(
        ("charge", "said"),
        [
            (Charge("BP", Income("other"), (Part("self_pay", 1),)), "other"),
            (Charge("BP", Income(category="food"), (Part("self_pay", 1),)), "food"),
            (Charge("BP", Income(), (Part("charity", 1),)), "charity"),
            (Charge("BP", Income(), (Part("self_pay", -1),)), "not negative"),
        ],
    )
    def test_refuses_what_the_chart_does_not_know(self, charge: Charge, said: str) -> None:
        with pytest.raises(ValueError, match=said):
            rules.postings_of([charge])


def test_an_unbalanced_book_is_noticed_though_the_sum_of_both_is_even() -> None:
    crossed = [
        Posting(Book.medical, Account.owed_by_patient, 100, 0),
        Posting(Book.elder_care, Account.service_income, 0, 100),
    ]
    assert not rules.is_balanced(crossed)


def test_an_invoice_number_is_the_year_and_eight_digits() -> None:
    assert rules.invoice_no(2026, 42) == "202600000042"
