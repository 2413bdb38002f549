"""The words of a person's diagnoses (诊断): ICD-10 in the national form of medical insurance (医保版), dated."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from service.core import dates
from service.patients import errors

CODE: Final = r"^[A-Z][0-9]{2}\.[0-9x][0-9]{2}(x[0-9]{3})?(\+[A-Z][0-9]{2}(\.[0-9])?\*)?$"
"""A code of the national list: `I10.x00`, `E11.900x001`, `E11.200x214+N08.3*` (星剑号)."""
PREFIX: Final = r"^[A-Z]([0-9]([0-9](\.([0-9x]([0-9]([0-9](x[0-9]{0,3})?)?)?)?)?)?)?$"
"""The beginning of a code: a chapter's letter, a category (`E11`), a subcategory (`E11.9`), up to a whole code."""


class DiagnosisSource(StrEnum):
    """Where a diagnosis is taken from."""

    own = "own"
    """本机构诊断"""
    outside_record = "outside_record"
    """外院病历、出院小结"""
    check_up = "check_up"
    """体检、筛查"""
    chronic_registry = "chronic_registry"
    """慢性病管理档案"""


@dataclass(frozen=True, slots=True)
class DiagnosisFacts:
    """A diagnosis of a person; both days included, `valid_to` None = open. A withdrawn one (误登) never held."""

    id: UUID
    code: str
    name: str
    source: DiagnosisSource
    valid_from: date
    valid_to: date | None
    recorded_by_institution_id: UUID
    recorded_by_account_id: UUID
    recorded_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by_account_id: UUID | None
    withdrawn_because: str | None


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """That a person has what a code names, on some days, both included; `valid_to` None = open."""

    code: str
    valid_from: date
    valid_to: date | None


def codes_on(known: Iterable[Diagnosed], on: date) -> frozenset[str]:
    """Return the codes of what a person has on a day."""
    return frozenset(each.code for each in dates.in_force(known, on))


def begins(code: str, prefixes: Iterable[str]) -> bool:
    """Return whether a code begins with one of some prefixes: `E11` names every code of 2 型糖尿病."""
    return code.startswith(tuple(prefixes))


def refuse_future(valid_from: date, today: date) -> None:
    """Refuse a diagnosis that nobody can have made yet.

    Raises:
        errors.DiagnosisInFuture: it would begin after today.
    """
    if valid_from > today:
        raise errors.DiagnosisInFuture(valid_from=valid_from)


def refuse_withdrawn(withdrawn_at: datetime | None) -> None:
    """Refuse to change what was withdrawn.

    Raises:
        errors.DiagnosisWithdrawn: it was.
    """
    if withdrawn_at is not None:
        raise errors.DiagnosisWithdrawn
