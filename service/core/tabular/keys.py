"""Numbers that may stand in a table only once."""

from collections.abc import Hashable, Iterable

from service.core.tabular.faults import Fault
from service.core.tabular.tables import Table


def note_repeats(table: Table, column: str, keys: Iterable[tuple[int, Hashable]], faults: list[Fault]) -> None:
    """Note keys that stand in more than one line, each with the line where it stood first; empty ones are passed over.

    A number of a secret column is not repeated in the sentence; of a key of several parts the second one is, the number
    within the first.
    """
    first: dict[Hashable, int] = {}
    for line, key in keys:
        if key and key in first:
            shown = key[1] if isinstance(key, tuple) else key
            what = "同一个号码" if column in table.secret else f"“{shown}”"
            faults.append(Fault(table.file, line, table.headings[column], f"{what}在第{first[key]}行已经出现过"))
        first.setdefault(key, line)
