"""The signature ACS3-HMAC-SHA256 of requests to Aliyun (V3 request structure): pure, time and nonce are arguments."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

ALGORITHM: Final = "ACS3-HMAC-SHA256"
_UNRESERVED: Final = "-_.~"


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key; its secret signs and never leaves the process."""

    key_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an RPC-style operation: all parameters in the query, no body."""

    host: str
    action: str
    version: str
    query: Mapping[str, str]


def canonical_query(query: Mapping[str, str]) -> str:
    """Return parameters sorted by name, names and values encoded as RFC 3986 has it."""
    return "&".join(f"{_encoded(name)}={_encoded(query[name])}" for name in sorted(query))


def signed_headers(call: Call, credentials: Credentials, *, at: datetime, nonce: str) -> dict[str, str]:
    """Return every header of a call, `authorization` included; `at` is aware and may be 15 minutes old at most."""
    headers = {
        "host": call.host,
        "x-acs-action": call.action,
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": nonce,
        "x-acs-version": call.version,
    }
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    request = "\n".join(
        ["POST", "/", canonical_query(call.query), lines, names, headers["x-acs-content-sha256"]],
    )
    digest = hashlib.sha256(request.encode()).hexdigest()
    signature = hmac.new(credentials.secret.encode(), f"{ALGORITHM}\n{digest}".encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (
        f"{ALGORITHM} Credential={credentials.key_id},SignedHeaders={names},Signature={signature}"
    )
    return headers


def _encoded(text: str) -> str:
    return quote(text, safe=_UNRESERVED)
