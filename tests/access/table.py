"""The verdict table: what is checked in, opened out to one cell for every operation, role and relation.

`verdicts.csv` is written from docs/access.md: a line holds for an operation and some roles, a column for a relation.
`relations.csv` says which relations a role cannot have, and why. Nothing here knows the application.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
NOBODY: Final = "nobody"


class Relation(StrEnum):
    """How who asks stands to what is asked for."""

    own = "own"
    """It is about him."""
    proxied = "proxied"
    """He acts for whom it is about, with every right that can be given."""
    proxied_view = "proxied_view"
    """He acts for him, but may only look."""
    proxied_ended = "proxied_ended"
    """He acted for him, until yesterday."""
    stranger = "stranger"
    """He has only to do with somebody else."""
    own_team = "own_team"
    """He works where it belongs and is in the crew."""
    own_institution = "own_institution"
    """He works where it belongs."""
    other_institution = "other_institution"
    """He works at another institution of the region."""
    own_region = "own_region"
    """He is of the region where it belongs, and of no institution."""
    other_region = "other_region"
    """He is of another region."""
    nobody = "nobody"
    """He has no token."""


class Verdict(StrEnum):
    """What must come of it."""

    allow = "allow"
    """2xx, or a refusal that only follows once access is given; a list shows the row."""
    none = "none"
    """2xx, but nothing of the row is shown or changed."""
    unauthenticated = "401"
    forbidden = "403"
    hidden = "404"


@dataclass(frozen=True, slots=True)
class Cell:
    """One verdict."""

    operation: str
    role: str
    relation: Relation
    verdict: Verdict


class TableFaulty(AssertionError):
    """The table has a hole, says something twice, or speaks of what there is not."""


def impossible(rows: Iterable[Mapping[str, str]]) -> dict[tuple[str, Relation], str]:
    """Return (role, relation) → why no caller can stand so."""
    return {
        (role, Relation(relation)): row["reason"]
        for row in rows
        for role in row["roles"].split()
        for relation in row["relations"].split()
    }


def cells(
    rows: Iterable[Mapping[str, str]],
    *,
    operations: Iterable[str],
    roles: Iterable[str],
    never: Mapping[tuple[str, Relation], str],
) -> Iterator[Cell]:
    """Yield every cell that can be; each operation has every role and each of these every relation, once.

    Raises:
        TableFaulty: an operation, a role or a relation is missing, said twice, or not there.
    """
    everybody = [*roles, NOBODY]
    left = {(operation, role) for operation in operations for role in everybody}
    for row in rows:
        for role in row["roles"].split():
            if (row["operation"], role) not in left:
                raise TableFaulty(f"{row['operation']}, {role}: said twice, or there is no such operation or role")
            left.discard((row["operation"], role))
            yield from _of_role(row, role, never)
    if left:
        missing = "; ".join(f"{operation}: {role}" for operation, role in sorted(left)[:8])
        raise TableFaulty(f"{len(left)} rows are missing: {missing}")


def _of_role(row: Mapping[str, str], role: str, never: Mapping[tuple[str, Relation], str]) -> Iterator[Cell]:
    for relation in Relation:
        said, cannot = row[relation], (role, relation) in never
        if cannot:
            continue
        if said == "-":
            raise TableFaulty(f"{row['operation']}, {role}: no verdict for {relation}")
        yield Cell(row["operation"], role, relation, Verdict(said))


def read(name: str) -> list[dict[str, str]]:
    """Return the lines of a checked-in table."""
    with (HERE / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
