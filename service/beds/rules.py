"""When a home bed may be opened and closed: its dates, its doctor, the reason of its end."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID

from service.beds import errors
from service.core.dates import Dated, in_force


class BedPayment(StrEnum):
    """How a bed is paid: item by item, or by the day (按床日付费) but for the excluded codes."""

    per_item = "per_item"
    per_diem = "per_diem"


class ClosingReason(StrEnum):
    """撤床情况, as the closing certificate lists it."""

    cured = "治愈"
    improved = "好转"
    not_cured = "未愈"
    died = "死亡"
    other = "其他"


@dataclass(frozen=True, slots=True)
class BedFacts:
    """A bed as its neighbours see it, open on [opened_on, closed_on)."""

    bed_id: UUID
    institution_id: UUID
    opened_on: date
    closed_on: date | None
    payment: BedPayment
    excluded_codes: frozenset[str]


def refuse_future(on: date, today: date) -> None:
    """Refuse a day that has not come.

    Raises:
        errors.BedInTheFuture: names today.
    """
    if on > today:
        raise errors.BedInTheFuture(today=today)


def refuse_doctor(*, role: str, same_institution: bool, licences: Iterable[Dated], opened_on: date) -> None:
    """Refuse a responsible doctor who is none, works elsewhere, or is not licensed on the opening day.

    Raises:
        errors.DoctorNotQualified: names the day.
    """
    if role != "doctor" or not same_institution or not in_force(licences, opened_on):
        raise errors.DoctorNotQualified(opened_on=opened_on)


def refuse_closing(*, opened_on: date, already: date | None, closing: date, today: date) -> None:
    """Refuse to close a closed bed, or on a day that does not lie after its opening, or has not come.

    The opening day counts as a bed day, the closing day does not (计入不计出).

    Raises:
        errors.BedClosed: names the day on which it was closed.
        errors.ClosesBeforeItOpens: names the opening day.
        errors.BedInTheFuture: names today.
    """
    if already is not None:
        raise errors.BedClosed(closed_on=already)
    if closing <= opened_on:
        raise errors.ClosesBeforeItOpens(opened_on=opened_on)
    refuse_future(closing, today)


def refuse_reason(reason: ClosingReason, deceased_on: date | None) -> None:
    """Refuse 死亡 for the living, and any other reason for the dead.

    Raises:
        errors.ClosingReasonWrong: the reason and the record disagree.
    """
    if (reason is ClosingReason.died) != (deceased_on is not None):
        raise errors.ClosingReasonWrong
