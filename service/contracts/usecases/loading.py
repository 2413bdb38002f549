"""Loading an institution's list of signed contracts, each under the same rules as one that is signed at the desk."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.contracts import errors, load_repository, repository, rules, schemas
from service.contracts.models import Contract, Package, PackageItem
from service.contracts.usecases.signing import refuse_unqualified
from service.core import dates
from service.core.clock import local_date
from service.core.db import bulk, turns
from service.core.ids import new_id
from service.core.loading import Loaded, Outcome, refused
from service.core.principal import Principal
from service.core.problems import Refusal
from service.institutions import usecases as institutions
from service.institutions.rules import settings
from service.patients import usecases as patients
from service.practitioners import usecases as practitioners
from service.practitioners.rules import LicenceFacts, PractitionerFacts

_COMPARED = ("doctor_id", "valid_from", "valid_to")
_SIGNED = "此签约已登记，签约内容不能改动：请改回原内容，或先在系统中解约再另签"
_NOT_CARED_FOR = "签约机构与该居民没有服务关系：请在居民表中由该机构登记，或先办理接诊"
_DECEASED = "该居民已登记去世：请从本表中删去这一行"


async def packages_of(session: AsyncSession, *, principal: Principal) -> list[schemas.PackageRead]:
    """Return every version of the packages of the principal's institutions, the oldest first."""
    region_id = principal.region_id
    rows = await load_repository.list_packages_of(session, region_id, principal.institution_ids)
    items = await repository.items_of(session, region_id=region_id, package_ids=[row.id for row in rows])
    return [
        schemas.PackageRead.model_validate(
            row.model_dump(exclude={"region_id"})
            | {
                "items": [
                    item.model_dump(include={"code", "quantity", "counting"})
                    for item in items
                    if item.package_id == row.id
                ]
            }
        )
        for row in rows
    ]


async def load_contracts(
    session: AsyncSession, *, principal: Principal, drafts: Sequence[schemas.ContractCreate], now: datetime
) -> list[Loaded]:
    """Sign the contracts that are not there and grant their units; one that is there is left as it was signed.

    Person, package and doctor are of the region; the package is of one of the principal's institutions.
    """
    await turns.pass_over(session)
    load = await _Load.prepared(session, principal, drafts, now)
    done: list[Loaded] = [load.judge(draft) for draft in drafts]
    months: dict[tuple[UUID, date], int] = {}
    rows: dict[int, dict[str, Any]] = {}
    for at, (draft, judged) in enumerate(zip(drafts, done, strict=True)):
        if judged.outcome is Outcome.new:
            try:
                await load.refuse_short(draft, months)
            except Refusal as refusal:
                done[at] = refused(str(refusal))
                continue
            rows[at] = load.row(draft)
            done[at] = Loaded(Outcome.new, rows[at]["id"])
    positions = list(rows)
    for position, said in (await bulk.insert_or_tell(session, Contract, list(rows.values()))).items():
        done[positions[position]] = refused(str(said))
        del rows[positions[position]]
    await load_repository.grant_items(session, list(rows.values()), load.items)
    return done


async def contract_named(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID, person_id: UUID, package_code: str, on: date
) -> UUID | None:
    """Return a person's contract on a package of an institution in force on a day, None without one."""
    return await load_repository.find_contract_on(
        session,
        region_id=region_id,
        institution_id=institution_id,
        person_id=person_id,
        package_code=package_code,
        on=on,
    )


class _Load:
    """One load of contracts: what is known of everything that the drafts name."""

    def __init__(self, session: AsyncSession, principal: Principal, today: date) -> None:
        self.session = session
        self.region_id = principal.region_id
        self.today = today
        self.packages: dict[UUID, Package] = {}
        self.items: list[PackageItem] = []
        self.doctors: dict[UUID, PractitionerFacts] = {}
        self.licences: dict[UUID, tuple[LicenceFacts, ...]] = {}
        self.cared: set[tuple[UUID, UUID]] = set()
        self.deceased: set[UUID] = set()
        self.signed: dict[tuple[UUID, UUID, date], Contract] = {}

    @classmethod
    async def prepared(
        cls, session: AsyncSession, principal: Principal, drafts: Sequence[schemas.ContractCreate], now: datetime
    ) -> "_Load":
        """Return a load that has asked for everything once."""
        load, region_id = cls(session, principal, local_date(now)), principal.region_id
        own = principal.institution_ids
        load.packages = {row.id: row for row in await load_repository.list_packages_of(session, region_id, own)}
        load.items = list(await repository.items_of(session, region_id=region_id, package_ids=list(load.packages)))
        for doctor_id in {draft.doctor_id for draft in drafts}:
            load.doctors[doctor_id] = await practitioners.get_practitioner(
                session, region_id=region_id, practitioner_id=doctor_id
            )
        load.licences = await practitioners.licences(session, region_id=region_id, practitioner_ids=list(load.doctors))
        people = list({draft.person_id for draft in drafts})
        load.cared = await patients.cared_for(session, principal=principal, person_ids=people, now=now)
        load.deceased = await patients.deceased_among(session, region_id=region_id, person_ids=people)
        for row in await load_repository.list_contracts_of(session, region_id, own, people):
            load.signed[row.person_id, row.package_id, row.signed_on] = row
        return load

    def judge(self, draft: schemas.ContractCreate) -> Loaded:
        """Return what becomes of a draft as far as the rules know; the database has the last word."""
        signed = self.signed.get((draft.person_id, draft.package_id, draft.signed_on))
        if signed is not None:
            differs = tuple(field for field in _COMPARED if getattr(signed, field) != getattr(draft, field))
            outcome = Outcome.differs if differs else Outcome.unchanged
            return Loaded(outcome, signed.id, differs, _SIGNED if differs else "")
        package = self.packages[draft.package_id]
        if (draft.person_id, package.institution_id) not in self.cared:
            return refused(_NOT_CARED_FOR)
        if draft.person_id in self.deceased:
            return refused(_DECEASED)
        try:
            self._refuse(draft, package)
        except Refusal as refusal:
            return refused(str(refusal))
        return Loaded(Outcome.new)

    def _refuse(self, draft: schemas.ContractCreate, package: Package) -> None:
        rules.refuse_signing_day(draft.signed_on, draft.valid_from, self.today)
        if not dates.in_force([package], draft.signed_on):
            raise errors.PackageNotOffered(name=package.name, signed_on=draft.signed_on)
        doctor = self.doctors[draft.doctor_id]
        refuse_unqualified(doctor, self.licences[doctor.id], institution_id=package.institution_id, on=draft.signed_on)

    async def refuse_short(self, draft: schemas.ContractCreate, known: dict[tuple[UUID, date], int]) -> None:
        """Refuse a contract shorter than the setting of its institution on the day of signing; asked once for each.

        Raises:
            TermTooShort: it is.
        """
        key = (self.packages[draft.package_id].institution_id, draft.signed_on)
        if key not in known:
            known[key] = await institutions.setting(
                self.session,
                region_id=self.region_id,
                institution_id=key[0],
                key=settings.CONTRACT_MINIMUM_MONTHS,
                on=key[1],
            )
        rules.refuse_short_term(draft.valid_from, draft.valid_to, known[key])

    def row(self, draft: schemas.ContractCreate) -> dict[str, Any]:
        """Return the values of a contract that may be signed."""
        institution_id = self.packages[draft.package_id].institution_id
        return {
            "id": new_id(),
            "region_id": self.region_id,
            "institution_id": institution_id,
        } | draft.model_dump()
