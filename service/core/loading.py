"""What becomes of a row that is loaded in bulk: the words in which rooms answer, one for each row they were given."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Outcome(StrEnum):
    """What became of a row."""

    new = "new"
    unchanged = "unchanged"
    updated = "updated"
    differs = "differs"
    """There is such a row and it says something else, which was left as it is."""
    refused = "refused"


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of a row: its id (None when refused), the fields in which it differed, and why it was refused."""

    outcome: Outcome
    id: UUID | None = None
    fields: tuple[str, ...] = ()
    sentence: str = ""


def compared(row_id: UUID, fields: tuple[str, ...], *, update: bool) -> Loaded:
    """Return what becomes of a row that is there and differs in `fields`, which may be changed when `update`."""
    if not fields:
        return Loaded(Outcome.unchanged, row_id)
    return Loaded(Outcome.updated if update else Outcome.differs, row_id, fields)


def refused(sentence: str) -> Loaded:
    """Return what becomes of a row that cannot be."""
    return Loaded(Outcome.refused, sentence=sentence)
