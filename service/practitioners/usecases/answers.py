"""What other rooms ask of practitioners: who is who, who is licensed, and who is on duty on a day with which skills."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import problems
from service.institutions import usecases as institutions
from service.practitioners import absence_rules, facts, repository, rules
from service.practitioners.usecases import absences


async def get_practitioner(session: AsyncSession, *, region_id: UUID, practitioner_id: UUID) -> rules.PractitionerFacts:
    """Return a practitioner whom the session's fence lets through.

    Raises:
        problems.NotFound: there is none.
    """
    row = await repository.find_practitioner(session, region_id, practitioner_id)
    if row is None:
        raise problems.NotFound(what="医护人员")
    return facts.practitioner(row)


async def find_of_account(
    session: AsyncSession, *, region_id: UUID, account_id: UUID
) -> rules.PractitionerFacts | None:
    """Return the practitioner who logs in with an account, None when it is nobody's."""
    row = await repository.find_of_account(session, region_id, account_id)
    return facts.practitioner(row) if row else None


async def licences(
    session: AsyncSession, *, region_id: UUID, practitioner_ids: Collection[UUID]
) -> dict[UUID, tuple[rules.LicenceFacts, ...]]:
    """Return the licences to practise of each, past and future ones included; every id is a key."""
    found: defaultdict[UUID, list[rules.LicenceFacts]] = defaultdict(list)
    for row in await repository.list_qualifications(session, region_id, practitioner_ids):
        if row.kind == rules.QualificationKind.licence:
            found[row.practitioner_id].append(rules.LicenceFacts(row.valid_from, row.valid_to))
    return {practitioner_id: tuple(found[practitioner_id]) for practitioner_id in practitioner_ids}


async def teams_of(
    session: AsyncSession, *, region_id: UUID, practitioner_ids: Collection[UUID]
) -> dict[UUID, rules.Team]:
    """Return the family-doctor team of each whom the session's fence lets through; who is in none is no key."""
    rows = await repository.list_in_teams(session, region_id, practitioner_ids)
    teams = {row.id: rules.team_of(facts.practitioner(row)) for row in rows}
    return {practitioner_id: team for practitioner_id, team in teams.items() if team is not None}


async def day_staff(
    session: AsyncSession, *, region_id: UUID, institution_ids: Collection[UUID], on: date
) -> list[rules.StaffDay]:
    """Return who of some institutions is on duty on a day, by id: each with shift, station, skills and licence.

    The inactive are left out; who has no licence in force that day is shown as not `licensed`. Who has several shifts
    is there with each, in the order of time. Absences are cut out: who is away for a while within his shift is there
    twice, who is away all through it not at all.
    """
    duties = await repository.list_on_duty(session, region_id, institution_ids, on)
    ids = [row.id for row, _ in duties]
    shifts = [facts.shift(shift) for _, shift in duties]
    away = await _away(session, region_id, shifts)
    there = [
        (row, part, part.end < shift.end)
        for (row, _), shift in zip(duties, shifts, strict=True)
        for part in absence_rules.present(shift, away.get(row.id, ()))
    ]
    certified: defaultdict[UUID, list[rules.QualificationFacts]] = defaultdict(list)
    for each in await repository.list_qualifications(session, region_id, ids):
        certified[each.practitioner_id].append(each)
    found = await institutions.list_stations(session, region_id=region_id, institution_ids=institution_ids)
    stations = {each.id: each for each in found}
    days: defaultdict[UUID, list[rules.StaffDay]] = defaultdict(list)
    people = {row.id: facts.practitioner(row) for row, _, _ in there}
    for person, part, away_after in there:
        days[person.id].append(
            rules.staff_day(
                people[person.id],
                part,
                certified[person.id],
                lon=stations[person.station_id].lon,
                lat=stations[person.station_id].lat,
                away_after=away_after,
            )
        )
    return [day for each, parts in days.items() for day in rules.at_own_places(people[each], parts)]


async def _away(
    session: AsyncSession, region_id: UUID, shifts: Sequence[rules.ShiftFacts]
) -> dict[UUID, list[tuple[datetime, datetime]]]:
    if not shifts:
        return {}
    return await absences.times_away(
        session,
        region_id=region_id,
        practitioner_ids=[each.practitioner_id for each in shifts],
        start=min(each.start for each in shifts),
        end=max(each.end for each in shifts),
    )
