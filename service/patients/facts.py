"""Turns rows into the facts that leave the room."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy.dialects.postgresql import Range

from service.patients import errors, rules
from service.patients.models import CareRelation, Coverage, Home, KeyGroupRow, Patient
from service.patients.placing_rules import Placing


def person(row: Patient) -> rules.PersonFacts:
    """Return the facts of a person's row."""
    return rules.PersonFacts(
        id=row.id,
        name=row.name,
        sex=rules.Sex(row.sex),
        born_on=row.born_on,
        home_id=row.home_id,
        deceased_on=row.deceased_on,
    )


def care(row: Any) -> rules.CareFacts:
    """Return what whoever is sent to a person must be, of his row, however it was fetched."""
    return rules.CareFacts(
        precaution=rules.Precaution(row.precaution),
        language=row.language,
        language_required=row.language_required,
        excluded_practitioner_ids=tuple(row.excluded_practitioner_ids),
    )


def home(row: Home) -> rules.HomeFacts:
    """Return the facts of a home's row.

    Raises:
        HomeNotPlaced: it has no position.
    """
    if row.lon is None or row.lat is None:
        raise errors.HomeNotPlaced(placing=row.placed)
    return rules.HomeFacts(
        id=row.id,
        lon=row.lon,
        lat=row.lat,
        floor=row.floor,
        has_lift=row.has_lift,
        care_institution_id=row.care_institution_id,
        placing=Placing(row.placed),
        entry_minutes=row.entry_minutes,
        grid=row.grid,
    )


def key_group(row: KeyGroupRow) -> rules.KeyGroupFacts:
    """Return the facts of a key group's row."""
    return rules.KeyGroupFacts(
        id=row.id,
        person_id=row.person_id,
        key_group=rules.KeyGroup(row.key_group),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def coverage(row: Coverage) -> rules.CoverageFacts:
    """Return the facts of a coverage's row."""
    return rules.CoverageFacts(id=row.id, plan_code=row.plan_code, valid_from=row.valid_from, valid_to=row.valid_to)


def relation(row: CareRelation) -> rules.RelationFacts:
    """Return the facts of a care relation that is, or was, in force for some time."""
    during = cast("Range[datetime]", row.during)
    return relation_during(row, during.lower, during.upper)


def relation_during(row: Any, valid_from: datetime | None, valid_to: datetime | None) -> rules.RelationFacts:
    """Return the facts of a care relation's row, however it was fetched."""
    return rules.RelationFacts(
        id=row.id,
        person_id=row.person_id,
        kind=rules.RelationKind(row.kind),
        institution_id=row.institution_id,
        account_id=row.account_id,
        kinship=rules.Kinship(row.relation) if row.relation else None,
        rights=frozenset(rules.Right(each) for each in row.rights),
        valid_from=valid_from,
        valid_to=valid_to,
        because=row.because,
    )
