"""Puts staff in: accounts with a first password, practitioners with their licences and skills."""

import secrets
from collections.abc import Mapping
from uuid import UUID

from service.accounts import schemas as account_schemas
from service.accounts import usecases as accounts
from service.accounts.rules import AccountFacts
from service.core.loading import Loaded, Outcome, compared, refused
from service.interop.importing import columns
from service.interop.importing.files import Kind
from service.interop.importing.loading.context import EVERYTHING, Context, Password
from service.interop.importing.reading import Read
from service.interop.importing.staff import StaffRow
from service.practitioners import schemas
from service.practitioners import usecases as practitioners
from service.practitioners.rules import PractitionerFacts, QualificationFacts

_ACCOUNT_ELSE = "这个账号名已是另一角色或另一机构的账号，请换一个账号名"
_SEX_FIXED = "已有人员的性别不能改：请改正本表"


async def put_staff(context: Context, read: Read[StaffRow]) -> None:
    """Register the staff who are not there, compare those who are."""
    context.expect(Kind.staff, read)
    codes = {each.id: code for code, each in context.institutions.items()}
    found = await practitioners.list_practitioners(
        context.session,
        principal=context.principal,
        institution_id=None,
        role=None,
        active=None,
        page=EVERYTHING,
    )
    known = {(codes[each.institution_id], each.staff_no): each for each in found}
    context.known[Kind.staff] = {key: each.id for key, each in known.items()}
    names = {row.username for row in read.rows if row.username}
    taken = await accounts.accounts_named(context.session, region_id=context.region_id, usernames=names)
    for row in read.rows:
        institution_id = context.institution(row.institution, row=row, within=Kind.staff)
        station_id = _station(context, row) if institution_id is not None else None
        if institution_id is None or (row.practises and station_id is None):
            context.doubtful.setdefault(Kind.staff, set()).add(row.key)
            continue
        one = _Person(context, row, institution_id, station_id, taken)
        loaded = await context.attempt(one.put if row.practises else one.put_account)
        if one.password is not None and loaded.outcome is not Outcome.refused:
            context.passwords.append(one.password)
        context.tell(Kind.staff, row, loaded)


def _station(context: Context, row: StaffRow) -> UUID | None:
    if not row.practises:
        return None
    return context.refer(Kind.stations, (row.institution, row.station), row=row, within=Kind.staff, column="station")


