"""Every query of files."""

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from service.core.db import fences
from service.core.files.models import File


async def add_once(session: AsyncSession, row: File) -> File:
    """Add a file unless its institution has its content already; return the row that stands.

    A second upload at the same moment waits at the constraint for the first, and then finds its row.
    """
    values = {
        "region_id": row.region_id, "institution_id": row.institution_id, "id": row.id, "sha256": row.sha256,
        "bytes": row.size, "kind": row.kind, "uploaded_by_account_id": row.uploaded_by_account_id,
        "uploaded_at": row.uploaded_at,
    }  # fmt: skip
    table = fences.table_of(File)
    await session.execute(insert(table).values(values).on_conflict_do_nothing(constraint="files_content_once"))
    query = select(File).where(
        col(File.region_id) == row.region_id,
        col(File.institution_id) == row.institution_id,
        col(File.sha256) == row.sha256,
    )
    return (await session.execute(query)).scalar_one()


async def find(session: AsyncSession, region_id: UUID, file_id: UUID) -> File | None:
    """Return a file that the fence lets through."""
    return await session.get(File, (region_id, file_id))
