"""Gathers from the other rooms what the kernel needs to know of one visit on its service date.

Everything dated (settings, registrations, prices, tariff, programmes, insurance, contracts, bed) is asked for the
service date, so that a later change never alters what the visit costs.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.beds import usecases as beds
from service.billing import evidence, repository, rules, translation
from service.catalog import rules as catalog_rules
from service.catalog import usecases as catalog
from service.contracts import usecases as contracts
from service.core import geo
from service.institutions import usecases as institutions
from service.institutions.rules import InstitutionFacts, SettingsOn, settings
from service.orders.rules import MODE_NEEDED, OrderKind
from service.patients import usecases as patients


@dataclass(frozen=True, slots=True)
class House:
    """What an institution charges on a day: its terms, without the patient's payers and the crew's licences."""

    institution: InstitutionFacts
    on: date
    settings: SettingsOn
    tariff: catalog_rules.TariffFacts | None
    terms: rules.Terms


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a bill stands on. `labels` gives the ids of contracts, programmes and beds a name."""

    visit: rules.Visit
    peers: tuple[rules.Visit, ...]
    institution_code: str
    terms: rules.Terms
    patient: rules.Patient
    used: Mapping[rules.Entitlement, int]
    person_id: UUID
    plan_code: str | None
    labels: Mapping[str, str]

    def settle(self) -> rules.Settlement:
        """Run the kernel on the facts.

        Raises:
            rules.Refused: the gate's reason.
        """
        return rules.settle_visit(self.visit, terms=self.terms, patient=self.patient, used=self.used, peers=self.peers)

    def as_case(self) -> evidence.Document:
        """Return the facts as a billing case."""
        return evidence.as_case(
            self.visit,
            institution_code=self.institution_code,
            terms=self.terms,
            patient=self.patient,
            used=self.used,
            peers=self.peers,
        )


def mode_of(kind: str) -> str:
    """Return the registered service mode (服务方式) that a kind of order needs."""
    return str(MODE_NEEDED[OrderKind(kind)])


async def house_on(session: AsyncSession, *, region_id: UUID, institution_id: UUID, on: date) -> House:
    """Return what an institution charges on a day, without its prices.

    Raises:
        problems.NotFound: there is no such institution.
    """
    at = {"region_id": region_id, "institution_id": institution_id}
    institution = await institutions.get_institution(session, **at)
    in_force = await institutions.settings_on(session, **at, on=on)
    tariff = await catalog.tariff_on(session, **at, on=on)
    terms = rules.Terms(
        policy=translation.policy(in_force),
        service_modes=translation.service_modes(institution, await institutions.list_modes(session, **at)),
        licences={},
        prices={},
        tariffs=translation.tariffs(tariff),
    )
    return House(institution, on, in_force, tariff, terms)


async def distance_metres(session: AsyncSession, *, region_id: UUID, house: House, home_id: UUID) -> int:
    """Return how far a home is in the words of the tariff in force; without one, the straight line from the door.

    Raises:
        problems.NotFound: there is no such home.
        patients.errors.HomeNotPlaced: nobody knows where it is.
    """
    home = await patients.get_home(session, region_id=region_id, home_id=home_id)
    door, place = geo.Point(house.institution.lon, house.institution.lat), geo.Point(home.lon, home.lat)
    if house.tariff is None:
        return geo.geodesic_metres(door, place)
    stations = await institutions.list_stations(session, region_id=region_id, institution_ids=[house.institution.id])
    return catalog_rules.distance_metres(
        house.tariff,
        place,
        door,
        [geo.Point(station.lon, station.lat) for station in stations],
        catalog_rules.detour_road(house.settings.of(settings.TRAVEL_DETOUR_FACTOR)),
    )


async def crew_licences(session: AsyncSession, *, visit_ids: Collection[UUID]) -> dict[str, tuple[rules.Period, ...]]:
    """Return the licences of everyone who began the service of some visits, lent crew included."""
    found = await repository.crew_licences(session, visit_ids)
    return {
        str(member): tuple(rules.Period(first, last) for first, last in sorted(periods))
        for member, periods in found.items()
    }


async def gather(
    session: AsyncSession,
    *,
    region_id: UUID,
    house: House,
    person_id: UUID,
    order_id: UUID | None,
    visit: rules.Visit,
    peers: tuple[rules.Visit, ...] = (),
    licences: Mapping[str, tuple[rules.Period, ...]],
) -> Facts:
    """Return the facts of a visit: prices, the patient's payers, and what is used of them by others than its order.

    What the patient has by right in the year is granted first.

    Raises:
        problems.NotFound: the fence does not let the patient through (silence would charge him for everything).
    """
    on, of = house.on, {"region_id": region_id, "person_id": person_id}
    await patients.get_person(session, **of)
    coverage = await patients.coverage_on(session, **of, on=on)
    plan_code = coverage.plan_code if coverage else None
    insurance = (
        await catalog.insurance_rule(session, region_id=region_id, plan_code=plan_code, on=on) if plan_code else None
    )
    balances = await contracts.ensure_year(session, **of, on=on, insurance=insurance)
    covers = await contracts.cover_on(session, **of, on=on)
    enrolments = await contracts.enrolments_on(session, **of, on=on)
    in_force = await catalog.programmes(session, region_id=region_id, on=on)
    programmes = translation.programmes(in_force, enrolments)
    bed = await beds.open_on(session, **of, on=on)
    own = await contracts.held_by(session, region_id=region_id, order_id=order_id) if order_id else {}
    rows = await catalog.price_rows(session, region_id=region_id, institution_id=house.institution.id, on=on)
    return Facts(
        visit=visit,
        peers=peers,
        institution_code=house.institution.code,
        terms=replace(
            house.terms,
            licences=dict(licences),
            prices=translation.prices(rows, _codes([visit, *peers])),
            insurance=translation.insurance(insurance),
            programmes=programmes,
        ),
        patient=translation.patient(
            person_id, enrolments=enrolments, known=programmes, coverage=coverage, contracts=covers, bed=bed
        ),
        used=translation.used(balances, person_id=person_id, plan_code=plan_code, own=own),
        person_id=person_id,
        plan_code=plan_code,
        labels={str(row.id): f"“{row.name}”" for row in in_force}
        | {str(cover.contract_id): f"（{cover.signed_on}签）" for cover in covers}
        | ({str(bed.bed_id): f"（{bed.opened_on}建床）"} if bed else {}),
    )


def _codes(visits: Iterable[rules.Visit]) -> set[str]:
    return {item.code for visit in visits for item in visit.items}
