"""What a sealed column is; `service.sealed` lists them all."""

from dataclasses import dataclass

from sqlmodel import SQLModel

from service.core.db import fences


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed text, and the context it is bound to."""

    model: type[SQLModel]
    column: str
    context: str

    @property
    def table(self) -> str:
        """The table's name."""
        return fences.table_of(self.model).name

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the table's primary key."""
        return tuple(each.name for each in fences.table_of(self.model).primary_key.columns)
