"""Puts service packages and signed contracts in."""

from collections.abc import Hashable
from uuid import UUID

from service.contracts import schemas
from service.contracts import usecases as contracts
from service.core import dates
from service.core.loading import Loaded, Outcome
from service.interop.importing.contracts import ContractRow, PackageRow
from service.interop.importing.files import Kind
from service.interop.importing.loading.context import Context
from service.interop.importing.reading import Read
from service.patients import usecases as patients

_NEVER_CHANGED = "服务包一经开放不再改动：请改回原内容，或换一个开放起始日作为新版本"


async def put_packages(context: Context, read: Read[PackageRow]) -> None:
    """Offer the packages that are not there, compare those that are; a package is never changed."""
    context.expect(Kind.packages, read)
    known: dict[Hashable, schemas.PackageRead] = {
        (each.institution_id, each.code, each.valid_from): each
        for each in await contracts.packages_of(context.session, principal=context.principal)
    }
    for row in sorted(read.rows, key=lambda row: (row.valid_from is not None, row.valid_from, row.line)):
        institution_id = context.institution(row.institution, row=row, within=Kind.packages)
        if institution_id is None or row.form is None:
            context.doubtful[Kind.packages].add(row.key)
            continue
        stands, offered = known.get((institution_id, row.code, row.valid_from)), row.form

        async def put(
            stands: schemas.PackageRead | None = stands,
            offered: schemas.PackageCreate = offered,
            at: UUID = institution_id,
        ) -> Loaded:
            if stands is not None:
                return _compared(stands, offered)
            made = await contracts.add_package(
                context.session, principal=context.principal, institution_id=at, asked=offered
            )
            return Loaded(Outcome.new, made.id)

        context.tell(Kind.packages, row, await context.attempt(put))


def _compared(stands: schemas.PackageRead, offered: schemas.PackageCreate) -> Loaded:
    """Compare a package; a later version may have ended the open one meanwhile, which is no difference."""
    ended = offered.valid_to is not None and offered.valid_to != stands.valid_to
    differs = {
        "name": offered.name != stands.name,
        "covers_visit_fee": offered.covers_visit_fee != stands.covers_visit_fee,
        "capitated": set(offered.capitated_codes) != set(stands.capitated_codes),
        "items": {item.code: item for item in offered.items} != {item.code: item for item in stands.items},
        "valid_to": ended,
    }
    fields = tuple(name for name, is_so in differs.items() if is_so)
    if not fields:
        return Loaded(Outcome.unchanged, stands.id)
    return Loaded(Outcome.differs, stands.id, fields, _NEVER_CHANGED)


async def put_contracts(context: Context, read: Read[ContractRow]) -> None:
    """Sign the contracts that are not there, compare those that are."""
    context.expect(Kind.contracts, read)
    await find_elders(context, {row.number for row in read.rows})
    offered = await contracts.packages_of(context.session, principal=context.principal)
    drafts: list[tuple[ContractRow, schemas.ContractCreate]] = []
    for row in read.rows:
        draft = _contract(context, row, offered)
        if draft is None:
            context.doubtful[Kind.contracts].add(row.key)
        else:
            drafts.append((row, draft))
    done = await contracts.load_contracts(
        context.session, principal=context.principal, drafts=[draft for _, draft in drafts], now=context.now
    )
    for (row, _), loaded in zip(drafts, done, strict=True):
        context.tell(Kind.contracts, row, loaded)


async def find_elders(context: Context, asked: set[str]) -> None:
    """Look for elders who stand in no list of today's but are registered."""
    known = context.known.setdefault(Kind.elders, {})
    found = await patients.people_by_number(
        context.session, region_id=context.region_id, house=context.house, numbers=sorted(asked - known.keys())
    )
    known.update(found)


def _contract(context: Context, row: ContractRow, offered: list[schemas.PackageRead]) -> schemas.ContractCreate | None:
    kind = Kind.contracts
    institution_id = context.institution(row.institution, row=row, within=kind)
    person_id = context.refer(Kind.elders, row.number, row=row, within=kind, column="id_number")
    doctor_id = context.refer(Kind.staff, (row.institution, row.doctor), row=row, within=kind, column="doctor")
    if institution_id is None or person_id is None or doctor_id is None:
        return None
    package_id = _package(context, row, institution_id, offered)
    if package_id is None:
        return None
    return schemas.ContractCreate(
        person_id=person_id,
        package_id=package_id,
        doctor_id=doctor_id,
        signed_on=row.signed_on,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


def _package(
    context: Context, row: ContractRow, institution_id: UUID, offered: list[schemas.PackageRead]
) -> UUID | None:
    """Return the version of the package that was offered on the day of signing."""
    versions = [each for each in offered if (each.institution_id, each.code) == (institution_id, row.package)]
    found = dates.in_force(versions, row.signed_on)
    if found:
        return found[0].id
    if any(
        key[:2] == (row.institution, row.package)
        for key in context.doubtful.get(Kind.packages, ())
        if isinstance(key, tuple)
    ):
        return None
    sentence = "服务包在签约当天没有开放" if versions else "服务包表和系统里都没有这个服务包"
    context.wrong(Kind.contracts, row.line, "package", f"{sentence}，请核对服务包代码和签约日期")
    return None
