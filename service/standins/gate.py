"""The gate of Aliyun's platform: which signed calls it lets through (V3 request structure, ACS3-HMAC-SHA256).

Written from the provider's description, by another hand than the client that signs.
"""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

from starlette.requests import Request

_FRESH: Final = timedelta(minutes=15)
_SIGNED: Final = {
    "host",
    "x-acs-action",
    "x-acs-content-sha256",
    "x-acs-date",
    "x-acs-signature-nonce",
    "x-acs-version",
}
_AUTHORIZATION: Final = re.compile(
    r"ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})"
)


class Refusal(Exception):
    """The call is answered with an error of the platform."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(slots=True)
class Gate:
    """Knows one access key, and every nonce that it has seen."""

    key_id: str
    secret: str = field(repr=False)
    _nonces: set[str] = field(default_factory=set)

    def verify(self, request: Request, body: bytes) -> None:
        """Refuse what the platform's gate refuses: another key, a changed request, an old one, one seen before.

        Raises:
            Refusal: which, with the platform's status and code.
        """
        parts = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
        if parts is None:
            raise Refusal(400, "MissingAuthorization", "Authorization is mandatory for this action.")
        key_id, names, signature = parts.groups()
        if key_id != self.key_id:
            raise Refusal(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        signed = names.split(";")
        if not set(signed) >= _SIGNED or signed != sorted(signed):
            raise Refusal(400, "IncompleteSignature", "The request signature does not conform to Aliyun standards.")
        expected = self._signature(request, signed)
        digest = hashlib.sha256(body).hexdigest()
        if not hmac.compare_digest(signature, expected) or request.headers["x-acs-content-sha256"] != digest:
            raise Refusal(400, "SignatureDoesNotMatch", "Specified signature does not match our calculation.")
        self._refuse_stale(request.headers["x-acs-date"], request.headers["x-acs-signature-nonce"])

    def _signature(self, request: Request, signed: list[str]) -> str:
        pairs = sorted(
            (quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in request.query_params.items()
        )
        canonical = (
            f"{request.method}\n{request.url.path}\n"
            + "&".join("=".join(pair) for pair in pairs)
            + "\n"
            + "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in signed)
            + f"\n{';'.join(signed)}\n{request.headers.get('x-acs-content-sha256', '')}"
        )
        what = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
        return hmac.digest(self.secret.encode(), what.encode(), "sha256").hex()

    def _refuse_stale(self, said: str, nonce: str) -> None:
        try:
            at = datetime.strptime(said, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError:
            raise Refusal(
                400, "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted."
            ) from None
        if abs(datetime.now(UTC) - at) > _FRESH:
            raise Refusal(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
        if nonce in self._nonces:
            raise Refusal(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        self._nonces.add(nonce)
