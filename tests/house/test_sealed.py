"""Every column that holds sealed text is in the one list that a rotation of the keys goes through."""

from sqlalchemy import LargeBinary

from service import schema
from service.sealed import SEALED


def test_every_sealed_column_is_listed_once() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in schema.METADATA.tables.values()
        for column in table.columns
        if column.name.endswith("_sealed")
    }
    listed = [f"{each.table}.{each.column}" for each in SEALED]
    assert sorted(listed) == sorted(columns)


def test_every_blind_index_is_listed_with_what_it_is_of() -> None:
    indexes = {
        f"{table.name}.{column.name}"
        for table in schema.METADATA.tables.values()
        for column in table.columns
        if column.name.endswith("_index") and isinstance(column.type, LargeBinary)
    }
    listed = {f"{each.table}.{each.index}" for each in SEALED if each.index}
    assert indexes <= listed
    assert all(name.split(".")[1] in schema.METADATA.tables[name.split(".")[0]].columns for name in listed)
