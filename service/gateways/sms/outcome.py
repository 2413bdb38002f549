"""What one message is, and the four ways in which an attempt to send it can end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """A message to one phone: the provider's template with its parameters; `out_id` comes back in every report."""

    phone: str
    template_code: str
    parameters: Mapping[str, str]
    out_id: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken the message over; `provider_id` is its name there."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will never send this message."""

    code: str


@dataclass(frozen=True, slots=True)
class Later:
    """The provider has surely not sent it; try again after `wait_seconds`."""

    code: str
    wait_seconds: int


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody knows whether it was sent: ask the provider's list before trying again."""

    code: str


Outcome = Accepted | Refused | Later | Unknown


class SmsGateway(Protocol):
    """A provider of short messages."""

    async def send(self, message: Message) -> Outcome:
        """Try to send a message once; never raises for what the network or the provider does."""
        ...

    async def find(self, phone: str, out_id: str, on: date) -> Outcome | None:
        """Return what became of a message sent on a local day, or None when the provider knows none with `out_id`.

        `Unknown` when the provider does not answer.
        """
        ...
