"""What people do with files, and what an installation's check asks of them."""

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from service.core import access, logs, problems
from service.core.body_limit import BodyTooLarge
from service.core.files import errors, kinds, repository
from service.core.files.models import File
from service.core.files.store import FileStore
from service.core.http import House
from service.core.principal import Principal

_log = logs.get_logger("core.files")


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file as its neighbours see it; `size` in bytes."""

    id: UUID
    institution_id: UUID
    sha256: str
    size: int
    kind: kinds.FileKind
    uploaded_by_account_id: UUID
    uploaded_at: datetime


@dataclass(frozen=True, slots=True)
class FilesReport:
    """What a check of all files found, each a list of SHA-256: rows without a whole file, files without a row."""

    checked: int
    damaged: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether every row has its file; a file without a row is only waste."""
        return not self.damaged


def store_of(house: House) -> FileStore:
    """Return the process's store."""
    return FileStore(house.settings.files_path, house.cipher)


async def keep_file(
    session: AsyncSession, *, principal: Principal, house: House, institution_id: UUID, content: bytes, now: datetime
) -> FileFacts:
    """Keep a content for an institution; the same content again is the same file.

    The disk comes first: a row whose transaction fails leaves a file that nobody needs, never a row without one.

    Raises:
        problems.NotFound: the institution is another's.
        errors.FileKindRefused: the content is of no kind that is kept.
        BodyTooLarge: it is larger than the settings allow.
    """
    access.require_institution(principal, institution_id)
    if len(content) > house.settings.files_largest_bytes:
        raise BodyTooLarge
    kind = kinds.kind_of(content)
    digest = await asyncio.to_thread(store_of(house).put, content)
    row = File(
        region_id=principal.region_id, institution_id=institution_id, sha256=digest, size=len(content), kind=kind,
        uploaded_by_account_id=principal.account_id, uploaded_at=now,
    )  # fmt: skip
    return _facts(await repository.add_once(session, row))


async def get_file(session: AsyncSession, *, region_id: UUID, file_id: UUID) -> FileFacts:
    """Return a file that the fence lets through.

    Raises:
        problems.NotFound: there is none.
    """
    row = await repository.find(session, region_id, file_id)
    if row is None:
        raise problems.NotFound(what="文件")
    return _facts(row)


async def read_content(house: House, file: FileFacts) -> bytes:
    """Return the content of a file.

    Raises:
        errors.FileDamaged: it is missing or was changed on disk; logged, so that somebody mends it.
    """
    try:
        return await asyncio.to_thread(store_of(house).get, file.sha256)
    except errors.FileDamaged:
        _log.error("file damaged", file=str(file.id), sha256=file.sha256)
        raise


async def check_files(store: FileStore, named: set[str]) -> FilesReport:
    """Open every file of which the rows name the SHA-256, and look for files that no row names.

    `named` must hold the rows of all regions; only then is `unknown` meaningful.
    """
    return await asyncio.to_thread(_check, store, named)


async def reseal_files(store: FileStore, kid: str) -> int:
    """Seal the keys of files with the current field key, whose name is `kid`; return of how many.

    What it has sealed already and what is damaged are left as they are.
    """
    return await asyncio.to_thread(_reseal, store, kid)


async def sealed_by(store: FileStore) -> dict[str, int]:
    """Return how many files each field key seals, by its name; damaged ones are nobody's."""
    return await asyncio.to_thread(_sealed_by, store)


def _check(store: FileStore, named: set[str]) -> FilesReport:
    damaged = [each for each in sorted(named) if not _opens(store, each)]
    return FilesReport(len(named), tuple(damaged), tuple(each for each in store.digests() if each not in named))


def _opens(store: FileStore, digest: str) -> bool:
    try:
        store.get(digest)
    except errors.FileDamaged:
        return False
    return True


def _reseal(store: FileStore, kid: str) -> int:
    done = 0
    for digest in store.digests():
        with suppress(errors.FileDamaged):
            if store.sealed_with(digest) != kid:
                store.reseal(digest)
                done += 1
    return done


def _sealed_by(store: FileStore) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for digest in store.digests():
        with suppress(errors.FileDamaged):
            counts[store.sealed_with(digest)] += 1
    return dict(counts)


def _facts(row: File) -> FileFacts:
    return FileFacts(
        row.id, row.institution_id, row.sha256, row.size, kinds.FileKind(row.kind), row.uploaded_by_account_id,
        row.uploaded_at,
    )  # fmt: skip
