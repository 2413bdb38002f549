"""The contents' side: whether the keys here open what is sealed there, and whether every kept file is whole."""

from collections.abc import AsyncIterator
from typing import Final

from cryptography.exceptions import InvalidTag
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from service.cli.doctoring.finding import Finding, broken, sound
from service.core import keyring
from service.core.crypt import FieldCipher
from service.core.files import usecases as files
from service.core.files.store import FileStore
from service.core.settings import Settings
from service.sealed import SEALED

_SAMPLE: Final = 200
_FILES: Final = text("select distinct sha256 from files order by 1")


async def look(settings: Settings, owner: AsyncConnection) -> AsyncIterator[Finding]:
    """Yield whether sealed fields open, the newest of each column; only the owner sees all regions' rows."""
    try:
        cipher = FieldCipher(keyring.load(settings.keyring_path))
    except (keyring.KeyringMissing, OSError, ValueError, KeyError, TypeError):
        return  # said already, by the look at the machine
    opened = 0
    for column in SEALED:
        query = text(
            f"select {column.column} from {column.table} where {column.column} is not null"  # noqa: S608 - our names
            f" order by {', '.join(f'{each} desc' for each in column.key)} limit {_SAMPLE}"
        )
        for (sealed,) in (await owner.execute(query)).all():
            try:
                cipher.open(sealed, context=column.context)
            except (KeyError, InvalidTag, ValueError):
                what = f"{column.table}.{column.column} 里有这里的密钥打不开的内容"
                yield broken("sealed", what, "密钥文件不是这个库的那一份：换回备份时同时保管的密钥")
                return
            opened += 1
    yield sound("sealed", f"抽查 {opened} 个加密字段，都能打开")
    yield await _files(FileStore(settings.files_path, cipher), owner)


async def _files(store: FileStore, owner: AsyncConnection) -> Finding:
    report = await files.check_files(store, set((await owner.execute(_FILES)).scalars()))
    if report.damaged:
        what = f"{len(report.damaged)} 个文件缺失或已损坏，例如 {report.damaged[0][:12]}…"
        return broken("files", what, "从备份里恢复它们，或重新上传原件")
    return sound("files", f"{report.checked} 个文件都完整")
