"""Reads the lists of institutions and of stations."""

from dataclasses import dataclass
from typing import Final

from service.core.tabular.cells import Cells
from service.core.tabular.faults import Fault
from service.core.tabular.tables import Table
from service.institutions import schemas
from service.institutions.rules import InstitutionKind, ServiceMode
from service.interop.importing import columns, reading
from service.interop.importing.reading import Place, Read

_PHONE: Final = r"[0-9+][0-9\- ]{2,29}"


@dataclass(frozen=True, slots=True)
class InstitutionRow:
    """An institution: where, licensed and registered for what, from when until when."""

    line: int
    code: str
    name: str
    kind: InstitutionKind
    district: str
    district_name: str
    address: str
    place: Place | None
    licence: schemas.Licence | None
    modes: tuple[schemas.ModeCreate, ...]
    phone: str | None

    @property
    def key(self) -> str:
        """Its code."""
        return self.code


@dataclass(frozen=True, slots=True)
class StationRow:
    """A station of an institution."""

    line: int
    institution: str
    code: str
    name: str
    place: Place | None

    @property
    def key(self) -> tuple[str, str]:
        """The institution's code and its own."""
        return self.institution, self.code


def read_institutions(table: Table, faults: list[Fault]) -> Read[InstitutionRow]:
    """Read the institutions."""
    return reading.read_rows(table, "code", _institution, faults)


def read_stations(table: Table, faults: list[Fault]) -> Read[StationRow]:
    """Read the stations."""
    return reading.read_rows(table, "code", _station, faults)


def _institution(cells: Cells) -> InstitutionRow:
    return InstitutionRow(
        line=cells.number,
        code=reading.code(cells, "code"),
        name=cells.line("name", required=True),
        kind=cells.one_of("kind", columns.KINDS),
        district=reading.code(cells, "district"),
        district_name=cells.line("district_name"),
        address=cells.line("address", required=True),
        place=reading.place(cells),
        licence=_licence(cells),
        modes=tuple(
            mode
            for each, prefix in ((ServiceMode.round, "round"), (ServiceMode.home_bed, "home_bed"))
            if (mode := _mode(cells, each, prefix)) is not None
        ),
        phone=cells.matching("phone", _PHONE, "要填电话号码，例如 0952-2012345", required=False) or None,
    )


def _licence(cells: Cells) -> schemas.Licence | None:
    if not any(cells.optional(column) for column in ("licence_no", "licence_from", "licence_to")):
        return None
    no = cells.line("licence_no", required=True)
    starts, ends = reading.period(cells, "licence_from", "licence_to", required=True)
    if starts is None or not cells.sound("licence_no", "licence_from", "licence_to"):
        return None
    return schemas.Licence(no=no, valid_from=starts, valid_to=ends)


def _mode(cells: Cells, mode: ServiceMode, prefix: str) -> schemas.ModeCreate | None:
    no, first, last = f"{prefix}_no", f"{prefix}_from", f"{prefix}_to"
    if not any(cells.optional(column) for column in (no, first, last)):
        return None
    registration = cells.line(no, required=True)
    starts, ends = reading.period(cells, first, last, required=True)
    if starts is None or not cells.sound(no, first, last):
        return None
    return schemas.ModeCreate(mode=mode, registration_no=registration, valid_from=starts, valid_to=ends)


def _station(cells: Cells) -> StationRow:
    return StationRow(
        line=cells.number,
        institution=reading.code(cells, "institution"),
        code=reading.code(cells, "code"),
        name=cells.line("name", required=True),
        place=reading.place(cells),
    )
