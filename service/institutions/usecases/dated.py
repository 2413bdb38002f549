"""Dated settings: setting a value, correcting it, its history, and what holds on a day."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import access, problems
from service.core.clock import local_date
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.institutions import errors, facts, repository, rules, setting_schemas
from service.institutions.models import SettingRow


def _require_owner(principal: Principal, institution_id: UUID | None) -> None:
    """Refuse unless the principal may set values of this institution, or of the region (None).

    Raises:
        problems.Forbidden: the region's values are its administration's.
        problems.NotFound: another institution's.
    """
    if institution_id is not None:
        access.require_institution_or_region(principal, institution_id)
    elif not principal.may("region:write"):
        raise problems.Forbidden(scope="region:write")


async def _require_known(session: AsyncSession, region_id: UUID, institution_id: UUID | None) -> None:
    if institution_id is not None and not await repository.find_institution(session, region_id, institution_id):
        raise problems.NotFound(what="机构")


def _checked(key: str, value: object) -> object:
    """Return the value as it is stored.

    Raises:
        SettingUnknown, SettingValueInvalid: no such setting; not one of its values.
    """
    known = rules.SETTINGS.get(key)
    if known is None:
        raise errors.SettingUnknown(key=key)
    try:
        return known.write(known.read(value))
    except ValueError:
        raise errors.SettingValueInvalid(key=key, expected=known.expected) from None


async def set_setting(
    session: AsyncSession, *, principal: Principal, draft: setting_schemas.SettingCreate, now: datetime
) -> setting_schemas.SettingRowRead:
    """Set a value from a day on; the value that ran without end gets the day before as its last.

    Raises:
        problems.Forbidden, problems.NotFound: not the principal's to set, or no such institution.
        SettingUnknown, SettingValueInvalid, PeriodReversed: it cannot be set.
        SettingOverlaps: at the flush; another value holds on part of these days.
    """
    _require_owner(principal, draft.institution_id)
    value = _checked(draft.key, draft.value)
    rules.refuse_reversed(draft.valid_from, draft.valid_to)
    region_id = principal.region_id
    await _require_known(session, region_id, draft.institution_id)
    for running in await repository.setting_history(session, region_id, draft.institution_id, draft.key, lock=True):
        last = rules.closing_day(facts.setting(running), draft.valid_from, draft.valid_to)
        running.valid_to = running.valid_to if last is None else last
    # the old row must be closed before the new one comes: the exclusion constraint looks at every statement
    await session.flush()
    row = SettingRow(
        region_id=region_id,
        institution_id=draft.institution_id,
        key=draft.key,
        value=value,
        valid_from=draft.valid_from,
        valid_to=draft.valid_to,
        set_by_account_id=principal.account_id,
        set_at=now,
    )
    session.add(row)
    await session.flush()
    return _read(row)


async def change_setting(
    session: AsyncSession,
    *,
    principal: Principal,
    key: str,
    row_id: UUID,
    change: setting_schemas.SettingUpdate,
    now: datetime,
) -> setting_schemas.SettingRowRead:
    """Correct a value: its end, or the value itself while it has not been in force on a day gone by.

    Raises:
        problems.Forbidden, problems.NotFound: not the principal's to change, or no such row.
        SettingValueInvalid, PeriodReversed, PastFixed: it cannot be changed so.
        SettingOverlaps: at the flush; another value holds on part of these days.
    """
    row = await repository.find_setting_row(session, principal.region_id, row_id)
    if row is None or row.key != key:
        raise problems.NotFound(what="设置")
    _require_owner(principal, row.institution_id)
    value = row.value if change.value is None else _checked(row.key, change.value)
    valid_to = change.valid_to if "valid_to" in change.model_fields_set else row.valid_to
    rules.refuse_rewriting(facts.setting(row), value=value, valid_to=valid_to, today=local_date(now))
    row.value, row.valid_to = value, valid_to
    row.set_by_account_id, row.set_at = principal.account_id, now
    await session.flush()
    return _read(row)


async def list_setting_rows(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID | None, key: str, page: PageRequest
) -> list[setting_schemas.SettingRowRead]:
    """Return a page of a setting's dated values, of the institution or (None) of the region.

    Raises:
        problems.NotFound: there is no such setting, or no such institution.
    """
    if key not in rules.SETTINGS:
        raise problems.NotFound(what="设置")
    await _require_known(session, region_id, institution_id)
    rows = await repository.setting_history(session, region_id, institution_id, key, page=page)
    return [_read(row) for row in rows]


async def list_settings(
    session: AsyncSession, *, region_id: UUID, institution_id: UUID | None, on: date
) -> setting_schemas.SettingList:
    """Return every setting as it holds on a day for an institution, or (None) for the region at large.

    Raises:
        problems.NotFound: there is no such institution.
    """
    await _require_known(session, region_id, institution_id)
    rows = await repository.list_settings(session, region_id, institution_id, on)
    current = rules.settings_on(map(facts.setting, rows), on)
    return setting_schemas.SettingList(on=on, items=[_shown(current, known) for known in rules.SETTINGS.values()])


def _shown(current: rules.SettingsOn, known: rules.Setting[object]) -> setting_schemas.SettingRead:
    row = current.rows.get(known.key)
    return setting_schemas.SettingRead(
        key=known.key,
        about=known.about,
        expected=known.expected,
        value=known.write(current.of(known)),
        default=known.write(known.default),
        source=current.source(known),
        valid_from=row.valid_from if row else None,
        valid_to=row.valid_to if row else None,
    )


def _read(row: SettingRow) -> setting_schemas.SettingRowRead:
    return setting_schemas.SettingRowRead(
        id=row.id,
        institution_id=row.institution_id,
        key=row.key,
        value=row.value,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        set_by_account_id=row.set_by_account_id,
        set_at=row.set_at,
    )
