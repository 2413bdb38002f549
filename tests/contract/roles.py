"""Who asks: for each operation the callers that may, one of each role, and everybody, as the access table says."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.access import table
from tests.access.table import Relation, Verdict


@dataclass(frozen=True, slots=True)
class Caller:
    """A role in a relation to the seeded rows."""

    role: str
    relation: Relation

    @property
    def key(self) -> tuple[str, Relation]:
        """How the scene keeps his principal."""
        return self.role, self.relation

    def __str__(self) -> str:
        return f"{self.role} as {self.relation}"


def _judged() -> Iterator[tuple[str, Caller, str]]:
    """Yield operation, caller and verdict of the access table, whose own test sees to it that it is whole."""
    never = table.impossible(table.read("relations.csv"))
    for row in table.read("verdicts.csv"):
        for role in row["roles"].split():
            for relation in Relation:
                if (role, relation) not in never and row[relation] != "-":
                    yield row["operation"], Caller(role, relation), row[relation]


def _allowed() -> dict[str, tuple[Caller, ...]]:
    found: dict[str, dict[str, Caller]] = defaultdict(dict)
    for operation, caller, verdict in _judged():
        if verdict == Verdict.allow:
            found[operation].setdefault(caller.role, caller)
    return {operation: tuple(callers.values()) for operation, callers in found.items()}


NOBODY: Final = Caller(table.NOBODY, Relation.nobody)
EVERYBODY: Final = tuple(dict.fromkeys(caller for _, caller, _ in _judged()))
ALLOWED: Final = _allowed()
"""Operation → one caller of each role that may."""
