"""The directory of files: `ab/ab34…` by SHA-256, each sealed with a key of its own that the field key seals.

A file is written beside its place, flushed to the disk and then renamed, so that at its place there is always a whole
file or none. The same content is one file, whoever brings it; one that is found damaged is replaced when its content is
brought again. Everything here blocks: call it from a thread.
"""

import base64
import binascii
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.core.crypt import FieldCipher, kid_of
from service.core.files import errors

KEY: Final = "files.key"
"""The context under which the key of a file is sealed."""
_MAGIC: Final = b"XZF1"
_LONGEST_HEAD: Final = 6 + 0xFFFF
"""The most that stands before a file's content: the mark, a length of two bytes, the sealed key."""
_INCOMING: Final = "incoming"


class FileStore:
    """Files under one directory, sealed by one cipher."""

    def __init__(self, directory: Path, cipher: FieldCipher) -> None:
        self._directory = directory
        self._cipher = cipher

    def put(self, content: bytes) -> str:
        """Keep a content; return its SHA-256 in hex. The same content again changes nothing."""
        digest = hashlib.sha256(content).hexdigest()
        if not self._is_whole(digest):
            self._write(digest, self._sealed(content, digest))
        return digest

    def get(self, digest: str) -> bytes:
        """Return the content with a SHA-256.

        Raises:
            errors.FileDamaged: it is missing, was changed, or its key is gone.
        """
        try:
            key, sealed = self._open_envelope(self._path(digest).read_bytes())
            content = AESGCM(key).decrypt(sealed[:12], sealed[12:], digest.encode())
        except (OSError, ValueError, KeyError, InvalidTag):
            raise errors.FileDamaged from None
        if hashlib.sha256(content).hexdigest() != digest:
            raise errors.FileDamaged
        return content

    def reseal(self, digest: str) -> None:
        """Seal a file's key with the current field key; the content is not touched.

        Raises:
            errors.FileDamaged: it cannot be opened.
        """
        try:
            key, sealed = self._open_envelope(self._path(digest).read_bytes())
        except (OSError, ValueError, KeyError, InvalidTag):
            raise errors.FileDamaged from None
        self._write(digest, self._envelope(key) + sealed)

    def sealed_with(self, digest: str) -> str:
        """Return the name of the field key that seals a file's key.

        Raises:
            errors.FileDamaged: it cannot be opened.
        """
        try:
            with self._path(digest).open("rb") as file:
                head = file.read(_LONGEST_HEAD)
            self._open_envelope(head)
        except (OSError, ValueError, KeyError, InvalidTag):
            raise errors.FileDamaged from None
        return kid_of(head[6:])

    def digests(self) -> Iterator[str]:
        """Return the SHA-256 of every file that is there, whole or not."""
        for folder in sorted(self._directory.glob("[0-9a-f][0-9a-f]")):
            yield from sorted(each.name for each in folder.iterdir() if each.is_file())

    def _path(self, digest: str) -> Path:
        return self._directory / digest[:2] / digest

    def _is_whole(self, digest: str) -> bool:
        try:
            self.get(digest)
        except errors.FileDamaged:
            return False
        return True

    def _sealed(self, content: bytes, digest: str) -> bytes:
        key, nonce = secrets.token_bytes(32), secrets.token_bytes(12)
        return self._envelope(key) + nonce + AESGCM(key).encrypt(nonce, content, digest.encode())

    def _envelope(self, key: bytes) -> bytes:
        sealed = self._cipher.seal(base64.b64encode(key).decode(), context=KEY)
        return _MAGIC + len(sealed).to_bytes(2, "big") + sealed

    def _open_envelope(self, stored: bytes) -> tuple[bytes, bytes]:
        """Return a file's key, and what it seals.

        Raises:
            ValueError, KeyError, InvalidTag: not one of our files, or its key is gone.
        """
        if not stored.startswith(_MAGIC):
            raise ValueError("not a sealed file")
        end = 6 + int.from_bytes(stored[4:6], "big")
        try:
            key = base64.b64decode(self._cipher.open(stored[6:end], context=KEY))
        except binascii.Error as error:
            raise ValueError("not a key") from error
        return key, stored[end:]

    def _write(self, digest: str, stored: bytes) -> None:
        place = self._path(digest)
        incoming = self._directory / _INCOMING
        for folder in (incoming, place.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # a name of its own: two uploads of one content must not write into each other's file
        beside = incoming / f"{digest}.{secrets.token_hex(8)}"
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(stored)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)
        _sync_folder(place.parent)


def _sync_folder(folder: Path) -> None:
    """Flush a folder, so that a renamed file is still there after a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
