"""Field encryption (AES-256-GCM or SM4-GCM) and blind indexes (HMAC-SHA-256): nothing personal rests in the clear."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4

from service.core.keyring import FieldCipherName, Keyring, Renewal, SecretKey

_TAG: Final = 16


def encrypt(key: SecretKey, nonce: bytes, text: bytes, context: bytes) -> bytes:
    """Return `text` encrypted, the 16-byte tag at its end; `nonce` is 12 bytes and used once with a key."""
    if key.cipher is FieldCipherName.aes_gcm:
        return AESGCM(key.secret).encrypt(nonce, text, context)
    sealer = Cipher(SM4(key.secret), modes.GCM(nonce)).encryptor()
    sealer.authenticate_additional_data(context)
    return sealer.update(text) + sealer.finalize() + sealer.tag


def decrypt(key: SecretKey, nonce: bytes, sealed: bytes, context: bytes) -> bytes:
    """Return what `encrypt` was given.

    Raises:
        cryptography.exceptions.InvalidTag: changed, cut short, or of another context.
    """
    if key.cipher is FieldCipherName.aes_gcm:
        return AESGCM(key.secret).decrypt(nonce, sealed, context)
    if len(sealed) < _TAG:
        raise InvalidTag
    # the mode refuses a tag shorter than 16 bytes by itself
    opener = Cipher(SM4(key.secret), modes.GCM(nonce, sealed[-_TAG:])).decryptor()
    opener.authenticate_additional_data(context)
    return opener.update(sealed[:-_TAG]) + opener.finalize()


def kid_of(sealed: bytes) -> str:
    """Return the name of the key that something was sealed with."""
    return sealed.partition(b":")[0].decode()


class FieldCipher:
    """Seals and opens text fields; the name of the key travels with the sealed text, so keys and ciphers can change.

    `renewed` returns the keys if they have changed since it was last asked: a key that was added while the process
    runs is learnt when something sealed with it is met, and used for sealing within `keyring.LOOK_EVERY_SECONDS`.
    """

    def __init__(
        self,
        keyring: Keyring,
        *,
        renewed: Callable[[], Keyring | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._renewal = Renewal(renewed, clock)
        self._index = keyring.index
        self._take(keyring)

    def _take(self, keyring: Keyring) -> None:
        # never the index: it is searched by, and changes while nothing runs
        self._fields = {key.kid: key for key in keyring.fields}
        self._current = keyring.fields[0]

    def _look(self, *, soon: bool = False) -> None:
        keyring = self._renewal.look(soon=soon)
        if keyring is not None:
            self._take(keyring)

    @property
    def current_kid(self) -> str:
        """Return the name of the key that fields are sealed with."""
        return self._current.kid

    def seal(self, text: str, *, context: str) -> bytes:
        """Return `text` sealed; `context` (table.column) is authenticated, so a value cannot be moved elsewhere."""
        self._look()
        nonce = secrets.token_bytes(12)
        sealed = encrypt(self._current, nonce, text.encode(), context.encode())
        return self._current.kid.encode() + b":" + nonce + sealed

    def open(self, sealed: bytes, *, context: str) -> str:
        """Return the text that `seal` was given.

        Raises:
            KeyError: sealed with a key that is no longer in the keyring.
            cryptography.exceptions.InvalidTag: changed, or moved to another column.
        """
        kid, _, rest = sealed.partition(b":")
        name = kid.decode()
        if name not in self._fields:
            self._look(soon=True)
        return decrypt(self._fields[name], rest[:12], rest[12:], context.encode()).decode()

    def blind(self, text: str, *, context: str) -> bytes:
        """Return the blind index of `text`: equal texts are equal, nothing else can be learnt without the key."""
        return hmac.new(self._index.secret, f"{context}\0{text}".encode(), hashlib.sha256).digest()
