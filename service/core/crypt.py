"""Field encryption (AES-256-GCM) and blind indexes (HMAC-SHA-256): what is personal never rests in the clear."""

import hashlib
import hmac
import secrets

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from service.core.keyring import Keyring, SecretKey


class FieldCipher:
    """Seals and opens text fields; the name of the key travels with the sealed text, so keys can rotate."""

    def __init__(self, keyring: Keyring) -> None:
        self._fields = {key.kid: key for key in keyring.fields}
        self._current = keyring.fields[0]
        self._index = keyring.index

    def seal(self, text: str, *, context: str) -> bytes:
        """Return `text` sealed; `context` (table.column) is authenticated, so a value cannot be moved elsewhere."""
        nonce = secrets.token_bytes(12)
        sealed = AESGCM(self._current.secret).encrypt(nonce, text.encode(), context.encode())
        return self._current.kid.encode() + b":" + nonce + sealed

    def open(self, sealed: bytes, *, context: str) -> str:
        """Return the text that `seal` was given.

        Raises:
            KeyError: sealed with a key that is no longer in the keyring.
            cryptography.exceptions.InvalidTag: changed, or moved to another column.
        """
        kid, _, rest = sealed.partition(b":")
        key: SecretKey = self._fields[kid.decode()]
        return AESGCM(key.secret).decrypt(rest[:12], rest[12:], context.encode()).decode()

    def blind(self, text: str, *, context: str) -> bytes:
        """Return the blind index of `text`: equal texts are equal, nothing else can be learnt without the key."""
        return hmac.new(self._index.secret, f"{context}\0{text}".encode(), hashlib.sha256).digest()
