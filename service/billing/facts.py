"""Gathers from the other rooms what the kernel needs to know of one visit on its service date.

Everything dated (settings, registrations, prices, tariff, programmes, insurance, contracts, bed) is asked for the
service date, so that a later change never alters what the visit costs.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.beds import usecases as beds
from service.billing import (
    around,
    free_clinic,
    insuring,
    making,
    reductions,
    repository,
    rules,
    statement,
    translation,
)
from service.billing.ledger.rules import Income
from service.billing.limits import Limit
from service.billing.proof import document
from service.catalog import rules as catalog_rules
from service.catalog import usecases as catalog
from service.catalog.programme_rules import ProgrammeKind
from service.contracts import usecases as contracts
from service.core import geo
from service.core.db.questions import Asked
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
    """Everything that a bill stands on. `labels` gives the ids of contracts, programmes and beds a name.

    `incomes` says of each code which income its money is, `package_classes` of each contract the class of what its
    package pays. `limits` stand before the kernel, `offer` after it. `forgone` is the share of a fee that a free clinic
    does not charge: the visit's place in the round of its trip stays what the others reckon with.
    """

    visit: rules.Visit
    peers: tuple[rules.Visit, ...]
    institution_code: str
    terms: rules.Terms
    patient: rules.Patient
    used: Mapping[rules.Entitlement, int]
    person_id: UUID
    plan_code: str | None
    labels: Mapping[str, str]
    incomes: Mapping[str, Income] = field(default_factory=dict)
    package_classes: Mapping[str, str] = field(default_factory=dict)
    limits: tuple[Limit, ...] = ()
    offer: reductions.Offer = reductions.NOTHING
    forgone: rules.FeeShare | None = None

    def as_free_clinic(self, programmes: Collection[str]) -> "Facts":
        """Return the facts without a visit fee, whatever the policy, when free-clinic programmes (义诊) pay everything.

        That is: every unit of every charged service. Otherwise the facts stay as they are.
        """
        try:
            made = self.make() if programmes else None
        except rules.Refused:
            return self  # the gate says so when the bill is made
        if made is None or not free_clinic.pays_everything(made.settlement, programmes):
            return self
        return replace(
            self,
            terms=making.without_fee(self.terms),
            labels={**self.labels, statement.FREE_CLINIC: free_clinic.SENTENCE},
            forgone=made.share,
        )

    def make(self) -> making.Made:
        """Make the bill: limits, the kernel, reductions.

        Raises:
            rules.Refused: the gate's reason.
        """
        return making.make(
            self.visit,
            terms=self.terms,
            patient=self.patient,
            used=self.used,
            peers=self.peers,
            limits=self.limits,
            offer=self.offer,
        )

    def proof(self, made: making.Made) -> document.Document:
        """Return the proof of the bill that was made from the facts."""
        return document.envelope(
            made,
            institution_code=self.institution_code,
            patient=self.patient,
            used=self.used,
            peers=self.peers,
            visit=self.visit,
            policy=self.terms.policy,
            limits=self.limits,
            offer=self.offer,
        )


def mode_of(kind: str) -> str:
    """Return the registered service mode (服务方式) that a kind of order needs."""
    return str(MODE_NEEDED[OrderKind(kind)])


def asked_of_visit(
    *, region_id: UUID, institution_id: UUID, person_id: UUID, on: date, codes: Collection[str]
) -> list[Asked[Any]]:
    """Return what is asked of a visit of a person on a day, to be asked together: rooms then find it at hand."""
    at = {"region_id": region_id, "institution_id": institution_id}
    of = {"region_id": region_id, "person_id": person_id}
    return [
        *institutions.asked_of_day(**at, on=on),
        *catalog.asked_of_visit(**at, on=on, codes=codes),
        *patients.asked_of_payers(**of),
        *contracts.asked_of_payers(**of, institution_id=institution_id, on=on),
        *beds.asked_on(person_id=person_id, on=on),
    ]


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
    found = await repository.LICENCES.ask(session, visit_ids=list(visit_ids))
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

    What the patient has by right in the year is granted.

    Raises:
        problems.NotFound: the fence does not let the patient through (silence would charge him for everything).
    """
    on, of = house.on, {"region_id": region_id, "person_id": person_id}
    await patients.get_person(session, **of)
    insured = await insuring.insurances_on(session, **of, institution_id=house.institution.id, on=on)
    covers = await contracts.cover_on(session, **of, on=on, institution_id=house.institution.id)
    enrolments = await contracts.enrolments_on(session, **of, on=on)
    in_force = await catalog.programmes(session, region_id=region_id, on=on)
    programmes = translation.programmes(in_force, enrolments)
    bed = await beds.open_on(session, **of, on=on)
    own = await contracts.held_by(session, region_id=region_id, order_id=order_id) if order_id else {}
    codes = _codes([visit, *peers])
    rows = await catalog.price_rows(
        session, region_id=region_id, institution_id=house.institution.id, on=on, codes=codes
    )
    offer = await around.offer_on(session, **of, institution_id=house.institution.id, on=on)
    limited = await catalog.price_limits(session, region_id=region_id, on=on)
    # last: what it grants lets every answer at hand be asked anew
    balances = await contracts.ensure_year(
        session, **of, on=on, insurance=insured.rule, ltci_cap_fen=insured.ltci_cap_fen
    )
    known = Facts(
        visit=visit,
        peers=peers,
        institution_code=house.institution.code,
        terms=replace(
            house.terms,
            licences=dict(licences),
            prices=translation.prices(rows, codes),
            ltci=insured.ltci,
            insurance=translation.insurance(insured.rule),
            programmes=programmes,
        ),
        patient=translation.patient(
            person_id,
            enrolments=enrolments,
            known=programmes,
            ltci_grade=insured.ltci_grade,
            coverage=insured.coverage,
            contracts=covers,
            bed=bed,
        ),
        used=translation.used(balances, person_id=person_id, plan_code=insured.plan_code, own=own),
        person_id=person_id,
        plan_code=insured.plan_code,
        labels={**insured.labels}
        | {str(row.id): f"“{row.name}”" for row in in_force}
        | {
            str(row.id): f"“{row.name}”（符合条件自动纳入）"
            for row in in_force
            if any(each.programme_id == row.id and each.automatic for each in enrolments)
        }
        | {str(cover.contract_id): f"（{cover.signed_on}签）" for cover in covers}
        | ({str(bed.bed_id): f"（{bed.opened_on}建床）"} if bed else {}),
        incomes=translation.incomes(rows, house.tariff),
        package_classes={str(cover.contract_id): str(cover.income_class) for cover in covers},
        limits=around.limits_of(limited, on=on, codes=_codes([visit]), bed=bed, balances=balances),
        offer=offer,
    )
    return known.as_free_clinic([str(row.id) for row in in_force if row.kind is ProgrammeKind.free_clinic])


def _codes(visits: Iterable[rules.Visit]) -> set[str]:
    return {item.code for visit in visits for item in visit.items}
