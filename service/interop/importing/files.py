"""Which file of a directory is which list: by its name, Chinese or English."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from service.core.tabular.faults import Fault

LARGEST: Final = 256 << 20
"""Bytes; a list of a million people is smaller."""


class Kind(StrEnum):
    """The lists, in the order in which they are loaded: each names only what stands in those before it."""

    institutions = "institutions"
    stations = "stations"
    designations = "designations"
    prices = "prices"
    staff = "staff"
    homes = "homes"
    elders = "elders"
    packages = "packages"
    contracts = "contracts"
    openings = "openings"


NAMES: Final[Mapping[Kind, str]] = {
    Kind.institutions: "机构",
    Kind.stations: "站点",
    Kind.designations: "定点",
    Kind.prices: "价格",
    Kind.staff: "人员",
    Kind.homes: "住址",
    Kind.elders: "居民",
    Kind.packages: "服务包",
    Kind.contracts: "签约",
    Kind.openings: "期初",
}
_KINDS: Final = {str(kind): kind for kind in Kind} | {name: kind for kind, name in NAMES.items()}
_ENDINGS: Final = frozenset({".csv", ".xlsx", ".xls"})


class DirectoryUnreadable(Exception):
    """There is no such directory, or nothing in it is a list that we know; says so in one sentence."""


@dataclass(frozen=True, slots=True)
class Given:
    """The files of a directory by kind: name and bytes. `faults` and `notes` concern files as a whole."""

    files: Mapping[Kind, tuple[str, bytes]]
    faults: Sequence[Fault] = field(default_factory=list)
    notes: Sequence[Fault] = field(default_factory=list)


def gather(directory: Path) -> Given:
    """Read the lists of a directory; what is no list of ours is noted and left alone.

    Raises:
        DirectoryUnreadable: no such directory, a file that cannot be read, or no list in it.
    """
    try:
        found = sorted(path for path in directory.iterdir() if path.is_file() and path.name[0] not in ".~")
    except OSError as cannot:
        raise DirectoryUnreadable(f"{directory}：读不到目录（{cannot.strerror}）。") from None
    files: dict[Kind, tuple[str, bytes]] = {}
    faults: list[Fault] = []
    notes: list[Fault] = []
    for path in found:
        kind = _KINDS.get(path.stem.casefold()) if path.suffix.casefold() in _ENDINGS else None
        if kind is None:
            notes.append(Fault(path.name, 0, "", "不是要导入的文件，没有读"))
        elif kind in files:
            faults.append(Fault(path.name, 0, "", f"和 {files[kind][0]} 是同一张表，只能留一个"))
        else:
            files[kind] = (path.name, _bytes(path))
    if not files:
        names = "、".join(f"{kind}（{name}）" for kind, name in NAMES.items())
        raise DirectoryUnreadable(f"{directory}：没有可导入的文件，文件名应为 {names}，扩展名 .csv 或 .xlsx。")
    return Given(files, faults, notes)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST:
            raise DirectoryUnreadable(f"{path}：文件超过 {LARGEST >> 20} MB，请拆成几次导入。")
        return path.read_bytes()
    except OSError as cannot:
        raise DirectoryUnreadable(f"{path}：读不到文件（{cannot.strerror}）。") from None
