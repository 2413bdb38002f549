"""Reads the lists of homes and of elders. What names a person is never repeated in a fault."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from service.core.tabular.cells import Cells, plain
from service.core.tabular.faults import Fault
from service.core.tabular.tables import Table
from service.interop.importing import columns, reading
from service.interop.importing.reading import Place, Read
from service.patients import errors, numbers
from service.patients.rules import KeyGroup, Precaution, Sex

_NOBODY: Final = numbers.IdNumber("", date(1900, 1, 1), Sex.female)
_HOME_NO: Final = r"[^\s]{1,40}"


@dataclass(frozen=True, slots=True)
class HomeRow:
    """A home under the number that the institution's list gives it; `place` None = look the address up."""

    line: int
    institution: str
    home_no: str
    address: str
    place: Place | None
    floor: int
    has_lift: bool
    care_institution: str
    grid: str | None

    @property
    def key(self) -> tuple[str, str]:
        """The institution's code and its number for the home."""
        return self.institution, self.home_no


@dataclass(frozen=True, slots=True)
class ElderRow:
    """An elder and the institution that cares for him; `home` is (institution, number) of a home.

    `language`, `language_required`, `precaution` None: the list does not say.
    """

    line: int
    institution: str
    number: numbers.IdNumber
    name: str
    phone: str | None
    home: tuple[str, str] | None
    groups: frozenset[KeyGroup]
    groups_from: date | None
    plan_code: str | None
    plan_from: date | None
    language: str | None
    language_required: bool | None
    precaution: Precaution | None

    @property
    def key(self) -> str:
        """His identity number, 18 places."""
        return self.number.text


def read_homes(table: Table, faults: list[Fault]) -> Read[HomeRow]:
    """Read the homes."""
    return reading.read_rows(table, "home_no", _home, faults)


def read_elders(table: Table, today: date, faults: list[Fault]) -> Read[ElderRow]:
    """Read the elders; nobody is born after `today`."""
    return reading.read_rows(table, "id_number", lambda cells: _elder(cells, today), faults)


def read_number(cells: Cells) -> numbers.IdNumber:
    """Return the identity number in a cell: 15 or 18 places, full-width, spaced or with a small x, all the same."""
    said = cells.line("id_number", required=True)
    if not said or not cells.sound("id_number"):
        return _NOBODY
    try:
        return numbers.read_id_number(numbers.widen_id_number("".join(plain(said).split())))
    except errors.IdNumberInvalid as invalid:
        cells.fault("id_number", f"{invalid.facts['reason']}，请核对证件后重新填写")
        return _NOBODY


def _home(cells: Cells) -> HomeRow:
    return HomeRow(
        line=cells.number,
        institution=reading.code(cells, "institution"),
        home_no=cells.matching("home_no", _HOME_NO, "要填 1 到 40 个字，不能有空格"),
        address=cells.line("address", required=True),
        place=reading.place(cells, required=False),
        floor=cells.whole("floor", 1, 150, default=1),
        has_lift=cells.yes("lift"),
        care_institution=reading.code(cells, "care_institution", required=False),
        grid=reading.code(cells, "grid", required=False) or None,
    )


def _elder(cells: Cells, today: date) -> ElderRow:
    number = read_number(cells)
    _agrees(cells, number, today)
    institution = reading.code(cells, "institution")
    home_no = cells.matching("home_no", _HOME_NO, "要填 1 到 40 个字，不能有空格", required=False)
    home_institution = reading.code(cells, "home_institution", required=False)
    if home_institution and not home_no:
        cells.fault("home_institution", "没有填住址编号，这一列也要留空")
    return ElderRow(
        line=cells.number,
        institution=institution,
        number=number,
        name=cells.line("name", required=True),
        phone=_phone(cells),
        home=(home_institution or institution, home_no) if home_no else None,
        groups=_groups(cells),
        groups_from=cells.day("groups_from"),
        plan_code=reading.code(cells, "plan", required=False) or None,
        plan_from=cells.day("plan_from"),
        language=reading.code(cells, "language", required=False) or None,
        language_required=_language_required(cells),
        precaution=cells.one_of("precaution", columns.PRECAUTIONS) if cells.optional("precaution") else None,
    )


def _language_required(cells: Cells) -> bool | None:
    """Return whether whoever comes must speak the elder's language, None where the cell says nothing."""
    if not cells.optional("language_required"):
        return None
    required = cells.yes("language_required")
    if required and not cells.optional("language"):
        cells.fault("language_required", f"填了“是”，“{cells.heading('language')}”也要填")
    return required


def _agrees(cells: Cells, number: numbers.IdNumber, today: date) -> None:
    """Note a sex or birthday that the identity number contradicts; both columns may be empty."""
    sex = cells.one_of("sex", columns.SEXES) if cells.optional("sex") else number.sex
    born_on = cells.day("birth_date")
    if not cells.sound("id_number", "sex", "birth_date"):
        return
    if number.born_on > today:
        cells.fault("id_number", "出生日期晚于今天，请核对证件后重新填写")
    if sex is not number.sex:
        cells.fault("sex", "与身份证号的性别不一致，请核对证件")
    if born_on is not None and born_on != number.born_on:
        cells.fault("birth_date", "与身份证号的出生日期不一致，请核对证件")


def _phone(cells: Cells) -> str | None:
    said = cells.line("phone")
    if not said or not cells.sound("phone"):
        return None
    try:
        return numbers.read_phone(plain(said))
    except errors.PhoneInvalid as invalid:
        cells.fault("phone", str(invalid))
        return None


def _groups(cells: Cells) -> frozenset[KeyGroup]:
    words = [plain(word).casefold() for word in cells.words("key_groups")]
    unknown = [word for word in words if word not in columns.GROUPS]
    if unknown:
        cells.refuse("key_groups", f"每一项要填{'、'.join(columns.GROUPS)}之一，用分号隔开")
    return frozenset(columns.GROUPS[word] for word in words if word in columns.GROUPS)
