"""Puts institutions, with districts and registered modes, and stations in."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from service.core import places
from service.core.db.session import raise_fence
from service.core.loading import Loaded, Outcome, compared, refused
from service.institutions import schemas
from service.institutions import usecases as institutions
from service.institutions.rules import InstitutionFacts, ModeFacts
from service.interop.importing.files import Kind
from service.interop.importing.institutions import InstitutionRow, StationRow
from service.interop.importing.loading.context import EVERYTHING, Context
from service.interop.importing.reading import Place, Read

_KIND_FIXED = "已有机构的类别和县区不能改：请改正本表"


async def put_institutions(context: Context, read: Read[InstitutionRow]) -> None:
    """Register the institutions that are not there, compare those that are."""
    context.expect(Kind.institutions, read)
    districts = await _districts(context)
    ids = await institutions.list_institution_ids(context.session, region_id=context.region_id)
    found = await institutions.list_institutions_facts(
        context.session, region_id=context.region_id, institution_ids=ids
    )
    context.institutions = {each.code: each for each in found}
    context.known[Kind.institutions] = {each.code: each.id for each in found}
    for row in read.rows:
        district_id = await _district(context, row, districts)
        if district_id is not None:
            one = _Institution(context, row, district_id)
            loaded = await context.attempt(one.put)
            context.tell(Kind.institutions, row, loaded)


async def _districts(context: Context) -> dict[str, UUID]:
    found = await institutions.list_districts(context.session, region_id=context.region_id, page=EVERYTHING)
    return {each.code: each.id for each in found}


async def _district(context: Context, row: InstitutionRow, known: dict[str, UUID]) -> UUID | None:
    """Return the district that a row names, a new one when the row names it in full."""
    if row.district not in known and row.district_name:
        draft = schemas.DistrictCreate(code=row.district, name=row.district_name)
        made = await institutions.add_district(context.session, region_id=context.region_id, draft=draft)
        known[made.code] = made.id
    if row.district not in known:
        sentence = "系统里没有这个县区代码，请核对；确为新县区的，请填写“县区名称”一列"
        context.wrong(Kind.institutions, row.line, "district", sentence)
        context.doubtful.setdefault(Kind.institutions, set()).add(row.code)
    return known.get(row.district)


class _Institution:
    """One institution on its way in."""

    def __init__(self, context: Context, row: InstitutionRow, district_id: UUID) -> None:
        self.context = context
        self.row = row
        self.district_id = district_id

    async def put(self) -> Loaded:
        """Register it, or compare it with what is there.

        Raises:
            Refusal: the room of institutions does not take it.
        """
        stands = self.context.institutions.get(self.row.code)
        if stands is None:
            return await self._add()
        if (stands.kind, stands.district_id) != (self.row.kind, self.district_id):
            return refused(_KIND_FIXED)
        modes = await institutions.list_modes(
            self.context.session, region_id=self.context.region_id, institution_id=stands.id
        )
        missing = [mode for mode in self.row.modes if not any(_same(mode, each) for each in modes)]
        fields = (*_differs(self.row, stands), *(f"{mode.mode}_no" for mode in missing))
        loaded = compared(stands.id, fields, update=self.context.update)
        if loaded.outcome is Outcome.updated:
            await self._change(stands, fields)
            await self._register(stands.id, missing, modes)
        return loaded

    async def _add(self) -> Loaded:
        row = self.row
        made = await institutions.add_institution(
            self.context.session,
            region_id=self.context.region_id,
            draft=schemas.InstitutionCreate(
                code=row.code,
                name=row.name,
                kind=row.kind,
                district_id=self.district_id,
                address=row.address,
                place=form_of(row.place),
                licence=row.licence,
                published_phone=row.phone,
            ),
        )
        await self._register(made.id, row.modes, [])
        self.context.institutions[row.code] = made
        return Loaded(Outcome.new, made.id)

    async def _register(
        self,
        institution_id: UUID,
        modes: Sequence[schemas.ModeCreate],
        known: Sequence[ModeFacts],
    ) -> None:
        for mode in modes:
            running = next((each for each in known if _begun_alike(mode, each)), None)
            if running is not None:
                await institutions.change_mode(
                    self.context.session,
                    principal=self.context.principal,
                    institution_id=institution_id,
                    mode_id=running.id,
                    change=schemas.ModeUpdate(valid_to=mode.valid_to),
                )
                continue
            await institutions.register_mode(
                self.context.session, principal=self.context.principal, institution_id=institution_id, draft=mode
            )

    async def _change(self, stands: InstitutionFacts, fields: tuple[str, ...]) -> None:
        row = self.row
        values = {
            "name": row.name,
            "address": row.address,
            "place": form_of(row.place),
            "licence": row.licence,
            "published_phone": row.phone,
        }
        given = {("licence" if name == "licence_no" else name) for name in fields}
        await institutions.change_institution(
            self.context.session,
            principal=self.context.principal,
            institution_id=stands.id,
            change=schemas.InstitutionUpdate.model_validate(
                {name: value for name, value in values.items() if name in given}
            ),
        )


def form_of(place: Place | None) -> places.Place:
    """Return a place as a client would send it."""
    if place is None:
        raise ValueError("a row without a place has a fault")
    return places.Place(lon=place.lon, lat=place.lat, datum=place.datum)


def _differs(row: InstitutionRow, stands: InstitutionFacts) -> tuple[str, ...]:
    """Return in what a row differs; what it leaves blank, licence and phone, it says nothing about."""
    point, licence = form_of(row.place).point(), row.licence
    held = (stands.licence_no, stands.licence_from, stands.licence_to)
    differs = {
        "name": row.name != stands.name,
        "address": row.address != stands.address,
        "place": (point.lon, point.lat) != (stands.lon, stands.lat),
        "licence_no": licence is not None and (licence.no, licence.valid_from, licence.valid_to) != held,
        "published_phone": row.phone is not None and row.phone != stands.published_phone,
    }
    return tuple(name for name, is_so in differs.items() if is_so)


def _begun_alike(mode: schemas.ModeCreate, known: ModeFacts) -> bool:
    return (mode.mode, mode.registration_no, mode.valid_from) == (known.mode, known.registration_no, known.valid_from)


def _same(mode: schemas.ModeCreate, known: ModeFacts) -> bool:
    return _begun_alike(mode, known) and mode.valid_to == known.valid_to


async def open_institutions(context: Context, codes: set[str]) -> None:
    """Work for the named institutions from here on, and for no other: the fence is raised anew around them."""
    ids = tuple(sorted(each.id for code, each in context.institutions.items() if code in codes))
    context.principal = replace(context.principal, institution_ids=ids)
    await raise_fence(context.session, context.principal.fence, context.now)


async def put_stations(context: Context, read: Read[StationRow]) -> None:
    """Register the stations that are not there, compare those that are."""
    context.expect(Kind.stations, read)
    codes = {each.id: code for code, each in context.institutions.items()}
    found = await institutions.list_stations(
        context.session, region_id=context.region_id, institution_ids=context.principal.institution_ids
    )
    known = {(codes[each.institution_id], each.code): each for each in found}
    context.known[Kind.stations] = {key: each.id for key, each in known.items()}
    for row in read.rows:
        institution_id = context.institution(row.institution, row=row, within=Kind.stations)
        if institution_id is None:
            context.doubtful.setdefault(Kind.stations, set()).add(row.key)
            continue
        place = form_of(row.place)

        async def put(row: StationRow = row, place: places.Place = place, at: UUID = institution_id) -> Loaded:
            stands = known.get(row.key)
            if stands is None:
                draft = schemas.StationCreate(code=row.code, name=row.name, place=place)
                made = await institutions.add_station(
                    context.session, principal=context.principal, institution_id=at, draft=draft
                )
                return Loaded(Outcome.new, made.id)
            moved = (place.point().lon, place.point().lat) != (stands.lon, stands.lat)
            differs = {"name": row.name != stands.name, "place": moved}
            fields = tuple(name for name, is_so in differs.items() if is_so)
            loaded = compared(stands.id, fields, update=context.update)
            if loaded.outcome is Outcome.updated:
                await institutions.change_station(
                    context.session,
                    principal=context.principal,
                    institution_id=at,
                    station_id=stands.id,
                    change=schemas.StationUpdate(name=row.name, place=place),
                )
            return loaded

        context.tell(Kind.stations, row, await context.attempt(put))
