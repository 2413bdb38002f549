"""Family-doctor contracts (家庭医生签约): signed, read with their balances, ended early."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.catalog import usecases as catalog
from service.contracts import closing_repository, errors, repository, rules, schemas
from service.contracts.models import Contract, Package
from service.contracts.usecases import packages
from service.core import access, dates, problems
from service.core.clock import local_date
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.patients import rules as patient_rules
from service.patients import usecases as patients
from service.practitioners import usecases as practitioners
from service.practitioners.rules import LicenceFacts, PractitionerFacts, PractitionerRole

DOCTORS = frozenset({PractitionerRole.doctor, PractitionerRole.village_doctor})


async def sign_contract(
    session: AsyncSession, *, principal: Principal, asked: schemas.ContractCreate, now: datetime
) -> schemas.ContractRead:
    """Sign a contract on a package of one's own institution and grant its units to the ledger.

    Raises:
        problems.NotFound: the package, the person or the doctor is not this institution's to see.
        patients.errors.PersonDeceased: the person has died.
        errors.SigningDayInvalid: signed in the future, or valid before it was signed.
        errors.PackageNotOffered: not on the day of signing.
        errors.DoctorNotQualified: no licensed doctor of the institution on that day.
        errors.TermTooShort: shorter than the setting contract.minimum_months.
        errors.FamilyDoctorTaken: the person has a family doctor in this period, here or elsewhere.
    """
    region_id = principal.region_id
    rules.refuse_signing_day(asked.signed_on, asked.valid_from, local_date(now))
    package = await _offered(session, principal=principal, asked=asked)
    await patients.require_right(
        session, principal=principal, person_id=asked.person_id, right=patient_rules.Right.view, now=now
    )
    person = await patients.get_person(session, region_id=region_id, person_id=asked.person_id)
    patient_rules.refuse_deceased(person)
    await _refuse_unqualified(session, region_id=region_id, institution_id=package.institution_id, asked=asked)
    months = await institutions.setting(
        session,
        region_id=region_id,
        institution_id=package.institution_id,
        key=settings.CONTRACT_MINIMUM_MONTHS,
        on=asked.signed_on,
    )
    rules.refuse_short_term(asked.valid_from, asked.valid_to, months)
    row = Contract(region_id=region_id, institution_id=package.institution_id, **asked.model_dump())
    session.add(row)
    await session.flush()
    await _grant(session, row)
    return (await _read(session, region_id, [row]))[0]


async def list_contracts(
    session: AsyncSession,
    *,
    principal: Principal,
    person_id: UUID | None,
    on: date | None,
    page: PageRequest,
    now: datetime,
) -> list[schemas.ContractRead]:
    """Return a page (and one more) of contracts: staff see their institutions', others those of their people."""
    staff = principal.institution_ids or None
    people: set[UUID] | None = None
    if staff is None:
        acted_for = await patients.my_people(session, principal=principal, now=now)
        people = {each.person_id for each in acted_for if patient_rules.Right.view in each.rights}
    if person_id is not None:
        people = {person_id} if people is None else people & {person_id}
    found = await repository.list_contracts(
        session, region_id=principal.region_id, institution_ids=staff, person_ids=people, on=on, page=page
    )
    return await _read(session, principal.region_id, found)


async def read_contract(
    session: AsyncSession, *, principal: Principal, contract_id: UUID, now: datetime
) -> schemas.ContractRead:
    """Return a contract with its balances.

    Raises:
        problems.NotFound: no such contract of one's institution, or of a person one may look after.
        patients.errors.RightMissing: a proxy who may not look.
    """
    row = await repository.find_contract(session, region_id=principal.region_id, contract_id=contract_id)
    if row is None:
        raise problems.NotFound(what="签约")
    if row.institution_id not in principal.institution_ids:
        await patients.require_right(
            session, principal=principal, person_id=row.person_id, right=patient_rules.Right.view, now=now
        )
    return (await _read(session, principal.region_id, [row]))[0]


async def family_doctors(
    session: AsyncSession, *, region_id: UUID, person_ids: Collection[UUID], on: date
) -> dict[UUID, UUID]:
    """Return the practitioner who is each person's family doctor on a day; who has none is no key.

    Only contracts that the session's fence lets through count.
    """
    return await repository.family_doctors(session, region_id=region_id, person_ids=person_ids, on=on)


