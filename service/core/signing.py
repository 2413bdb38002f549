"""Signed tokens (EdDSA): access tokens, and promises that one room makes and another keeps."""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import jwt

from service.core.keyring import Keyring, Renewal

ISSUER: Final = "xunzhen"
_REMEMBERED: Final = 4096
"""How many tokens a process knows to be good, so that a signature is checked once and not at every request."""


class TokenInvalid(Exception):
    """The token is forged, expired, or meant for something else."""


class Signer:
    """Signs with the newest key, verifies with any key of the keyring; the algorithm is never taken from the token.

    `renewed` returns the keys if they have changed since it was last asked: keys rotate while the process runs.
    """

    def __init__(
        self,
        keyring: Keyring,
        *,
        renewed: Callable[[], Keyring | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._renewal = Renewal(renewed, clock)
        self._take(keyring)

    def _take(self, keyring: Keyring) -> None:
        self._good: OrderedDict[tuple[str, str], dict[str, Any]] = OrderedDict()
        self._current = keyring.signing[0]
        self._public = {key.kid: key.private.public_key() for key in keyring.signing}

    def _look(self, *, soon: bool = False) -> None:
        keyring = self._renewal.look(soon=soon)
        if keyring is not None:
            self._take(keyring)

    def sign(self, claims: dict[str, Any], *, audience: str, now: datetime, seconds: int) -> str:
        """Return a token for one audience that is good for `seconds` of real time."""
        self._look()
        stamped = {**claims, "iss": ISSUER, "aud": audience, "iat": now, "exp": now + timedelta(seconds=seconds)}
        return jwt.encode(stamped, self._current.private, algorithm="EdDSA", headers={"kid": self._current.kid})

    def verify(self, token: str, *, audience: str) -> dict[str, Any]:
        """Return the claims of a token of ours.

        Raises:
            TokenInvalid: not signed by us, expired, or for another audience.
        """
        self._look()
        known = self._good.get((token, audience))
        if known is not None and known["exp"] > time.time():
            return dict(known)
        claims = self._decode(token, audience)
        self._good[token, audience] = claims
        if len(self._good) > _REMEMBERED:
            self._good.popitem(last=False)
        return dict(claims)

    def _decode(self, token: str, audience: str) -> dict[str, Any]:
        try:
            kid = jwt.get_unverified_header(token)["kid"]
            # another process may have signed with a key that this one has not met
            if kid not in self._public:
                self._look(soon=True)
            return jwt.decode(
                token,
                self._public[kid],
                algorithms=["EdDSA"],
                audience=audience,
                issuer=ISSUER,
                options={"require": ["exp", "iat", "sub"]},
            )
        except (jwt.InvalidTokenError, KeyError, TypeError, ValueError) as error:
            raise TokenInvalid(str(error)) from error
