"""What a verified visit teaches about where its home is."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core.geo import Point
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.patients import usecases as patients
from service.patients.placing_rules import Sighting
from service.visits import repository, rules


async def teach_place(session: AsyncSession, *, region_id: UUID, visit_id: UUID, now: datetime) -> None:
    """Tell patients where the crew of a verified visit arrived: the arrival that was measured most exactly.

    Nothing is told when a person found that the elder was elsewhere or the phone wrong.
    """
    visit = await repository.find(session, region_id, visit_id)
    if visit is None or not visit.verified:
        return
    doubts = [
        (
            rules.ExceptionKind(each.kind),
            rules.Decision(each.decision) if each.decision else None,
            rules.ReasonCode(each.reason_code) if each.reason_code else None,
        )
        for each in await repository.exceptions(session, region_id, visit_id)
    ]
    if rules.was_elsewhere(doubts):
        return
    limit = await institutions.setting(
        session,
        region_id=region_id,
        institution_id=visit.institution_id,
        key=settings.VISIT_ACCURACY_LIMIT_METRES,
        on=visit.service_on,
    )
    arrivals = [
        (each.accuracy_metres, Point(each.lon, each.lat))
        for each in await repository.events(session, region_id, visit_id)
        if each.kind == rules.EventKind.arrive
        and each.lon is not None
        and each.lat is not None
        and (each.accuracy_metres or 0) <= limit
    ]
    if not arrivals:
        return
    accuracy, point = min(arrivals, key=lambda each: limit if each[0] is None else each[0])
    await patients.learn_from_visit(
        session,
        region_id=region_id,
        home_id=visit.home_id,
        institution_id=visit.institution_id,
        visit_id=visit_id,
        sighting=Sighting(point, accuracy, address_doubted=rules.address_was_wrong(doubts)),
        now=now,
    )
