"""Days of a stay that are no bed days, whatever the bed's own record says: the patient was elsewhere, or dead. Pure.

Such a day is neither billed nor claimed from a fund. In the billing case it stands as a pause of the bed, so that
whoever redoes the bill leaves it out as well.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from service.billing import rules
from service.catalog.per_diem_rules import AT_HOME, StayKind
from service.patients import hospital_rules

_DAY = timedelta(days=1)


class Why(StrEnum):
    """Why a day is left out."""

    deceased = "deceased"
    in_hospital = "in_hospital"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A day that is open and in no bill, and yet not billed: why, also in words."""

    on: date
    why: Why
    reason: str

    def as_document(self) -> dict[str, Any]:
        """Return the day as bills, proofs and refusals write it."""
        return {"on": self.on.isoformat(), "why": self.why.value, "reason": self.reason}


def foreign(
    stays: Iterable[hospital_rules.StayFacts], *, kind: StayKind, institution: str
) -> list[hospital_rules.StayFacts]:
    """Return the stays in hospital that are none of the bed's own.

    Of a stay in the institution's ward (住院安宁疗护、医疗康复) a note that the patient lies in this very institution,
    or in a part of it, is the episode itself. Whoever is cared for at home is in hospital wherever that is.
    """
    own = "".join(institution.split())
    return [each for each in stays if kind in AT_HOME or not "".join(each.hospital.split()).startswith(own)]


def find(
    due: Iterable[date], *, deceased_on: date | None, stays: Sequence[hospital_rules.StayFacts]
) -> tuple[LeftOut, ...]:
    """Return which of the days that are due are left out: after the day of death, or in a foreign hospital."""
    return tuple(found for on in due if (found := _find_on(on, deceased_on, stays)) is not None)


def without(bed: rules.Bed, days: Collection[date]) -> rules.Bed:
    """Return a bed that is paused on some days as well; it was open on each of them."""
    pauses: list[rules.Pause] = []
    for on in sorted(days):
        if pauses and pauses[-1].until == on:
            pauses[-1] = rules.Pause(pauses[-1].first, on + _DAY)
        else:
            pauses.append(rules.Pause(on, on + _DAY))
    return replace(bed, pauses=tuple(sorted((*bed.pauses, *pauses), key=lambda each: each.first)))


def _find_on(on: date, deceased_on: date | None, stays: Sequence[hospital_rules.StayFacts]) -> LeftOut | None:
    if deceased_on is not None and on > deceased_on:
        return LeftOut(on, Why.deceased, f"已于{deceased_on}去世，不计床日")
    stay = hospital_rules.find_on(stays, on)
    if stay is None:
        return None
    return LeftOut(on, Why.in_hospital, f"自{stay.admitted_on}起在{stay.hospital}住院，不计床日")
