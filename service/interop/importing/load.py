"""The whole load: read every list, put everything in inside one transaction, keep it only when nothing is wrong."""

import contextlib
import csv
import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from service.accounts import usecases as accounts
from service.accounts.rules import ROLE_SCOPES, AccountStatus, Role
from service.core.audit import append, doing, trail
from service.core.clock import local_date
from service.core.db import bulk
from service.core.db.session import transaction
from service.core.http import House
from service.core.principal import Fence, Principal
from service.core.tabular import tables
from service.core.tabular.faults import Fault, FilesRefused
from service.core.tabular.tables import Merged, Table
from service.interop.importing import contracts as contract_lists
from service.interop.importing import elders as elder_lists
from service.interop.importing import institutions as institution_lists
from service.interop.importing import openings as opening_lists
from service.interop.importing import prices as price_lists
from service.interop.importing import staff as staff_lists
from service.interop.importing.columns import COLUMNS
from service.interop.importing.files import Given, Kind
from service.interop.importing.loading import contracts, elders, institutions, openings, prices, staff
from service.interop.importing.loading.context import Context, Password
from service.interop.importing.reading import Read
from service.interop.importing.report import NOTE, Report

_OPERATION: Final = "xunzhen import"


class OperatorUnknown(Exception):
    """There is no such active administrator of the region."""


class PasswordsUnwritten(Exception):
    """The first passwords of new accounts could not be written down, so nothing was loaded; says why."""


class _NotKept(Exception):
    """Raised inside the transaction so that nothing of it stays."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to load: change what differs, try only, and where the new accounts' first passwords go."""

    update: bool = False
    dry_run: bool = False
    passwords: Path | None = None


@dataclass(frozen=True, slots=True)
class _Lists:
    """What was read of every list."""

    tables: Mapping[Kind, Table]
    rows: Mapping[Kind, Read[Any]]


async def load(house: House, *, region_id: UUID, operator: str, given: Given, wishes: Wishes) -> Report:
    """Load the lists of a directory as an administrator of the region, all of them or nothing.

    Everything runs in one transaction behind the fence of that account and of the institutions that the lists name. It
    is undone for a trial, and when a line is wrong or differs from what is there.

    Raises:
        OperatorUnknown: `operator` is no active administrator of the region.
        PasswordsUnwritten: the file of first passwords cannot be made; nothing was loaded.
        Refusal: somebody did the opposite at the same moment; nothing was loaded.
    """
    report = Report()
    principal = await _principal(house, region_id, operator)
    lists = _read(house, given, report)
    with doing.work(_OPERATION):
        doing.name_principal(principal)
        await _in_one_transaction(house, principal, lists, wishes, report)
    return report


async def _principal(house: House, region_id: UUID, operator: str) -> Principal:
    async with transaction(house.sessions, Fence(region_id, region_wide=True), house.clock.now()) as session:
        found = await accounts.accounts_named(session, region_id=region_id, usernames=[operator])
    account = found.get(operator)
    if account is None or account.role is not Role.region_admin or account.status is not AccountStatus.active:
        raise OperatorUnknown
    return Principal(account.id, region_id, Role.region_admin, ROLE_SCOPES[Role.region_admin])


