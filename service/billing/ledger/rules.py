"""The books (医疗 / 养老), the chart of accounts, and how a bill becomes balanced postings. Pure.

A bill debits those who owe its money, one account per payer, and credits what it was charged for. Which book a line
goes into follows from its income class: 统一管理 is medical, 单列备查 is kept apart for elder care (R055, R056).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

UNIFIED: Final = "unified"
MEMORANDUM: Final = "memorandum"


class Book(StrEnum):
    """The two books of an institution: medical income, and elder-care income kept apart (单独核算、单列备查账)."""

    medical = "medical"
    elder_care = "elder_care"


class LedgerSource(StrEnum):
    """What an entry is posted for; with the id of its row it is posted once. Each reversal takes one of them back."""

    settlement = "settlement"
    reversal = "reversal"
    bed_days = "bed_days"
    bed_days_reversal = "bed_days_reversal"


REVERSES: Final[Mapping[LedgerSource, LedgerSource]] = {
    LedgerSource.reversal: LedgerSource.settlement,
    LedgerSource.bed_days_reversal: LedgerSource.bed_days,
}
"""Reversal → what it takes back."""


class Account(StrEnum):
    """The chart of accounts: who owes (1), what was earned (4), what the institution bears itself (4101.90, 5)."""

    owed_by_patient = "1212.01"
    owed_by_insurance = "1212.02"
    owed_by_ltci = "1212.03"
    owed_by_programme = "1212.04"
    owed_by_contract = "1212.05"
    owed_by_capitation = "1212.06"
    owed_by_per_diem = "1212.07"
    service_income = "4101.01"
    drug_income = "4101.02"
    consumable_income = "4101.03"
    visit_fee_income = "4101.04"
    bed_day_income = "4101.05"
    reduction = "4101.90"
    borne_by_institution = "5001.01"


BOOK_NAMES: Final[Mapping[Book, str]] = {Book.medical: "医疗账", Book.elder_care: "养老账（单列备查）"}
CLASS_NAMES: Final[Mapping[str, str]] = {UNIFIED: "统一管理", MEMORANDUM: "单列备查"}
ACCOUNT_NAMES: Final[Mapping[Account, str]] = {
    Account.owed_by_patient: "应收个人自付款",
    Account.owed_by_insurance: "应收医疗保险款",
    Account.owed_by_ltci: "应收长期护理保险款",
    Account.owed_by_programme: "应收公共项目经费",
    Account.owed_by_contract: "应收签约服务费",
    Account.owed_by_capitation: "应收按人头付费款",
    Account.owed_by_per_diem: "应收按床日付费款",
    Account.service_income: "服务项目收入",
    Account.drug_income: "药品收入",
    Account.consumable_income: "耗材收入",
    Account.visit_fee_income: "上门服务费收入",
    Account.bed_day_income: "床日收入",
    Account.reduction: "减免",
    Account.borne_by_institution: "医疗机构分担",
}
DEBITED: Final[Mapping[str, Account]] = {
    "public_program": Account.owed_by_programme,
    "bed_per_diem": Account.owed_by_per_diem,
    "capitation": Account.owed_by_capitation,
    "contract": Account.owed_by_contract,
    "ltci": Account.owed_by_ltci,
    "medical_insurance": Account.owed_by_insurance,
    "reduction": Account.reduction,
    "institution": Account.borne_by_institution,
    "self_pay": Account.owed_by_patient,
}
"""All nine sources of a bill's money → the account that its part is debited to, in the order of the bill."""
INCOME: Final = frozenset(account for account in Account if account.name.endswith("_income"))
_CREDITED_BY_CODE: Final[Mapping[str, Account]] = {
    "VISIT_FEE": Account.visit_fee_income,
    "BED_DAY": Account.bed_day_income,
    "CANCELLATION": Account.visit_fee_income,
}
_CREDITED: Final[Mapping[str, Account]] = {
    "service": Account.service_income,
    "drug": Account.drug_income,
    "consumable": Account.consumable_income,
}


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of an entry. Both amounts are 0 or more; in a red entry, which takes another back, 0 or less."""

    book: Book
    account: Account
    debit_fen: int
    credit_fen: int


@dataclass(frozen=True, slots=True)
class Income:
    """What the money of a line is: its income class, and whether a service, a drug or a consumable was sold."""

    income_class: str = UNIFIED
    category: str = "service"


DEFAULT_INCOME: Final = Income()


@dataclass(frozen=True, slots=True)
class Part:
    """What one source pays of a line; `income_class` None: the line's own."""

    source: str
    amount_fen: int
    income_class: str | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """A line of a bill as the ledger needs it."""

    code: str
    income: Income
    parts: tuple[Part, ...]

    @property
    def gross_fen(self) -> int:
        """What the line comes to: the sum of its parts."""
        return sum(part.amount_fen for part in self.parts)


