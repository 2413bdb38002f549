"""The cells that are walked: those of the checked-in table, for the operations that the application has today."""

from typing import Final

from service.accounts.rules import Role
from tests.access import table
from tests.access.walk import PATHS

ROLES: Final = tuple(str(each) for each in Role)
ROWS: Final = table.read("verdicts.csv")
NEVER: Final = table.impossible(table.read("relations.csv"))
CELLS: Final = tuple(table.cells(ROWS, operations=PATHS, roles=ROLES, never=NEVER))
CELLS_OF: Final = {
    operation: tuple(each for each in CELLS if each.operation == operation) for operation in sorted(PATHS)
}
