"""What machines and visits say about where a home is, written down in a transaction of its own."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import geo
from service.core.clock import local_date
from service.core.http import House
from service.gateways.geocoding import Answer, Area
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.patients import placing_repository, placing_rules, repository
from service.patients.models import Home, HomeReview
from service.patients.placing_rules import Placing, ReviewCause, ReviewOutcome, Source
from service.patients.usecases import positions
from service.patients.usecases.answers import ADDRESS


@dataclass(frozen=True, slots=True)
class LookUp:
    """An address to be looked up: where it should lie, what may be done, and the position that was seen then."""

    home_id: UUID
    address: str
    area: Area
    external: bool
    enough: Decimal
    seen: int


async def look_up_for(
    session: AsyncSession, *, house: House, region_id: UUID, home_id: UUID, now: datetime
) -> LookUp | None:
    """Return what to ask for a home, None when it does not wait for a look-up (any more)."""
    rows = await repository.find_homes(session, region_id, [home_id])
    if not rows:
        return None
    row = rows[0]
    under_review = await placing_repository.open_review(session, region_id, home_id) is not None
    if not placing_rules.awaits_look_up(Placing(row.placed), under_review=under_review):
        return None
    institution_id = row.registered_by_institution_id
    institution = await institutions.get_institution(session, region_id=region_id, institution_id=institution_id)
    district = await institutions.get_district(session, region_id=region_id, district_id=institution.district_id)
    on = await institutions.settings_on(session, region_id=region_id, institution_id=institution_id, on=local_date(now))
    return LookUp(
        home_id=home_id,
        address=house.cipher.open(row.address_sealed, context=ADDRESS),
        area=Area(
            name=district.name,
            adcode=district.code if placing_rules.is_adcode(district.code) else "",
            centre=geo.Point(institution.lon, institution.lat),
            radius_metres=on.of(settings.PLACING_RADIUS_KM) * 1000,
        ),
        external=on.of(settings.GEOCODING_EXTERNAL),
        enough=on.of(settings.PLACING_CONFIDENCE),
        seen=row.placing_revision,
    )


async def record_look_up(
    session: AsyncSession, *, house: House, region_id: UUID, look_up: LookUp, answer: Answer, now: datetime
) -> None:
    """Write down what was found for a home's address, unless its position or address changed meanwhile.

    A place that is not sure enough, or none, goes onto the review list.
    """
    row = await placing_repository.lock_home(session, region_id, look_up.home_id)
    if row is None or row.placing_revision != look_up.seen:
        return
    if await placing_repository.open_review(session, region_id, row.id) is not None:
        return  # the same job, run twice at once
    best = answer.best
    if best is not None:
        confidence = Decimal(str(best.confidence))
        row.lon, row.lat, row.datum, row.source = best.lon, best.lat, best.datum, best.provider
        row.confidence, row.placed = confidence, placing_rules.placing_by_machine(confidence, look_up.enough)
        row.placing_revision += 1
    if row.placed not in placing_rules.BOOKABLE:
        session.add(
            HomeReview(
                region_id=region_id,
                home_id=row.id,
                cause=ReviewCause.unsure if best else ReviewCause.not_found,
                lon=best.lon if best else None,
                lat=best.lat if best else None,
                source=best.provider if best else None,
                level=best.level if best else None,
                confidence=row.confidence if best else None,
                label=answer.label,
                found_sealed=_sealed(house, best.formatted_address) if best else None,
                raised_at=now,
            )
        )
    await session.flush()


async def learn_from_visit(
    session: AsyncSession,
    *,
    region_id: UUID,
    home_id: UUID,
    institution_id: UUID,
    visit_id: UUID,
    sighting: placing_rules.Sighting,
    now: datetime,
) -> placing_rules.Lesson | None:
    """Let a verified visit correct a machine's position of a home, or ask a person to look; again changes nothing.

    Returns what was done, None for nothing.
    """
    row = await placing_repository.lock_home(session, region_id, home_id)
    if row is None or row.lon is None or row.lat is None:
        return None
    on = await institutions.settings_on(session, region_id=region_id, institution_id=institution_id, on=local_date(now))
    distance = geo.geodesic_metres(sighting.point, geo.Point(row.lon, row.lat))
    lesson = placing_rules.lesson_of(
        Placing(row.placed),
        Source(row.source) if row.source else None,
        sighting,
        distance_metres=distance,
        limits=placing_rules.SightingLimits(
            far_metres=on.of(settings.PLACING_VISIT_FAR_METRES),
            accuracy_metres=on.of(settings.PLACING_VISIT_ACCURACY_METRES),
        ),
    )
    if lesson is placing_rules.Lesson.correct:
        await _correct(session, row, sighting, now)
    elif lesson is placing_rules.Lesson.propose:
        if await placing_repository.visit_reviewed(session, region_id, home_id, visit_id):
            return None
        await _propose(session, row, visit_id, sighting, distance=distance, now=now)
    return lesson


async def _correct(session: AsyncSession, row: Home, sighting: placing_rules.Sighting, now: datetime) -> None:
    row.lon, row.lat, row.datum = sighting.point.lon, sighting.point.lat, geo.Datum.wgs84
    row.placed, row.source, row.confidence = Placing.located, Source.visit, placing_rules.SEEN
    row.placing_revision += 1
    await positions.close_review(session, row, ReviewOutcome.overtaken, now=now, account_id=None)
    await session.flush()


async def _propose(
    session: AsyncSession,
    row: Home,
    visit_id: UUID,
    sighting: placing_rules.Sighting,
    *,
    distance: int,
    now: datetime,
) -> None:
    # what somebody saw at the door goes before what a geocoder proposed
    await positions.close_review(session, row, ReviewOutcome.overtaken, now=now, account_id=None)
    await session.flush()
    session.add(
        HomeReview(
            region_id=row.region_id,
            home_id=row.id,
            cause=ReviewCause.visit_elsewhere,
            lon=sighting.point.lon,
            lat=sighting.point.lat,
            source=Source.visit,
            label=str(Source.visit),
            visit_id=visit_id,
            distance_metres=distance,
            accuracy_metres=sighting.accuracy_metres,
            raised_at=now,
        )
    )
    await session.flush()


def _sealed(house: House, address: str) -> bytes | None:
    return house.cipher.seal(address, context=ADDRESS) if address else None
