"""Templates: entered by the region's administration, previewed, ended."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import problems
from service.core.clock import local_date
from service.core.paging import PageRequest
from service.core.principal import Principal
from service.notices import errors, repository, rules, schemas
from service.notices.models import NoticeTemplate


async def add_template(
    session: AsyncSession, *, principal: Principal, asked: schemas.TemplateCreate
) -> schemas.TemplateRead:
    """Enter a template.

    Raises:
        errors.TemplateParameterUnknown: the text names a parameter that the kind does not have.
        errors.TemplateEndsEarly: it would end before it begins.
        errors.TemplateOverlaps: at the flush.
    """
    rules.refuse_unknown_parameters(asked.kind, asked.text)
    if asked.valid_to is not None and asked.valid_to < asked.valid_from:
        raise errors.TemplateEndsEarly
    row = NoticeTemplate(region_id=principal.region_id, **asked.model_dump())
    session.add(row)
    await session.flush()
    return _read(row)


async def end_template(
    session: AsyncSession, *, principal: Principal, template_id: UUID, change: schemas.TemplateUpdate, now: datetime
) -> schemas.TemplateRead:
    """Set the last day of a template, or take it away; the past stays as it was.

    Raises:
        problems.NotFound: there is no such template.
        errors.TemplateEndsEarly: the day lies before its beginning or before today.
        errors.TemplateOverlaps: at the flush.
    """
    row = await _get(session, principal.region_id, template_id)
    if change.valid_to is not None and change.valid_to < max(row.valid_from, local_date(now)):
        raise errors.TemplateEndsEarly
    row.valid_to = change.valid_to
    await session.flush()
    return _read(row)


async def list_templates(session: AsyncSession, *, region_id: UUID, page: PageRequest) -> list[schemas.TemplateRead]:
    """Return a page (and one more) of the region's templates, past and future ones included."""
    return [_read(row) for row in await repository.list_templates(session, region_id, page)]


async def preview_template(
    session: AsyncSession, *, region_id: UUID, template_id: UUID, sign_name: str
) -> schemas.TemplatePreview:
    """Return how a message of the template would read with example parameters.

    Raises:
        problems.NotFound: there is no such template.
    """
    row = await _get(session, region_id, template_id)
    samples = dict(rules.SAMPLES[rules.NoticeKind(row.kind)])
    text = f"【{sign_name}】{rules.render(row.text, rules.clipped(samples))}"
    return schemas.TemplatePreview(
        text=text, characters=len(text), segments=rules.segments(len(text)), parameters=samples
    )


async def _get(session: AsyncSession, region_id: UUID, template_id: UUID) -> NoticeTemplate:
    row = await repository.find_template(session, region_id, template_id)
    if row is None:
        raise problems.NotFound(what="通知模板")
    return row


def _read(row: NoticeTemplate) -> schemas.TemplateRead:
    return schemas.TemplateRead.model_validate(row, from_attributes=True)
