"""Puts what was used before the go-live (期初) in, each under the same rules as at the desk."""

from uuid import UUID

from service.catalog import usecases as catalog
from service.contracts import usecases as contracts
from service.contracts.rules import Source
from service.contracts.use_schemas import OpeningCreate
from service.core.loading import Loaded, Outcome
from service.interop.importing.files import Kind
from service.interop.importing.loading.context import Context
from service.interop.importing.loading.contracts import find_elders
from service.interop.importing.openings import COUNTED, OpeningRow
from service.interop.importing.reading import Read

_NO_CONTRACT = "该居民在截至日期当天没有本机构这个服务包的签约，请核对服务包代码和截至日期，或先在签约表中补上"
_NO_PROGRAMME = "系统里没有在截至日期当天有效的这个公共项目，请核对"


async def put_openings(context: Context, read: Read[OpeningRow]) -> None:
    """Put down what is not there; the same again is unchanged, anything else is refused."""
    await find_elders(context, {row.number for row in read.rows})
    for row in read.rows:
        asked = await _asked(context, row)
        if asked is None:
            continue

        async def put(asked: OpeningCreate = asked) -> Loaded:
            opening, created = await contracts.open_balance(
                context.session, principal=context.principal, asked=asked, now=context.now
            )
            return Loaded(Outcome.new if created else Outcome.unchanged, opening.ref_id)

        context.tell(Kind.openings, row, await context.attempt(put))


async def _asked(context: Context, row: OpeningRow) -> OpeningCreate | None:
    kind = Kind.openings
    institution_id = context.institution(row.institution, row=row, within=kind)
    person_id = context.refer(Kind.elders, row.number, row=row, within=kind, column="id_number")
    if institution_id is None or person_id is None:
        return None
    named: dict[str, object] = {"plan_code": row.ref or None}
    if row.source is Source.contract:
        named = {"contract_id": await _contract(context, row, institution_id, person_id)}
    elif row.source is Source.public_program:
        named = {"programme_id": await _programme(context, row)}
    if row.source in COUNTED and None in named.values():
        return None
    taken: dict[str, object] = {"amount": f"{row.used:f}"}
    if row.source in COUNTED:
        taken = {"code": row.code, "units": int(row.used)}
    return OpeningCreate.model_validate(
        {
            "person_id": person_id,
            "source": row.source,
            "on": row.on,
            "because": row.because,
            "document_no": row.document_no or None,
            **named,
            **taken,
        }
    )


async def _contract(context: Context, row: OpeningRow, institution_id: UUID, person_id: UUID) -> UUID | None:
    found = await contracts.contract_named(
        context.session,
        region_id=context.region_id,
        institution_id=institution_id,
        person_id=person_id,
        package_code=row.ref,
        on=row.on,
    )
    # a contract whose own line is wrong is not missed once more
    doubtful = any(
        isinstance(key, tuple) and (key[0], key[1], key[3]) == (row.institution, row.ref, row.number)
        for key in context.doubtful.get(Kind.contracts, ())
    )
    if found is None and not doubtful:
        context.wrong(Kind.openings, row.line, "ref", _NO_CONTRACT)
    return found


async def _programme(context: Context, row: OpeningRow) -> UUID | None:
    programmes = await catalog.programmes(context.session, region_id=context.region_id, on=row.on)
    found = next((each.id for each in programmes if each.code == row.ref), None)
    if found is None:
        context.wrong(Kind.openings, row.line, "ref", _NO_PROGRAMME)
    return found
