"""The sending log: what was told, to whom, and how far it came."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core.http import House
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.notices import repository, rules, schemas
from service.notices.models import Notice, NoticeTemplate
from service.notices.usecases import sealing
from service.patients import numbers

_SHOWN = {
    "id", "institution_id", "person_id", "account_id", "kind", "channel", "state", "suppressed", "created_at",
    "due_at", "attempts", "sent_at", "reported_at", "provider_code",
}  # fmt: skip


async def list_notices(
    session: AsyncSession,
    *,
    principal: Principal,
    house: House,
    page: PageRequest,
    state: rules.NoticeState | None,
    kind: rules.NoticeKind | None,
    person_id: UUID | None,
) -> list[schemas.NoticeRead]:
    """Return a page (and one more) of the notices of the principal's institutions, numbers masked."""
    rows = await repository.list_notices(
        session, principal.region_id, page=page, state=state, kind=kind, person_id=person_id
    )
    templates = await repository.templates(
        session, principal.region_id, {row.template_id for row in rows if row.template_id}
    )
    return [_read(house, row, templates.get(row.template_id) if row.template_id else None) for row in rows]


def _read(house: House, row: Notice, template: NoticeTemplate | None) -> schemas.NoticeRead:
    phone = house.cipher.open(row.phone_sealed, context=sealing.PHONE) if row.phone_sealed else None
    text = None
    if template is not None:
        text = rules.render(template.text, sealing.open_parameters(house, row.parameters_sealed))
    return schemas.NoticeRead(
        **row.model_dump(include=_SHOWN), phone_masked=numbers.mask_phone(phone) if phone else None, text=text
    )
