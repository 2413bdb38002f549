"""What every tenant table has in common: it leads with the region, and the institution where the row is its own."""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, DateTime, ForeignKeyConstraint, Numeric, Text, Uuid, literal_column
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZMULTIRANGE, TSTZRANGE, ExcludeConstraint
from sqlmodel import Field, SQLModel

from service.core.ids import new_id


class RegionRow(SQLModel):
    """A row of a region: key (region_id, id)."""

    region_id: UUID = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)


class InstitutionRow(RegionRow):
    """A row that is an institution's own."""

    institution_id: UUID


def moment(*, nullable: bool = False, **kwargs: Any) -> Any:
    """Return a `timestamptz` column's field."""
    return Field(sa_type=DateTime(timezone=True), nullable=nullable, **kwargs)


def fen(**kwargs: Any) -> Any:
    """Return a field of whole fen (bigint)."""
    return Field(sa_type=BigInteger, **kwargs)


def texts(**kwargs: Any) -> Any:
    """Return a field of a list of texts (`text[]`), empty by default."""
    return Field(default_factory=list, sa_type=ARRAY(Text), **kwargs)


def uuids(**kwargs: Any) -> Any:
    """Return a field of a list of ids (`uuid[]`), empty by default."""
    return Field(default_factory=list, sa_type=ARRAY(Uuid), **kwargs)


def document(**kwargs: Any) -> Any:
    """Return a `jsonb` field."""
    return Field(sa_type=JSONB(none_as_null=True), **kwargs)


def span(**kwargs: Any) -> Any:
    """Return a `tstzrange` field; build its values with `dates.moments` only."""
    return Field(sa_type=TSTZRANGE(), **kwargs)


def spans(**kwargs: Any) -> Any:
    """Return a `tstzmultirange` field: spans that neither overlap nor touch; build them with `dates.apart` only."""
    return Field(sa_type=TSTZMULTIRANGE(), **kwargs)


def exact(places: int = 4, **kwargs: Any) -> Any:
    """Return a NUMERIC(14, places) field: unit prices in yuan, ratios; never a float."""
    return Field(sa_type=Numeric(14, places), **kwargs)


def one_at_a_time(name: str, *columns: str, period: str, where: str | None = None) -> ExcludeConstraint:
    """Return an exclusion constraint: for equal `columns`, no two rows may overlap in `period` (an SQL range)."""
    parts: list[tuple[Any, str]] = [(literal_column(column), "=") for column in columns]
    condition: ColumnElement[Any] | None = literal_column(where) if where else None
    return ExcludeConstraint(*parts, (literal_column(period), "&&"), name=name, using="gist", where=condition)


def one_holder(name: str, *columns: str, holder: str, period: str) -> ExcludeConstraint:
    """Return an exclusion constraint: equal `columns` at overlapping `period`s (an SQL range) are of one `holder`."""
    parts: list[tuple[Any, str]] = [(literal_column(column), "=") for column in columns]
    return ExcludeConstraint(
        *parts, (literal_column(holder), "<>"), (literal_column(period), "&&"), name=name, using="gist"
    )


def refers(*columns: str, to: str, deferred: bool = False) -> ForeignKeyConstraint:
    """Return a foreign key inside the region: (region_id, *columns) → `to` (region_id, id).

    The name is left to the naming convention.
    """
    return ForeignKeyConstraint(
        ["region_id", *columns],
        [f"{to}.region_id", f"{to}.id"],
        **({"deferrable": True, "initially": "DEFERRED"} if deferred else {}),  # type: ignore[arg-type]
    )


DATED = "daterange(valid_from, valid_to, '[]')"
"""The period of a dated row, both days included."""


SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
