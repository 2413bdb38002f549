"""A quote as a promise: its content signed by the house, good until a moment of the world served.

What was signed is what stands in the row: whoever changes a kept quote, be it in the database, cannot sign it anew.
"""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any, Final

from service.billing.models import Quote
from service.core.signing import Signer, TokenInvalid

AUDIENCE: Final = "xunzhen:quote"
_SECONDS: Final = 30 * 24 * 3600
"""How long a signature can be read at all, in real time; how long the quote is valid is signed with it."""


def sign(signer: Signer, row: Quote) -> str:
    """Return the signature of a quote; the signer's clock is real time."""
    return signer.sign(_content(row), audience=AUDIENCE, now=datetime.now(UTC), seconds=_SECONDS)


def is_kept(signer: Signer, row: Quote) -> bool:
    """Return whether a quote still says what was signed."""
    if row.token is None:
        return False
    try:
        said = signer.verify(row.token, audience=AUDIENCE)
    except TokenInvalid:
        return False
    content = _content(row)
    return {name: said.get(name) for name in content} == content


def _content(row: Quote) -> dict[str, Any]:
    return {
        "sub": str(row.id),
        "region": str(row.region_id),
        "institution": str(row.institution_id),
        "person": str(row.person_id),
        "asked": row.asked,
        "service_on": row.service_on.isoformat(),
        "gross_fen": row.gross_fen,
        "patient_fen": row.patient_fen,
        "bill": hashlib.sha256(json.dumps(row.bill, sort_keys=True).encode()).hexdigest(),
        "valid_until": row.valid_until.astimezone(UTC).isoformat() if row.valid_until else None,
    }
