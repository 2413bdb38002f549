"""Every query of notices, and the narrow functions through which others' rows are asked and changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, or_, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import fences, refusals
from service.core.paging import PageRequest
from service.notices import errors, rules
from service.notices.models import Notice, NoticeContact, NoticeTemplate

refusals.name_constraints({"notice_templates_one_text": errors.TemplateOverlaps})


@dataclass(frozen=True, slots=True)
class ContactRow:
    """An account that acts for a person and has left a phone."""

    account_id: UUID
    is_self: bool
    rights: frozenset[str]
    phone_sealed: bytes


async def contacts(session: AsyncSession, person_id: UUID) -> list[ContactRow]:
    """Return those who act for a person now and have left a phone."""
    rows = await session.execute(
        text("select account_id, is_self, rights, phone_sealed from notices_contacts(:person)"), {"person": person_id}
    )
    return [ContactRow(row[0], row[1], frozenset(row[2]), bytes(row[3])) for row in rows]


async def template_on(session: AsyncSession, region_id: UUID, kind: str, on: date) -> NoticeTemplate | None:
    """Return the template of a kind on a day."""
    query = select(NoticeTemplate).where(
        col(NoticeTemplate.region_id) == region_id,
        col(NoticeTemplate.kind) == kind,
        col(NoticeTemplate.valid_from) <= on,
        or_(col(NoticeTemplate.valid_to).is_(None), col(NoticeTemplate.valid_to) >= on),
    )
    return (await session.execute(query)).scalar_one_or_none()


async def find_template(session: AsyncSession, region_id: UUID, template_id: UUID) -> NoticeTemplate | None:
    """Return a template."""
    return await session.get(NoticeTemplate, (region_id, template_id))


async def list_templates(session: AsyncSession, region_id: UUID, page: PageRequest) -> Sequence[NoticeTemplate]:
    """Return a page (and one more) of the region's templates, oldest first."""
    query = select(NoticeTemplate).where(col(NoticeTemplate.region_id) == region_id)
    if page.after is not None:
        query = query.where(col(NoticeTemplate.id) > page.after)
    return (await session.execute(query.order_by(col(NoticeTemplate.id)).limit(page.limit + 1))).scalars().all()


async def templates(session: AsyncSession, region_id: UUID, ids: set[UUID]) -> dict[UUID, NoticeTemplate]:
    """Return some templates by id."""
    query = select(NoticeTemplate).where(col(NoticeTemplate.region_id) == region_id, col(NoticeTemplate.id).in_(ids))
    return {row.id: row for row in (await session.execute(query)).scalars()}


async def find_contact(session: AsyncSession, region_id: UUID, account_id: UUID) -> NoticeContact | None:
    """Return an account's own contact."""
    return await session.get(NoticeContact, (region_id, account_id))


async def put_contact(session: AsyncSession, row: NoticeContact) -> None:
    """Set an account's contact, whether or not it had one; of two at once the later one stands."""
    table = fences.table_of(NoticeContact)
    values = row.model_dump()
    changed = {"phone_sealed": row.phone_sealed, "set_at": row.set_at}
    await session.execute(
        insert(table).values(values).on_conflict_do_update(index_elements=["region_id", "account_id"], set_=changed)
    )


async def add_once(session: AsyncSession, row: Notice) -> bool:
    """Add a notice unless its cause was told to the recipient before; return whether it is new."""
    table = fences.table_of(Notice)
    statement = insert(table).values(row.model_dump()).on_conflict_do_nothing(constraint="notices_once")
    return (await session.execute(statement.returning(table.c.id))).first() is not None


async def last_said(
    session: AsyncSession, region_id: UUID, subject_id: UUID, kinds: Sequence[str], recipient_id: UUID
) -> tuple[str, bytes] | None:
    """Return the kind and the fingerprint of what a recipient was last told of a subject, among some kinds."""
    query = (
        select(Notice)
        .where(
            col(Notice.region_id) == region_id,
            col(Notice.subject_id) == subject_id,
            col(Notice.kind).in_(kinds),
            col(Notice.recipient_id) == recipient_id,
        )
        .order_by(col(Notice.id).desc())
        .limit(1)
    )
    row = (await session.execute(query)).scalar_one_or_none()
    return (row.kind, row.said) if row else None


async def lock(session: AsyncSession, region_id: UUID, notice_id: UUID) -> Notice | None:
    """Return a notice, locked: of two workers the second sees what the first one made of it."""
    query = select(Notice).where(col(Notice.region_id) == region_id, col(Notice.id) == notice_id)
    locked = query.with_for_update().execution_options(populate_existing=True)
    return (await session.execute(locked)).scalar_one_or_none()


async def list_open(
    session: AsyncSession, region_id: UUID, *, now: datetime, stale: datetime, limit: int
) -> list[tuple[UUID, UUID]]:
    """Return (institution, notice) of what is due to be sent, and of attempts without an end since before `stale`."""
    query = (
        select(Notice.institution_id, Notice.id)
        .where(
            col(Notice.region_id) == region_id,
            or_(
                (col(Notice.state) == rules.NoticeState.queued) & (col(Notice.due_at) <= now),
                (col(Notice.state) == rules.NoticeState.sending) & (col(Notice.sending_since) <= stale),
            ),
        )
        .order_by(col(Notice.due_at))
        .limit(limit)
    )
    return [(institution_id, notice_id) for institution_id, notice_id in (await session.execute(query)).all()]


async def list_notices(
    session: AsyncSession,
    region_id: UUID,
    *,
    page: PageRequest,
    state: str | None,
    kind: str | None,
    person_id: UUID | None,
) -> Sequence[Notice]:
    """Return a page (and one more) of the notices that the fence lets through, oldest first."""
    query = select(Notice).where(col(Notice.region_id) == region_id)
    for column, value in ((Notice.state, state), (Notice.kind, kind), (Notice.person_id, person_id)):
        query = query if value is None else query.where(col(column) == value)
    if page.after is not None:
        query = query.where(col(Notice.id) > page.after)
    return (await session.execute(query.order_by(col(Notice.id)).limit(page.limit + 1))).scalars().all()


async def report(
    session: AsyncSession, region_id: UUID, notice_id: UUID, *, provider_id: str, success: bool, code: str
) -> bool:
    """Write down what the provider reports; False when no notice waits for such a report."""
    asked = func.notices_report(region_id, notice_id, provider_id, success, code)
    return bool(await session.scalar(select(asked)))
