"""Every column that holds sealed text is in the one list that a rotation of the keys goes through."""

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
