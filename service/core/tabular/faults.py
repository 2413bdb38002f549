"""What is wrong in a file, so that whoever filled it in finds the cell again."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """Something wrong in a file: the line as counted from 1 (0 = the file as a whole), the column's heading, why."""

    file: str
    line: int
    column: str
    sentence: str

    def __str__(self) -> str:
        line = f" 第{self.line}行" if self.line else ""
        column = f"“{self.column}”" if self.column else ""
        return f"{self.file}{line}{column}：{self.sentence}"


class FilesRefused(ValueError):
    """The files cannot be taken over; nothing of them was. `faults` are all that was found."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))
