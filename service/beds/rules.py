"""When a bed may be opened, paused and closed: its dates, its doctor, its agreement, the reason of its end."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from service.beds import errors
from service.catalog.per_diem_rules import AT_HOME, PerDiemFacts, StayKind
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
class PauseFacts:
    """Days [first, until) on which a bed is paused; `until` None = until further notice."""

    first: date
    until: date | None


@dataclass(frozen=True, slots=True)
class DayTerms:
    """What a day of a bed costs in yuan, what the fund pays of it, and the institution's share of the rest."""

    daily_rate: Decimal
    pay_ratio: Decimal
    year_cap_fen: int
    institution_share: Decimal


@dataclass(frozen=True, slots=True)
class BedFacts:
    """A bed as its neighbours see it, open on [opened_on, closed_on) but for its pauses.

    `terms` None: it is paid item by item, or was opened before there were agreements.
    """

    bed_id: UUID
    institution_id: UUID
    opened_on: date
    closed_on: date | None
    payment: BedPayment
    excluded_codes: frozenset[str]
    kind: StayKind = StayKind.treatment
    pauses: tuple[PauseFacts, ...] = ()
    terms: DayTerms | None = None

    def serves_at_home(self, on: date) -> bool:
        """Return whether it is a home bed that is not paused on a day."""
        return self.kind in AT_HOME and find_running(self.pauses, on) is None


@dataclass(frozen=True, slots=True)
class StayFacts:
    """A bed with whom it is for and, where it is paid by the day, the agreement that holds for the whole stay."""

    person_id: UUID
    bed: BedFacts
    agreement: PerDiemFacts | None


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


def day_terms(agreement: PerDiemFacts | None) -> DayTerms | None:
    """Return the figures of an agreement."""
    if agreement is None:
        return None
    return DayTerms(agreement.daily_rate, agreement.pay_ratio, agreement.year_cap_fen, agreement.institution_share)


def choose_exclusions(asked: Collection[str] | None, agreement: PerDiemFacts) -> list[str]:
    """Return the codes that are charged beside the day rate: those of the agreement, or those asked for among them.

    Raises:
        errors.ExclusionsNotAgreed: names what the agreement does not exclude.
    """
    if asked is None:
        return sorted(agreement.excluded_codes)
    beyond = [code for code in asked if code not in agreement.excluded_codes]
    if beyond:
        raise errors.ExclusionsNotAgreed(codes="、".join(beyond))
    return list(asked)


def refuse_pause(*, opened_on: date, closed_on: date | None, pause: PauseFacts, today: date) -> None:
    """Refuse a pause that begins after today, or does not lie within the stay.

    Raises:
        errors.BedInTheFuture: names today.
        errors.PauseOutsideStay: names the days of the stay.
    """
    refuse_future(pause.first, today)
    late = closed_on is not None and (pause.until is None or pause.until > closed_on)
    if pause.first < opened_on or late:
        raise errors.PauseOutsideStay(opened_on=opened_on, closed_on=closed_on or "未定")


def cut_pause(pause: PauseFacts, closed_on: date) -> PauseFacts:
    """Return what a closing leaves of a pause; one that would begin with it or later is cut to nothing."""
    until = closed_on if pause.until is None else min(pause.until, closed_on)
    return PauseFacts(pause.first, max(pause.first, until))


def find_running(pauses: Iterable[PauseFacts], on: date) -> PauseFacts | None:
    """Return the pause in which a day lies, or None."""
    return next(
        (pause for pause in pauses if pause.first <= on and (pause.until is None or on < pause.until)),
        None,
    )


def refuse_reason(reason: ClosingReason, deceased_on: date | None) -> None:
    """Refuse 死亡 for the living, and any other reason for the dead.

    Raises:
        errors.ClosingReasonWrong: the reason and the record disagree.
    """
    if (reason is ClosingReason.died) != (deceased_on is not None):
        raise errors.ClosingReasonWrong