async def terminate_contract(
    session: AsyncSession, *, principal: Principal, contract_id: UUID, asked: schemas.Termination
) -> schemas.ContractRead:
    """End a contract early: on `on` it covers nothing any more. The same once more changes nothing.

    Raises:
        problems.NotFound: no such contract of one's institution.
        errors.ContractTerminated: ended before, otherwise.
        errors.TerminationDayInvalid: before its first day, or after its last.
        errors.TerminationReasonWrong: `died` without a registered death, or the other way round.
    """
    row = await repository.find_contract(session, region_id=principal.region_id, contract_id=contract_id, lock=True)
    if row is None or row.institution_id not in principal.institution_ids:
        raise problems.NotFound(what="签约")
    if row.terminated_on is None:
        rules.refuse_termination(row.valid_from, row.valid_to, asked.on)
        person = await patients.get_person(session, region_id=principal.region_id, person_id=row.person_id)
        rules.refuse_reason(asked.reason, person.deceased_on)
        row.terminated_on, row.termination_reason = asked.on, asked.reason
        await session.flush()
        await closing_repository.close_contract(session, contract_id=row.id)
    elif (row.terminated_on, row.termination_reason) != (asked.on, asked.reason):
        raise errors.ContractTerminated(terminated_on=row.terminated_on)
    return (await _read(session, principal.region_id, [row]))[0]


async def _offered(session: AsyncSession, *, principal: Principal, asked: schemas.ContractCreate) -> Package:
    """Return the package, one of the principal's institutions', offered on the day of signing."""
    package = await repository.find_package(session, region_id=principal.region_id, package_id=asked.package_id)
    if package is None:
        raise problems.NotFound(what="服务包")
    access.require_institution(principal, package.institution_id)
    if not dates.in_force([package], asked.signed_on):
        raise errors.PackageNotOffered(name=package.name, signed_on=asked.signed_on)
    return package


def refuse_unqualified(
    doctor: PractitionerFacts, licences: Sequence[LicenceFacts], *, institution_id: UUID, on: date
) -> None:
    """Refuse a family doctor who is no working, licensed doctor of the institution on the day of signing.

    Raises:
        errors.DoctorNotQualified: names him.
    """
    licensed = dates.in_force(licences, on)
    if doctor.institution_id != institution_id or doctor.role not in DOCTORS or not doctor.active or not licensed:
        raise errors.DoctorNotQualified(name=doctor.name)


async def _refuse_unqualified(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, asked: schemas.ContractCreate
) -> None:
    doctor = await practitioners.get_practitioner(session, region_id=region_id, practitioner_id=asked.doctor_id)
    licences = await practitioners.licences(session, region_id=region_id, practitioner_ids=[doctor.id])
    refuse_unqualified(doctor, licences[doctor.id], institution_id=institution_id, on=asked.signed_on)


async def _grant(session: AsyncSession, row: Contract) -> None:
    items = await repository.items_of(session, region_id=row.region_id, package_ids=[row.package_id])
    grants = [
        rules.Grant(
            rules.Source.contract,
            row.id,
            item.code,
            rules.CONTRACT_PERIOD,
            item.quantity,
            rules.Counting(item.counting),
        )
        for item in items
    ]
    await repository.grant(session, person_id=row.person_id, grants=grants)


async def _read(session: AsyncSession, region_id: UUID, rows: Sequence[Contract]) -> list[schemas.ContractRead]:
    package_ids = {row.package_id for row in rows}
    offered = await repository.packages_of(session, region_id=region_id, package_ids=package_ids)
    found = {package.id: package for package in offered}
    items = await packages.items_of(session, region_id=region_id, package_ids=package_ids)
    standing = await repository.balances(session, region_id=region_id, person_ids={row.person_id for row in rows})
    codes = {item.code for each in items.values() for item in each}
    names = {code: item.name for code, item in (await catalog.items(session, region_id=region_id, codes=codes)).items()}
    return [
        schemas.ContractRead(
            **row.model_dump(exclude={"region_id"}),
            package_name=found[row.package_id].name,
            covers_visit_fee=found[row.package_id].covers_visit_fee,
            capitated_codes=found[row.package_id].capitated_codes,
            items=_balanced(row, items[row.package_id], standing[row.person_id], names),
        )
        for row in rows
    ]


def _balanced(
    row: Contract, items: list[schemas.PackageItem], standing: list[rules.Balance], names: dict[str, str]
) -> list[schemas.ContractItemRead]:
    own = {balance.code: balance for balance in standing if balance.ref_id == row.id}
    return [
        schemas.ContractItemRead(
            code=item.code,
            name=names[item.code],
            quantity=item.quantity,
            counting=item.counting,
            used=own[item.code].used,
            reserved=own[item.code].reserved,
            remaining=own[item.code].remaining,
        )
        for item in items
    ]