def book_of(income_class: str) -> Book:
    """Return the book of an income class: 统一管理 → medical, 单列备查 → elder care.

    Raises:
        ValueError: there is no such class.
    """
    match income_class:
        case "unified":
            return Book.medical
        case "memorandum":
            return Book.elder_care
    raise ValueError(f"{income_class}: no income class")


def class_of(book: Book) -> str:
    """Return the income class whose money a book holds."""
    return MEMORANDUM if book is Book.elder_care else UNIFIED


def postings_of(charges: Iterable[Charge]) -> tuple[Posting, ...]:
    """Return the postings of a bill, one per book and account, in that order; debits equal credits in each book.

    A bill of nothing has none.

    Raises:
        ValueError: an unknown source, category or class, or a negative part.
    """
    debits: dict[tuple[Book, Account], int] = {}
    earnings: dict[tuple[Book, Account], int] = {}
    for charge in charges:
        earned = _CREDITED_BY_CODE.get(charge.code) or _look_up(_CREDITED, charge.income.category)
        for part in charge.parts:
            if part.amount_fen < 0:
                raise ValueError(f"{charge.code}: a part is not negative")
            book = book_of(part.income_class or charge.income.income_class)
            owed = _look_up(DEBITED, part.source)
            debits[book, owed] = debits.get((book, owed), 0) + part.amount_fen
            earnings[book, earned] = earnings.get((book, earned), 0) + part.amount_fen
    found = [Posting(*at, debit_fen=amount, credit_fen=0) for at, amount in debits.items() if amount]
    found += [Posting(*at, debit_fen=0, credit_fen=amount) for at, amount in earnings.items() if amount]
    return tuple(sorted(found, key=lambda each: (list(Book).index(each.book), each.account)))


def red(postings: Iterable[Posting]) -> tuple[Posting, ...]:
    """Return the postings that take others back (红字): the same accounts and sides, each amount negative."""
    return tuple(Posting(each.book, each.account, -each.debit_fen, -each.credit_fen) for each in postings)


def is_balanced(postings: Sequence[Posting]) -> bool:
    """Return whether debits equal credits in every book."""
    return all(
        sum(each.debit_fen - each.credit_fen for each in postings if each.book is book) == 0
        for book in {each.book for each in postings}
    )


def gross_fen(postings: Iterable[Posting]) -> int:
    """Return what the postings come to: the sum of their credits."""
    return sum(each.credit_fen for each in postings)


def patient_fen(postings: Iterable[Posting]) -> int:
    """Return what the patient owes by them."""
    return sum(each.debit_fen for each in postings if each.account is Account.owed_by_patient)


def invoice_no(year: int, number: int) -> str:
    """Return an invoice's number as people read it: the year and eight digits."""
    return f"{year:04d}{number:08d}"


def _look_up(known: Mapping[str, Account], word: str) -> Account:
    if word not in known:
        raise ValueError(f"{word}: the chart of accounts has no such word")
    return known[word]
