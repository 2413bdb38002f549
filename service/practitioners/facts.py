"""Turns rows into the facts that leave the room."""

from datetime import datetime
from typing import cast

from sqlalchemy.dialects.postgresql import Range

from service.core.geo import Point
from service.patients.rules import Sex
from service.practitioners import rules
from service.practitioners.models import Practitioner, Qualification, Shift


def practitioner(row: Practitioner) -> rules.PractitionerFacts:
    """Return the facts of a practitioner's row."""
    return rules.PractitionerFacts(
        id=row.id,
        institution_id=row.institution_id,
        name=row.name,
        role=rules.PractitionerRole(row.role),
        station_id=row.station_id,
        staff_no=row.staff_no,
        sex=Sex(row.sex),
        title=rules.Title(row.title),
        travel_mode=rules.Travels(row.travel_mode),
        active=row.active,
        account_id=row.account_id,
        pace_percent=row.pace_percent,
        languages=tuple(row.languages),
        team=row.team,
        grids=tuple(row.grids),
        start_place=_place(row.start_lon, row.start_lat),
        end_place=_place(row.end_lon, row.end_lat),
        carries=row.carries,
    )


def _place(lon: float | None, lat: float | None) -> Point | None:
    return None if lon is None or lat is None else Point(lon, lat)


def qualification(row: Qualification) -> rules.QualificationFacts:
    """Return the facts of a qualification's row."""
    return rules.QualificationFacts(
        id=row.id,
        practitioner_id=row.practitioner_id,
        kind=rules.QualificationKind(row.kind),
        code=row.code,
        certificate_no=row.certificate_no,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def shift(row: Shift) -> rules.ShiftFacts:
    """Return the facts of a shift's row."""
    during = cast("Range[datetime]", row.during)
    start, end = during.lower, during.upper
    if start is None or end is None:
        raise ValueError(f"shift {row.id} has no end")
    return rules.ShiftFacts(
        id=row.id,
        practitioner_id=row.practitioner_id,
        service_on=row.service_on,
        start=start,
        end=end,
        lunch_from=row.lunch_from,
        lunch_to=row.lunch_to,
        lunch_minutes=row.lunch_minutes,
        lunch_at_station=row.lunch_at_station,
    )
