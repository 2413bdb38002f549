"""Reads the list of staff: those who see patients, with licence and skills, and those who only log in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from service.core.tabular.cells import Cells, plain, read_day
from service.core.tabular.faults import Fault
from service.core.tabular.tables import Table
from service.interop.importing import columns, reading
from service.interop.importing.reading import Read
from service.patients.rules import Sex
from service.practitioners import schemas
from service.practitioners.rules import QualificationKind, Title, Travels

_USERNAME: Final = r"[A-Za-z0-9][A-Za-z0-9_.:@\-]{2,63}"
_FOR_PATIENTS: Final = (
    *("title", "station", "travel_mode", "licence_no", "licence_from", "licence_to", "skills"),
    *("team", "grids", "languages", "pace_percent"),
)
_SKILL_WANTED: Final = "每项技能写成 代码:证书号:起始日期:截止日期（截止可不写），多项用分号隔开"


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A member of staff; `role` is a practitioner's, or that of an account alone (no station then).

    `team`, `pace_percent` None, no `grids` or `languages`: the list does not say.
    """

    line: int
    institution: str
    staff_no: str
    name: str
    sex: Sex
    role: str
    title: Title
    station: str
    travel_mode: Travels
    qualifications: tuple[schemas.QualificationCreate, ...]
    team: str | None
    grids: tuple[str, ...]
    languages: tuple[str, ...]
    pace_percent: int | None
    username: str | None

    @property
    def key(self) -> tuple[str, str]:
        """The institution's code and his number there."""
        return self.institution, self.staff_no

    @property
    def practises(self) -> bool:
        """Whether he sees patients."""
        return self.role in columns.PRACTISES


def read_staff(table: Table, faults: list[Fault]) -> Read[StaffRow]:
    """Read the staff."""
    return reading.read_rows(table, "staff_no", _person, faults)


def _person(cells: Cells) -> StaffRow:
    role = cells.one_of("role", columns.JOBS)
    practises = role in columns.PRACTISES
    if cells.sound("role"):
        _check_columns(cells, role, practises=practises)
    return StaffRow(
        line=cells.number,
        institution=reading.code(cells, "institution"),
        staff_no=reading.code(cells, "staff_no"),
        name=cells.line("name", required=True),
        sex=cells.one_of("sex", columns.SEXES) if practises or cells.optional("sex") else Sex.female,
        role=role,
        title=cells.one_of("title", columns.TITLES) if cells.optional("title") else Title.none,
        station=reading.code(cells, "station", required=practises),
        travel_mode=cells.one_of("travel_mode", columns.MODES) if practises else Travels.walk,
        qualifications=tuple(_qualifications(cells, role)),
        team=reading.code(cells, "team", required=False) or None,
        grids=reading.codes(cells, "grids", schemas.MOST_GRIDS),
        languages=reading.codes(cells, "languages", schemas.MOST_LANGUAGES),
        pace_percent=cells.whole("pace_percent", *schemas.PACES) if cells.optional("pace_percent") else None,
        username=cells.matching(
            "username",
            _USERNAME,
            "要填 3 到 64 个字母、数字和 _ . : @ -",
            required=not practises and cells.sound("role"),
        )
        or None,
    )


def _check_columns(cells: Cells, role: str, *, practises: bool) -> None:
    """Note what somebody of this role cannot have."""
    for column in () if practises else _FOR_PATIENTS:
        if cells.optional(column):
            cells.fault(column, "这个岗位不出诊，这一列要留空")
    if cells.optional("username") and role not in columns.ACCOUNT_ROLES:
        cells.fault("username", "这个岗位不能开设登录账号，请留空")


def _qualifications(cells: Cells, role: str) -> Iterator[schemas.QualificationCreate]:
    if any(cells.optional(column) for column in ("licence_no", "licence_from", "licence_to")):
        no = cells.line("licence_no", required=True)
        starts, ends = reading.period(cells, "licence_from", "licence_to", required=True)
        if starts is not None and cells.sound("licence_no", "licence_from", "licence_to", "role"):
            yield schemas.QualificationCreate(
                kind=QualificationKind.licence, code=role, certificate_no=no, valid_from=starts, valid_to=ends
            )
    cells.line("skills", most=2000)
    for word in cells.words("skills") if cells.sound("skills") else ():
        skill = _skill(word)
        if skill is None:
            cells.refuse("skills", _SKILL_WANTED)
            return
        yield skill


def _skill(word: str) -> schemas.QualificationCreate | None:
    code, no, starts, ends = ([*(part.strip() for part in plain(word).split(":")), "", "", ""])[:4]
    first = read_day(starts)
    last = read_day(ends) if ends else None
    whole = re.fullmatch(reading.CODE, code) and 0 < len(no) <= 200 and word.count(":") + word.count("：") <= 3
    if not whole or not isinstance(first, date) or isinstance(last, str) or (last is not None and last < first):
        return None
    return schemas.QualificationCreate(
        kind=QualificationKind.skill, code=code, certificate_no=no, valid_from=first, valid_to=last
    )
