"""The words of a stay in hospital (住院), and on which days somebody lies there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from service.patients import errors


@dataclass(frozen=True, slots=True)
class StayFacts:
    """Days [admitted_on, discharged_on) in a hospital; `discharged_on` None = still there."""

    id: UUID
    hospital: str
    admitted_on: date
    discharged_on: date | None

    def covers(self, on: date) -> bool:
        """Return whether he lies in the hospital on a day: the day of admission counts, that of discharge does not."""
        return self.admitted_on <= on and (self.discharged_on is None or on < self.discharged_on)


def find_on(stays: Iterable[StayFacts], on: date) -> StayFacts | None:
    """Return the stay of a day, or None."""
    return next((stay for stay in stays if stay.covers(on)), None)


def refuse_discharge_before_admission(admitted_on: date, discharged_on: date | None) -> None:
    """Refuse a stay that ends before it begins; one of the same day is none of any day.

    Raises:
        errors.EndsBeforeStart: it does.
    """
    if discharged_on is not None and discharged_on < admitted_on:
        raise errors.EndsBeforeStart