def _read(house: House, given: Given, report: Report) -> _Lists:
    """Read every list; what is wrong in them goes into the report."""
    report.faults(given.faults)
    report.faults(given.notes, NOTE)
    today = local_date(house.clock.now())
    readers: Mapping[Kind, Callable[[Table, list[Fault]], Read[Any]]] = {
        Kind.institutions: institution_lists.read_institutions,
        Kind.stations: institution_lists.read_stations,
        Kind.designations: price_lists.read_designations,
        Kind.prices: price_lists.read_prices,
        Kind.staff: staff_lists.read_staff,
        Kind.homes: elder_lists.read_homes,
        Kind.elders: lambda table, faults: elder_lists.read_elders(table, today, faults),
        Kind.packages: contract_lists.read_packages,
        Kind.contracts: contract_lists.read_contracts,
        Kind.openings: opening_lists.read_openings,
    }
    found: dict[Kind, Table] = {}
    rows: dict[Kind, Read[Any]] = {kind: Read((), frozenset()) for kind in Kind}
    for kind, (name, data) in given.files.items():
        faults: list[Fault] = []
        try:
            table = tables.read_table(name, data, COLUMNS[kind], Merged.refuse)
        except FilesRefused as refused:
            report.faults(refused.faults)
            continue
        found[kind], rows[kind] = table, readers[kind](table, faults)
        report.faults(faults)
        report.faults(table.notes, NOTE)
        if table.ignored:
            report.faults([Fault(name, 0, "", f"没有用到的列：{'、'.join(table.ignored)}")], NOTE)
    return _Lists(found, rows)


async def _in_one_transaction(
    house: House, principal: Principal, lists: _Lists, wishes: Wishes, report: Report
) -> None:
    now, touched, written = house.clock.now(), None, None
    try:
        async with transaction(house.sessions, principal.fence, now) as session:
            touched = trail.of(session)
            await bulk.prepare(session)
            context = Context(session, house, principal, now, wishes.update, lists.tables, report)
            await _put_everything(context, lists)
            report.new_accounts = len(context.passwords)
            if wishes.dry_run or not report.sound:
                raise _NotKept
            written = _write_passwords(wishes.passwords, context.passwords)
        report.kept = True
    except _NotKept:
        pass
    except BaseException:
        if written is not None:
            written.unlink(missing_ok=True)
        raise
    if not report.kept and touched is not None:
        # what was looked at is written down even though nothing stays
        async with transaction(house.sessions, principal.fence, now) as session:
            await append.leave_refusal(session, touched, refused="not-kept")


async def _put_everything(context: Context, lists: _Lists) -> None:
    """Put the lists in, in an order in which each names only what stands in those before it."""
    rows = lists.rows
    await institutions.put_institutions(context, rows[Kind.institutions])
    await institutions.open_institutions(context, _institutions_named(rows))
    await institutions.put_stations(context, rows[Kind.stations])
    await prices.put_designations(context, rows[Kind.designations])
    await prices.put_prices(context, rows[Kind.prices])
    await staff.put_staff(context, rows[Kind.staff])
    await elders.put_homes(context, rows[Kind.homes])
    await elders.put_elders(context, rows[Kind.elders])
    await contracts.put_packages(context, rows[Kind.packages])
    await contracts.put_contracts(context, rows[Kind.contracts])
    await openings.put_openings(context, rows[Kind.openings])


def _institutions_named(rows: Mapping[Kind, Read[Any]]) -> set[str]:
    """Return the codes of the institutions whose rows are loaded."""
    named = {row.institution for kind in Kind if kind is not Kind.institutions for row in rows[kind].rows}
    return named | {row.home[0] for row in rows[Kind.elders].rows if row.home}


def _write_passwords(path: Path | None, passwords: list[Password]) -> Path | None:
    """Write the first passwords down for their owners: last before the commit, readable by the operator alone."""
    if not passwords:
        return None
    if path is None:
        raise PasswordsUnwritten("有新账号，请用 --passwords 指明初始密码写到哪个文件（不能已存在）。")
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(("机构代码", "姓名", "账号名", "初始密码"))
    writer.writerows((each.institution, each.name, each.username, each.password) for each in passwords)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as cannot:
        raise PasswordsUnwritten(f"{path}：初始密码写不进去（{cannot.strerror}），没有导入任何内容。") from None
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(b"\xef\xbb\xbf" + buffer.getvalue().encode())
    except OSError as cannot:
        with contextlib.suppress(OSError):
            path.unlink()
        raise PasswordsUnwritten(f"{path}：初始密码写不进去（{cannot.strerror}），没有导入任何内容。") from None
    return path