class _Person:
    """One member of staff on his way in."""

    def __init__(
        self,
        context: Context,
        row: StaffRow,
        institution_id: UUID,
        station_id: UUID | None,
        taken: Mapping[str, AccountFacts],
    ) -> None:
        self.context = context
        self.row = row
        self.institution_id = institution_id
        self.station_id = station_id
        self.account = taken.get(row.username) if row.username else None
        self.password: Password | None = None

    @property
    def _account_is_else(self) -> bool:
        account = self.account
        return account is not None and (
            account.role != self.row.role or self.institution_id not in account.institution_ids
        )

    async def put_account(self) -> Loaded:
        """Open the account of somebody who sees no patients.

        Raises:
            Refusal: the room of accounts does not take it.
        """
        if self._account_is_else:
            return refused(_ACCOUNT_ELSE)
        if self.account is None:
            return Loaded(Outcome.new, await self._open_account())
        fields = ("name",) if self.account.display_name != self.row.name else ()
        loaded = compared(self.account.id, fields, update=self.context.update)
        if loaded.outcome is Outcome.updated:
            await accounts.change_account(
                self.context.session,
                principal=self.context.principal,
                account_id=self.account.id,
                change=account_schemas.AccountUpdate(display_name=self.row.name),
            )
        return loaded

    async def put(self) -> Loaded:
        """Register a practitioner, or compare him with who is there.

        Raises:
            Refusal: a room does not take it.
        """
        if self._account_is_else:
            return refused(_ACCOUNT_ELSE)
        stands = self._stands()
        if stands is None:
            return await self._register()
        row, person = (
            self.row,
            await practitioners.read_practitioner(
                self.context.session, principal=self.context.principal, practitioner_id=stands
            ),
        )
        if row.sex is not person.sex:
            return refused(_SEX_FIXED)
        held = await practitioners.list_qualifications(
            self.context.session, principal=self.context.principal, practitioner_id=stands
        )
        missing = [each for each in row.qualifications if not any(_same(each, one) for one in held)]
        fields = (*self._differs(person), *dict.fromkeys(_column(each) for each in missing))
        loaded = compared(stands, fields, update=self.context.update)
        if loaded.outcome is Outcome.updated:
            await self._change(person, missing, held)
        return loaded

    def _stands(self) -> UUID | None:
        return self.context.known[Kind.staff].get(self.row.key)

    def _differs(self, person: PractitionerFacts) -> tuple[str, ...]:
        row = self.row
        differs = {
            "name": row.name != person.name,
            "role": row.role != person.role,
            "title": row.title is not person.title,
            "station": self.station_id != person.station_id,
            "travel_mode": row.travel_mode is not person.travel_mode,
            "team": row.team is not None and row.team != person.team,
            "grids": bool(row.grids) and set(row.grids) != set(person.grids),
            "languages": bool(row.languages) and set(row.languages) != set(person.languages),
            "pace_percent": row.pace_percent is not None and row.pace_percent != person.pace_percent,
            "username": row.username is not None and (self.account is None or self.account.id != person.account_id),
        }
        return tuple(name for name, is_so in differs.items() if is_so)

    async def _register(self) -> Loaded:
        row, account_id = self.row, await self._account_id()
        made = await practitioners.register_practitioner(
            self.context.session,
            principal=self.context.principal,
            draft=schemas.PractitionerCreate.model_validate(
                {
                    "institution_id": self.institution_id,
                    "staff_no": row.staff_no,
                    "name": row.name,
                    "sex": row.sex,
                    "role": row.role,
                    "title": row.title,
                    "station_id": self.station_id,
                    "travel_mode": row.travel_mode,
                    "account_id": account_id,
                    **_planned(row),
                }
            ),
        )
        await self._qualify(made.id, row.qualifications, [])
        return Loaded(Outcome.new, made.id)

    async def _change(
        self,
        person: PractitionerFacts,
        missing: list[schemas.QualificationCreate],
        held: list[QualificationFacts],
    ) -> None:
        row = self.row
        change = {
            "name": row.name,
            "role": row.role,
            "title": row.title,
            "station_id": self.station_id,
            "travel_mode": row.travel_mode,
            **_planned(row),
        }
        if row.username is not None:
            change["account_id"] = await self._account_id()
        await practitioners.change_practitioner(
            self.context.session,
            principal=self.context.principal,
            practitioner_id=person.id,
            change=schemas.PractitionerUpdate.model_validate(change),
        )
        await self._qualify(person.id, missing, held)

    async def _qualify(
        self,
        practitioner_id: UUID,
        wanted: list[schemas.QualificationCreate] | tuple[schemas.QualificationCreate, ...],
        held: list[QualificationFacts],
    ) -> None:
        """Add qualifications; of one that is held from the same day on, only the last day changes."""
        session, principal = self.context.session, self.context.principal
        for each in wanted:
            running = next((one for one in held if _begun_alike(each, one)), None)
            if running is None:
                await practitioners.add_qualification(
                    session, principal=principal, practitioner_id=practitioner_id, draft=each
                )
                continue
            await practitioners.end_qualification(
                session,
                principal=principal,
                practitioner_id=practitioner_id,
                qualification_id=running.id,
                change=schemas.QualificationUpdate(valid_to=each.valid_to),
            )

    async def _account_id(self) -> UUID | None:
        if self.row.username is None:
            return None
        return self.account.id if self.account is not None else await self._open_account()

    async def _open_account(self) -> UUID:
        row, password = self.row, secrets.token_urlsafe(12)
        username = row.username or ""
        made = await accounts.create_account(
            self.context.session,
            principal=self.context.principal,
            draft=account_schemas.AccountCreate(
                username=username,
                role=columns.ACCOUNT_ROLES[row.role],
                display_name=row.name,
                institution_ids=[self.institution_id],
                password=password,
            ),
            now=self.context.now,
            must_change_password=True,
        )
        self.password = Password(row.institution, row.name, username, password)
        return made.account.id


def _planned(row: StaffRow) -> dict[str, object]:
    """Return what the list says of whom he is sent to and how long he takes; what it leaves blank is not named."""
    said = {
        "team": row.team,
        "grids": list(row.grids),
        "languages": list(row.languages),
        "pace_percent": row.pace_percent,
    }
    return {name: value for name, value in said.items() if value}


def _column(wanted: schemas.QualificationCreate) -> str:
    return "licence_no" if wanted.kind == "licence" else "skills"


def _begun_alike(wanted: schemas.QualificationCreate, held: QualificationFacts) -> bool:
    return (wanted.kind, wanted.code, wanted.certificate_no, wanted.valid_from) == (
        held.kind,
        held.code,
        held.certificate_no,
        held.valid_from,
    )


def _same(wanted: schemas.QualificationCreate, held: QualificationFacts) -> bool:
    return _begun_alike(wanted, held) and wanted.valid_to == held.valid_to
