"""The table of files: which institution took in which content, when, from whom."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from service.core.audit import statements
from service.core.db import fences, rows
from service.core.files import kinds


class File(rows.InstitutionRow, table=True):
    """A content that an institution took in; never changed, never removed."""

    __tablename__ = "files"
    __table_args__ = (
        # the same content twice is one file; also which institutions still need what lies on the disk
        UniqueConstraint("region_id", "institution_id", "sha256", name="files_content_once"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
        CheckConstraint("bytes > 0", name="bytes"),
        CheckConstraint(f"kind in ({', '.join(repr(str(each)) for each in kinds.FileKind)})", name="kind"),
    )

    sha256: str
    size: int = Field(sa_column_kwargs={"name": "bytes"})
    kind: str
    uploaded_by_account_id: UUID
    uploaded_at: datetime = rows.moment()


statements.about_people(File)  # photographs and signatures of people
fences.fence(File, fences.Fence.institution, verbs="select, insert")
