"""How what is said, and to which number, is sealed and opened."""

import json
from collections.abc import Mapping
from typing import Final

from service.core.http import House

PARAMETERS: Final = "notices.parameters"
PHONE: Final = "notices.phone"
CONTACT: Final = "notice_contacts.phone"


def seal_parameters(house: House, parameters: Mapping[str, str]) -> tuple[bytes, bytes]:
    """Return the parameters sealed, and a fingerprint by which equal ones are known."""
    text = json.dumps(dict(sorted(parameters.items())), ensure_ascii=False)
    return house.cipher.seal(text, context=PARAMETERS), house.cipher.blind(text, context=PARAMETERS)


def open_parameters(house: House, sealed: bytes) -> dict[str, str]:
    """Return the parameters that `seal_parameters` was given."""
    parameters: dict[str, str] = json.loads(house.cipher.open(sealed, context=PARAMETERS))
    return parameters
