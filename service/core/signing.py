"""Signed tokens (EdDSA): access tokens, and promises that one room makes and another keeps."""

from datetime import datetime, timedelta
from typing import Any, Final

import jwt

from service.core.keyring import Keyring

ISSUER: Final = "xunzhen"


class TokenInvalid(Exception):
    """The token is forged, expired, or meant for something else."""


class Signer:
    """Signs with the newest key, verifies with any key of the keyring; the algorithm is never taken from the token."""

    def __init__(self, keyring: Keyring) -> None:
        self._current = keyring.signing[0]
        self._public = {key.kid: key.private.public_key() for key in keyring.signing}

    def sign(self, claims: dict[str, Any], *, audience: str, now: datetime, seconds: int) -> str:
        """Return a token for one audience that is good for `seconds` of real time."""
        stamped = {**claims, "iss": ISSUER, "aud": audience, "iat": now, "exp": now + timedelta(seconds=seconds)}
        return jwt.encode(stamped, self._current.private, algorithm="EdDSA", headers={"kid": self._current.kid})

    def verify(self, token: str, *, audience: str) -> dict[str, Any]:
        """Return the claims of a token of ours.

        Raises:
            TokenInvalid: not signed by us, expired, or for another audience.
        """
        try:
            key = self._public[jwt.get_unverified_header(token)["kid"]]
            return jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                audience=audience,
                issuer=ISSUER,
                options={"require": ["exp", "iat", "sub"]},
            )
        except (jwt.InvalidTokenError, KeyError, ValueError) as error:
            raise TokenInvalid(str(error)) from error
