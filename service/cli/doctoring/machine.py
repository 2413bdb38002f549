"""The machine's side: the data directory, the disk, the keys."""

import os
import shutil
import stat
from collections.abc import Iterator
from typing import Final

from service.cli.doctoring.finding import Finding, broken, notice, sound
from service.core import keyring
from service.core.settings import Settings

_LITTLE: Final = 2 << 30
_FULL: Final = 200 << 20


def look(settings: Settings) -> Iterator[Finding]:
    """Yield what is found on the machine."""
    yield _directory(settings)
    if settings.data_dir.is_dir():
        yield _disk(settings)
    yield from _keys(settings)


def _directory(settings: Settings) -> Finding:
    where = settings.data_dir.absolute()
    if not where.is_dir():
        return broken("data-dir", f"没有数据目录 {where}", "先运行 xunzhen init，或用 XUNZHEN_DATA_DIR 指明目录")
    if not os.access(where, os.R_OK | os.W_OK | os.X_OK):
        return broken("data-dir", f"本用户不能读写 {where}", f"以运行服务的用户执行，或 chown -R 给它：{where}")
    return sound("data-dir", f"数据目录 {where}")


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data_dir).free
    said = f"磁盘剩余 {free / 1e9:.1f} GB"
    if free < _FULL:
        return broken("disk", said, "立即清理磁盘：写不进去时数据库会停止服务")
    return notice("disk", said, "请尽快扩容或清理旧备份") if free < _LITTLE else sound("disk", said)


def _keys(settings: Settings) -> Iterator[Finding]:
    path = settings.keyring_path
    try:
        keys = keyring.load(path)
    except keyring.KeyringMissing as missing:
        yield broken("keys", str(missing), "新装运行 xunzhen init；从备份恢复时把备份的密钥文件放回这里")
        return
    except (OSError, ValueError, KeyError, TypeError):
        yield broken("keys", f"密钥文件 {path} 读不了或已损坏", "从与备份分开保管的那一份恢复它；没有它数据无法解开")
        return
    yield sound("keys", f"签名密钥 {len(keys.signing)} 把，字段密钥 {len(keys.fields)} 把")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield broken("keys-mode", f"{path} 别的用户也能读", f"chmod 600 {path}")
