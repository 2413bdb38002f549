"""The words of a bill as it is posted: the kernel's, and those of what stands before and after it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Payer(StrEnum):
    """Who bears a part of a line, in the order of the bill.

    The kernel's seven sources, and what comes after it: what is taken off (减免), what the institution bears itself.
    """

    public_program = "public_program"
    bed_per_diem = "bed_per_diem"
    capitation = "capitation"
    contract = "contract"
    ltci = "ltci"
    medical_insurance = "medical_insurance"
    reduction = "reduction"
    institution = "institution"
    self_pay = "self_pay"


class LineStatus(StrEnum):
    """What became of a line: the kernel's words, and `limited`: cut before it (限次), costing nothing."""

    charged = "charged"
    included = "included"
    excluded = "excluded"
    waived = "waived"
    limited = "limited"


@dataclass(frozen=True, slots=True)
class Promise:
    """What a signed quote was asked for, and what the family was to pay."""

    quote_id: UUID
    institution_id: UUID
    person_id: UUID
    kind: str
    start_at: datetime
    items: tuple[tuple[str, int], ...]
    patient_fen: int
