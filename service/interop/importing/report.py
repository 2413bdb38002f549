"""What became of every line: for the screen, and as a table that the one who filled the lists in can work through."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from service.core.loading import Outcome
from service.core.tabular.faults import Fault
from service.interop.importing.files import Kind

WRONG: Final = "wrong"
NOTE: Final = "note"
LABELS: Final[Mapping[str, str]] = {
    WRONG: "有误",
    NOTE: "提示",
    Outcome.new: "新增",
    Outcome.updated: "更新",
    Outcome.unchanged: "不变",
    Outcome.differs: "不同",
}
STOPS: Final = frozenset({WRONG, str(Outcome.differs)})
"""What keeps the whole load from being kept."""
_HEADING: Final = ("文件", "行", "列", "结果", "说明")


@dataclass(frozen=True, slots=True, order=True)
class Told:
    """What became of a line, or what is wrong in one of its cells (line 0: the file as a whole)."""

    file: str
    line: int
    column: str
    outcome: str
    sentence: str = ""


@dataclass(slots=True)
class Report:
    """A load's outcome; `kept` says whether it is in the database now."""

    told: list[Told] = field(default_factory=list)
    kept: bool = False
    new_accounts: int = 0
    counts: dict[Kind, Counter[str]] = field(default_factory=dict)

    def faults(self, faults: Iterable[Fault], outcome: str = WRONG) -> None:
        """Add what is wrong, or (`NOTE`) worth knowing, in files."""
        self.told.extend(Told(each.file, each.line, each.column, outcome, each.sentence) for each in faults)

    def line(self, kind: Kind, told: Told) -> None:
        """Add what became of a line of a list."""
        self.counts.setdefault(kind, Counter())[told.outcome] += 1
        self.told.append(told)

    @property
    def sound(self) -> bool:
        """Whether nothing stands in the way of keeping the load."""
        return not any(each.outcome in STOPS for each in self.told)

    def stopping(self) -> Sequence[Told]:
        """Return what stands in the way, in the order of files and lines."""
        return sorted(each for each in self.told if each.outcome in STOPS)

    def notes(self) -> Sequence[Told]:
        """Return what is worth knowing."""
        return sorted(each for each in self.told if each.outcome == NOTE)

    def as_csv(self) -> bytes:
        """Return every line's outcome as CSV that Excel opens (UTF-8 with a mark), by file and line."""
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(_HEADING)
        for each in sorted(self.told):
            line = str(each.line) if each.line else ""
            row = (each.file, line, each.column, LABELS[each.outcome], each.sentence)
            writer.writerow([_harmless(cell) for cell in row])
        return b"\xef\xbb\xbf" + buffer.getvalue().encode("utf-8", "replace")


def _harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: what a file says is repeated here."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
