"""Puts homes and elders in, thousands at once."""

from collections.abc import Callable, Iterable
from typing import TypeVar
from uuid import UUID

from service.core import places
from service.institutions.rules import InstitutionKind
from service.interop.importing.elders import ElderRow, HomeRow
from service.interop.importing.files import Kind
from service.interop.importing.loading.context import Context
from service.interop.importing.reading import Read
from service.patients import usecases as patients
from service.patients.loads import HomeDraft, PersonDraft

Row = TypeVar("Row", HomeRow, ElderRow)
Draft = TypeVar("Draft", HomeDraft, PersonDraft)


def _drafted(
    context: Context, kind: Kind, rows: Iterable[Row], draft_of: Callable[[Context, Row], Draft | None]
) -> list[tuple[Row, Draft]]:
    """Return the rows that can be put in, each with its draft; the others are in doubt."""
    drafted = []
    for row in rows:
        draft = draft_of(context, row)
        if draft is None:
            context.doubtful[kind].add(row.key)
        else:
            drafted.append((row, draft))
    return drafted


async def put_homes(context: Context, read: Read[HomeRow]) -> None:
    """Register the homes that are not there, compare those that are."""
    context.expect(Kind.homes, read)
    drafts = _drafted(context, Kind.homes, read.rows, _home)
    done = await patients.load_homes(
        context.session,
        principal=context.principal,
        house=context.house,
        drafts=[draft for _, draft in drafts],
        update=context.update,
        now=context.now,
    )
    for (row, _), loaded in zip(drafts, done, strict=True):
        context.tell(Kind.homes, row, loaded)


def _home(context: Context, row: HomeRow) -> HomeDraft | None:
    institution_id = context.institution(row.institution, row=row, within=Kind.homes)
    care_id, fits = _care_institution(context, row)
    if institution_id is None or not fits:
        return None
    place = row.place
    return HomeDraft(
        institution_id=institution_id,
        home_no=row.home_no,
        address=row.address,
        place=places.Place(lon=place.lon, lat=place.lat, datum=place.datum) if place else None,
        floor=row.floor,
        has_lift=row.has_lift,
        care_institution_id=care_id,
        grid=row.grid,
    )


def _care_institution(context: Context, row: HomeRow) -> tuple[UUID | None, bool]:
    """Return the care institution that a home belongs to, and whether the cell is right."""
    if not row.care_institution:
        return None, True
    found = context.institution(row.care_institution, row=row, within=Kind.homes, column="care_institution")
    if found is None:
        return None, False
    if context.institutions[row.care_institution].kind is not InstitutionKind.care_institution:
        sentence = "不是养老机构：请填老人所住的养老机构，或留空"
        context.wrong(Kind.homes, row.line, "care_institution", sentence)
        return None, False
    return found, True


async def put_elders(context: Context, read: Read[ElderRow]) -> None:
    """Register the elders who are not there, compare those who are."""
    context.expect(Kind.elders, read)
    await _find_homes(context, {row.home for row in read.rows if row.home})
    drafts = _drafted(context, Kind.elders, read.rows, _elder)
    done = await patients.load_people(
        context.session,
        principal=context.principal,
        house=context.house,
        drafts=[draft for _, draft in drafts],
        update=context.update,
        now=context.now,
    )
    for (row, _), loaded in zip(drafts, done, strict=True):
        context.tell(Kind.elders, row, loaded)


async def _find_homes(context: Context, asked: set[tuple[str, str]]) -> None:
    """Look for homes that stand in no list of today's but were loaded before."""
    known = context.known.setdefault(Kind.homes, {})
    numbers = {
        (context.institutions[code].id, home_no): (code, home_no)
        for code, home_no in asked - known.keys()
        if code in context.institutions
    }
    found = await patients.homes_numbered(context.session, region_id=context.region_id, numbers=sorted(numbers))
    known.update({numbers[key]: home_id for key, home_id in found.items()})


def _elder(context: Context, row: ElderRow) -> PersonDraft | None:
    institution_id = context.institution(row.institution, row=row, within=Kind.elders)
    home_id = None
    if row.home is not None:
        home_id = context.refer(Kind.homes, row.home, row=row, within=Kind.elders, column="home_no")
    if institution_id is None or (row.home is not None and home_id is None):
        return None
    return PersonDraft(
        institution_id=institution_id,
        number=row.number,
        name=row.name,
        phone=row.phone,
        home_id=home_id,
        groups=row.groups,
        groups_from=row.groups_from or context.today,
        plan_code=row.plan_code,
        plan_from=row.plan_from or context.today,
        language=row.language,
        language_required=row.language_required,
        precaution=row.precaution,
    )
