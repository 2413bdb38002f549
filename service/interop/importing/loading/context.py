"""What every step of a load needs: who loads, what is known by now, and where it tells what became of a line."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core.clock import local_date
from service.core.db import bulk
from service.core.http import House
from service.core.loading import Loaded, Outcome, refused
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.core.problems import Refusal
from service.core.tabular.tables import Table
from service.institutions.rules import InstitutionFacts
from service.interop.importing import columns
from service.interop.importing.files import NAMES, Kind
from service.interop.importing.reading import Keyed, Read
from service.interop.importing.report import WRONG, Report, Told

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

EVERYTHING: Final = PageRequest(limit=10_000_000, after=None)
_KEEP_OR_UPDATE: Final = "要保留系统中的，请改正本表；要以本表为准，请加 --update"


@dataclass(frozen=True, slots=True)
class Password:
    """A new account's first password, which its owner must change: shown once."""

    institution: str
    name: str
    username: str
    password: str


@dataclass(slots=True)
class Context:
    """A load at work. `tables` are those that could be read; `known` what later lists may refer to, by list and key."""

    session: AsyncSession
    house: House
    principal: Principal
    now: datetime
    update: bool
    tables: Mapping[Kind, Table]
    report: Report
    institutions: dict[str, InstitutionFacts] = field(default_factory=dict)
    known: dict[Kind, dict[Hashable, UUID]] = field(default_factory=dict)
    doubtful: dict[Kind, set[Hashable]] = field(default_factory=dict)
    passwords: list[Password] = field(default_factory=list)

    @property
    def region_id(self) -> UUID:
        """The region that is loaded."""
        return self.principal.region_id

    @property
    def today(self) -> date:
        """The local day."""
        return local_date(self.now)

    def expect(self, kind: Kind, read: Read[Keyed]) -> None:
        """Remember the keys of a list's wrong rows: a reference to one of them is not wrong as well."""
        self.doubtful.setdefault(kind, set()).update(read.doubtful)

    def wrong(self, kind: Kind, line: int, column: str, sentence: str) -> None:
        """Tell that a cell is wrong."""
        table = self.tables[kind]
        self.report.told.append(Told(table.file, line, table.headings.get(column, ""), WRONG, sentence))

    def tell(self, kind: Kind, row: Keyed, loaded: Loaded) -> None:
        """Tell what became of a row, and let later lists refer to it."""
        if loaded.id is not None:
            self.known.setdefault(kind, {})[row.key] = loaded.id
        else:
            self.doubtful.setdefault(kind, set()).add(row.key)
        table = self.tables[kind]
        names = "、".join(self._heading(kind, each) for each in loaded.fields)
        match loaded.outcome:
            case Outcome.refused:
                outcome, sentence = WRONG, loaded.sentence
            case Outcome.differs:
                outcome = str(Outcome.differs)
                sentence = f"与系统中已有的不同：{names}。{loaded.sentence or _KEEP_OR_UPDATE}"
            case Outcome.updated:
                outcome, sentence = str(Outcome.updated), f"已改：{names}"
            case _:
                outcome, sentence = str(loaded.outcome), ""
        self.report.line(kind, Told(table.file, row.line, "", outcome, sentence))

    def _heading(self, kind: Kind, field_name: str) -> str:
        column = columns.FIELDS.get(field_name, field_name)
        shown = {each.name: each.headings[0] for each in columns.COLUMNS[kind]}
        return self.tables[kind].headings.get(column, shown.get(column, column))

    def refer(self, kind: Kind, key: Hashable, *, row: Keyed, within: Kind, column: str) -> UUID | None:
        """Return the id of what a cell refers to; None and a fault when there is nothing, None when it is doubtful."""
        found = self.known.get(kind, {}).get(key)
        if found is None and key not in self.doubtful.get(kind, set()):
            self.wrong(within, row.line, column, f"{NAMES[kind]}表和系统里都没有，请核对，或先在{NAMES[kind]}表中补上")
        return found

    def institution(self, code: str, *, row: Keyed, within: Kind, column: str = "institution") -> UUID | None:
        """Return the id of the institution that a cell names, like `refer`."""
        return self.refer(Kind.institutions, code, row=row, within=within, column=column)

    async def attempt(self, do: Callable[[], Awaitable[Loaded]]) -> Loaded:
        """Do something to one row; a refusal of it is what became of the row, and the load goes on."""
        try:
            return await bulk.attempt(self.session, do)
        except Refusal as refusal:
            return refused(str(refusal))
