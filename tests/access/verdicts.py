"""The cells that are walked: those of the checked-in table, for the operations that the application has today."""

from typing import Final

from service.accounts.rules import Role
from service.main import build_app
from tests.access import table
from tests.access.walk import paths_of

OPERATIONS: Final = tuple(sorted(paths_of(build_app())))
ROLES: Final = tuple(str(each) for each in Role)
NEVER: Final = table.impossible(table.read("relations.csv"))
CELLS: Final = tuple(table.cells(table.read("verdicts.csv"), operations=OPERATIONS, roles=ROLES, never=NEVER))
