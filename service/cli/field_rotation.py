"""How the field keys are rotated beside a running service: what is done when, and when it is over.

A process on this machine seals with a new key within `keyring.LOOK_EVERY_SECONDS`; what it sealed before stands in
transactions that are open then. So the rotation waits for both, and only then counts what the old keys still seal.
A run that was killed is simply started again: whatever is sealed with another key than the first is unfinished.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from sqlalchemy.ext.asyncio import AsyncEngine

from service.core import field_keys, keyring, rotation
from service.core.crypt import FieldCipher
from service.core.files import usecases as files
from service.core.files.store import FileStore
from service.core.settings import Settings
from service.sealed import SEALED

LONGEST_TRANSACTION_SECONDS: Final = 60.0
"""How long transactions are waited for that may hold something sealed with the key before."""
_TELL_EVERY: Final = 10_000


class Unfinished(Exception):
    """Something is still sealed with another key; `count` values and files."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class Unreadable(Exception):
    """A value of a column cannot be opened: it was changed outside of the application, or its key is gone."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """One run: the schema's owner's engine, and who hears how far it is."""

    engine: AsyncEngine
    settings: Settings
    tell: Callable[[str], None]

    async def run(self) -> None:
        """Seal everything with a new key; or, if the last run was stopped, with the one that it had begun with.

        Raises:
            Unreadable, Unfinished: not everything is sealed with it.
        """
        old = await self.sealed_by_others()
        if old:
            self.tell(f"接着上次没有做完的轮换：还有 {old} 项由旧密钥封存。")
        else:
            kid = field_keys.add(self.settings.keyring_path, self.settings.field_cipher)
            self.tell(f"新的字段密钥 {kid} 已启用，{keyring.LOOK_EVERY_SECONDS:.0f} 秒内运行中的服务都会换用。")
        await self.settle()
        await self._reseal(self._cipher())
        # another machine may not have the file yet
        if old := await self.sealed_by_others():
            raise Unfinished(old)

    async def sealed_by_others(self) -> int:
        """Return how many values and files other keys seal than the one in use."""
        current = self._cipher().current_kid
        return sum(count for kid, count in (await self.sealed_by()).items() if kid != current)

    async def sealed_by(self) -> dict[str, int]:
        """Return how many values and files each key seals, by its name."""
        counts = await rotation.left(self.engine, SEALED)
        for kid, count in (await files.sealed_by(self._store(self._cipher()))).items():
            counts[kid] = counts.get(kid, 0) + count
        return counts

    async def settle(self) -> None:
        """Wait until nothing of this machine holds, or makes, what is sealed with a key that is no longer the first.

        Raises:
            Unfinished: a transaction of the application does not end.
        """
        changed_at = self.settings.keyring_path.stat().st_mtime
        # a little longer: a process that looks in the last moment begins to seal after it
        await asyncio.sleep(max(0.0, changed_at + keyring.LOOK_EVERY_SECONDS + 0.5 - time.time()))
        if not await rotation.let_finish(self.engine, seconds=LONGEST_TRANSACTION_SECONDS):
            raise Unfinished(await self.sealed_by_others())

    async def _reseal(self, cipher: FieldCipher) -> None:
        for column in SEALED:
            name = f"{column.table}.{column.column}"
            try:
                done = await rotation.reseal(self.engine, cipher, [column], told=self._tell_now_and_then)
            except (InvalidTag, KeyError) as error:
                raise Unreadable(name) from error
            self.tell(f"  {name}：{done[name]} 项")
        self.tell(f"  文件：{await files.reseal_files(self._store(cipher), cipher.current_kid)} 个")

    def _tell_now_and_then(self, name: str, done: int) -> None:
        if done % _TELL_EVERY < rotation.BATCH and done >= _TELL_EVERY:
            self.tell(f"  {name}：已完成 {done} 项……")

    def _cipher(self) -> FieldCipher:
        return FieldCipher(keyring.load(self.settings.keyring_path))

    def _store(self, cipher: FieldCipher) -> FileStore:
        return FileStore(self.settings.files_path, cipher)
