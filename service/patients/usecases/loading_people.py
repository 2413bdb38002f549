"""Loading an institution's list of people: each found again by his identity number, whoever registered him."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import dates
from service.core.db import bulk, turns
from service.core.http import House
from service.core.ids import new_id
from service.core.loading import Loaded, Outcome, compared, refused
from service.core.principal import Principal
from service.core.problems import Refusal
from service.patients import load_repository, loads, relation_repository, rules, schemas
from service.patients.load_repository import KnownCoverage, KnownGroup, KnownPerson
from service.patients.models import Coverage, KeyGroupRow, Patient
from service.patients.usecases import people

_BECAUSE = "批量登记"
_ELSEWHERE = "该号码已由其他机构登记，而姓名不同：请核对证件，再在本表改正姓名或号码"
_INSURED = "已有其他参保记录：请先在系统中终止原记录，再导入"
_DECEASED = "该居民已登记去世：请从本表中删去这一行"


async def load_people(
    session: AsyncSession,
    *,
    principal: Principal,
    house: House,
    drafts: Sequence[loads.PersonDraft],
    update: bool,
    now: datetime,
) -> list[Loaded]:
    """Register the people who are not there and let their institutions care for them; compare those who are.

    Somebody whom another institution registered is admitted by number and name, as at the desk. With `update` what
    differs is changed, groups and insurance are added; nothing is ever ended. The institutions are the principal's,
    the homes are seen, and each number stands once in `drafts`.
    """
    await turns.pass_over(session)
    return await _Load(session, principal, house, now).run(drafts, update=update)


class _Load:
    """One load: what every step of it needs."""

    def __init__(self, session: AsyncSession, principal: Principal, house: House, now: datetime) -> None:
        self.session = session
        self.principal = principal
        self.region_id = principal.region_id
        self.house = house
        self.now = now

    async def run(self, drafts: Sequence[loads.PersonDraft], *, update: bool) -> list[Loaded]:
        """Return what became of each draft."""
        indexes = [self.house.cipher.blind(draft.number.text, context=people.ID_NUMBER) for draft in drafts]
        known = await load_repository.find_indexed(self.session, self.region_id, indexes)
        strangers = {index: draft for index, draft in zip(indexes, drafts, strict=True) if index not in known}
        fresh = await self._register(strangers)
        elsewhere = {index: draft for index, draft in strangers.items() if index not in fresh}
        admitted = await self._admit(elsewhere)
        known |= await load_repository.find_indexed(self.session, self.region_id, list(admitted))
        stands = await self._standing(
            [(draft, known[index]) for index, draft in zip(indexes, drafts, strict=True) if index in known]
        )
        done: list[Loaded] = []
        for index, draft in zip(indexes, drafts, strict=True):
            if index in fresh:
                done.append(Loaded(Outcome.new, fresh[index]))
            elif index not in known:
                done.append(refused(_ELSEWHERE))
            else:
                done.append(await self._settle(draft, known[index], stands[known[index].id], update=update))
        return [
            Loaded(Outcome.new, one.id) if index in admitted and one.outcome is Outcome.unchanged else one
            for index, one in zip(indexes, done, strict=True)
        ]

    async def _register(self, strangers: dict[bytes, loads.PersonDraft]) -> dict[bytes, UUID]:
        """Register people; return those who were new, the others are there where the fence does not show them."""
        rows = {index: self._row(index, draft) for index, draft in strangers.items()}
        ids = [row["id"] for row in rows.values()]
        await bulk.insert_rows(self.session, Patient, list(rows.values()), pass_over_known=True)
        await load_repository.relate_registered(self.session, ids, _BECAUSE)
        shown = await load_repository.list_shown(self.session, self.region_id, ids)
        fresh = {index: row["id"] for index, row in rows.items() if row["id"] in shown}
        drafts = [(fresh[index], draft) for index, draft in strangers.items() if index in fresh]
        await bulk.insert_rows(self.session, KeyGroupRow, [row for pair in drafts for row in self._groups(*pair)])
        await bulk.insert_rows(self.session, Coverage, [row for pair in drafts for row in self._coverage(*pair)])
        return fresh

    def _row(self, index: bytes, draft: loads.PersonDraft) -> dict[str, Any]:
        cipher = self.house.cipher
        return {
            "id": new_id(),
            "region_id": self.region_id,
            "registered_by_institution_id": draft.institution_id,
            "name": draft.name,
            "sex": draft.number.sex,
            "born_on": draft.number.born_on,
            "id_number_sealed": cipher.seal(draft.number.text, context=people.ID_NUMBER),
            "id_number_index": index,
            "phone_sealed": cipher.seal(draft.phone, context=people.PHONE) if draft.phone else None,
            "phone_index": self._phone_index(draft),
            "home_id": draft.home_id,
            "registered_at": self.now,
            "language": draft.language,
            "language_required": bool(draft.language_required),
            "precaution": draft.precaution or rules.Precaution.none,
        }

    def _phone_index(self, draft: loads.PersonDraft) -> bytes | None:
        return self.house.cipher.blind(draft.phone, context=people.PHONE) if draft.phone else None

    def _groups(
        self, person_id: UUID, draft: loads.PersonDraft, stands: loads.PersonStands | None = None
    ) -> list[dict[str, Any]]:
        missing = draft.groups - (stands.groups if stands else frozenset())
        return [
            {
                "region_id": self.region_id,
                "person_id": person_id,
                "key_group": group,
                "valid_from": draft.groups_from,
            }
            for group in sorted(missing)
        ]

    def _coverage(self, person_id: UUID, draft: loads.PersonDraft) -> list[dict[str, Any]]:
        if draft.plan_code is None:
            return []
        return [
            {
                "region_id": self.region_id,
                "person_id": person_id,
                "plan_code": draft.plan_code,
                "valid_from": draft.plan_from,
            }
        ]

    async def _admit(self, elsewhere: dict[bytes, loads.PersonDraft]) -> set[bytes]:
        """Let the institutions care for people registered elsewhere; return those whose name fits as well."""
        found = set()
        for index, draft in elsewhere.items():
            if await relation_repository.admit(self.session, index, draft.name, draft.institution_id, _BECAUSE):
                found.add(index)
        return found

    async def _standing(self, pairs: Sequence[tuple[loads.PersonDraft, KnownPerson]]) -> dict[UUID, loads.PersonStands]:
        """Return how people stand, each on the day from which his draft's groups and insurance would be."""
        ids = [row.id for _, row in pairs]
        groups: defaultdict[UUID, list[KnownGroup]] = defaultdict(list)
        for each in await load_repository.list_key_groups(self.session, self.region_id, ids):
            groups[each.person_id].append(each)
        plans: defaultdict[UUID, list[KnownCoverage]] = defaultdict(list)
        for one in await load_repository.list_coverages(self.session, self.region_id, ids):
            plans[one.person_id].append(one)
        cared = await load_repository.list_cared_for(
            self.session, self.region_id, ids, {draft.institution_id for draft, _ in pairs}, self.now
        )
        return {
            row.id: loads.PersonStands(
                name=row.name,
                phone_index=row.phone_index,
                home_id=row.home_id,
                cared_for=(row.id, draft.institution_id) in cared,
                groups=frozenset(
                    rules.KeyGroup(each.key_group) for each in dates.in_force(groups[row.id], draft.groups_from)
                ),
                plan_code=next((each.plan_code for each in dates.in_force(plans[row.id], draft.plan_from)), None),
                language=row.language,
                language_required=row.language_required,
                precaution=row.precaution,
            )
            for draft, row in pairs
        }

    async def _settle(
        self, draft: loads.PersonDraft, row: KnownPerson, stands: loads.PersonStands, *, update: bool
    ) -> Loaded:
        """Compare a person who is there, and change what differs when that is asked."""
        if row.deceased_on is not None:
            return refused(_DECEASED)
        found = compared(row.id, loads.person_differs(draft, stands, self._phone_index(draft)), update=update)
        if found.outcome is not Outcome.updated:
            return found
        if "plan" in found.fields and stands.plan_code is not None:
            return refused(_INSURED)
        try:
            await bulk.attempt(self.session, lambda: self._change(draft, row, stands, found))
        except Refusal as refusal:
            return refused(str(refusal))
        return found

    async def _change(
        self, draft: loads.PersonDraft, row: KnownPerson, stands: loads.PersonStands, found: Loaded
    ) -> None:
        if "institution" in found.fields:
            await relation_repository.admit(self.session, row.id_number_index, row.name, draft.institution_id, _BECAUSE)
        values = {
            "name": draft.name,
            "phone": draft.phone,
            "home_no": draft.home_id,
            "language": draft.language,
            "language_required": draft.language_required,
            "precaution": draft.precaution,
        }
        given = {
            ("home_id" if field == "home_no" else field): values[field] for field in found.fields if field in values
        }
        if given:
            await people.change_patient(
                self.session,
                principal=self.principal,
                house=self.house,
                person_id=row.id,
                change=schemas.PatientUpdate.model_validate(given),
                now=self.now,
            )
        self.session.add_all(KeyGroupRow(**each) for each in self._groups(row.id, draft, stands))
        if "plan" in found.fields:
            self.session.add_all(Coverage(**each) for each in self._coverage(row.id, draft))
        await self.session.flush()


async def cared_for(
    session: AsyncSession, *, principal: Principal, person_ids: Sequence[UUID], now: datetime
) -> set[tuple[UUID, UUID]]:
    """Return (person, institution) for each of the principal's institutions that cares for one of many people."""
    return await load_repository.list_cared_for(
        session, principal.region_id, person_ids, principal.institution_ids, now
    )


async def people_by_number(
    session: AsyncSession, *, region_id: UUID, house: House, numbers: Sequence[str]
) -> dict[str, UUID]:
    """Return the ids of those people whom the fence shows, by their identity numbers (18 places)."""
    indexes = {house.cipher.blind(number, context=people.ID_NUMBER): number for number in numbers}
    found = await load_repository.find_indexed(session, region_id, list(indexes))
    return {indexes[index]: row.id for index, row in found.items()}


async def deceased_among(session: AsyncSession, *, region_id: UUID, person_ids: Sequence[UUID]) -> set[UUID]:
    """Return which of many people have died."""
    return await load_repository.list_deceased(session, region_id, person_ids)
