"""Every table of the house, floor by floor: for migrations, tests and the comparison of the two."""

import importlib
from typing import Any, Final

from sqlalchemy import Connection
from sqlmodel import SQLModel

from service.core.db import fences
from service.core.jobs import install

FLOORS: Final = (
    "service.core.idempotency",
    "service.core.audit.models",
    "service.core.jobs.models",
    "service.core.files.models",
    "service.institutions.models",
    "service.institutions.designation_models",
    "service.institutions.level_models",
    "service.accounts.models",
    "service.patients.models",
    "service.patients.ltci_models",
    "service.patients.hospital_models",
    "service.patients.diagnosis_models",
    "service.practitioners.models",
    "service.practitioners.absence_models",
    "service.practitioners.vehicle_models",
    "service.notices.models",
    "service.catalog.models",
    "service.catalog.ltci_models",
    "service.catalog.per_diem_models",
    "service.catalog.limit_models",
    "service.catalog.reduction_models",
    "service.catalog.proposal_models",
    "service.contracts.models",
    "service.contracts.use_models",
    "service.orders.models",
    "service.orders.rounds.models",
    "service.beds.models",
    "service.routing.overflow_models",
    "service.routing.models",
    "service.routing.vehicle_models",
    "service.routing.period.models",
    "service.visits.models",
    "service.billing.models",
    "service.billing.parking.models",
    "service.billing.consents.models",
    "service.billing.resettling.models",
    "service.billing.ledger.models",
    "service.billing.bed_days.models",
    "service.quality.models",
)
"""The modules that hold tables; a floor's policies and functions may name those of the floors before it."""

for _floor in FLOORS:
    importlib.import_module(_floor)

METADATA = SQLModel.metadata


def statements(*floors: str) -> list[str]:
    """Return what the tables of some floors (all, if none is named) need beyond columns and constraints."""
    return [sql for floor in floors or FLOORS for module, sql in fences.STATEMENTS if module == floor]


def create_all(connection: Connection) -> None:
    """Create the whole schema from the models, as its owner, on an empty database."""
    for sql in fences.FOUNDATIONS:
        connection.exec_driver_sql(sql)
    run_script(connection, install.script())
    METADATA.create_all(connection)
    for sql in statements():
        connection.exec_driver_sql(sql)


def run_script(connection: Connection, script: str) -> None:
    """Run several statements at once inside the connection's transaction (a driver's prepared one takes only one)."""
    adapter: Any = connection.connection.dbapi_connection
    adapter.run_async(lambda raw: raw.execute(script))
