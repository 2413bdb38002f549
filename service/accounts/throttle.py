"""Counts attempts to guess a password, a secret or a code: by name and by address, in the database, for all processes.

An attempt is taken before anything is checked, in a transaction of its own, so that many at once never get more checks
than the limit. It is given back when nothing was guessed. What is counted are keyed hashes, of names that nobody has
as well: the answer does not tell whether an account exists.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends
from sqlalchemy import LargeBinary, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from service.accounts import errors
from service.core import http, problems
from service.core.db.session import transaction
from service.core.principal import Fence, Principal

_KEYS: Final = ARRAY(LargeBinary)
_TAKE: Final = text("select accounts_take_attempt(:keys, :limits, :seconds)").bindparams(bindparam("keys", type_=_KEYS))
_GIVE_BACK: Final = text("select accounts_give_back_attempt(:keys, :forgotten)").bindparams(
    bindparam("keys", type_=_KEYS), bindparam("forgotten", type_=_KEYS)
)
_CONTEXT: Final = "log_in_attempts.key"


@dataclass(frozen=True, slots=True)
class Counted:
    """What attempts are counted for; a success forgets the attempts in vain where `forgiving`."""

    what: str
    limit: int
    forgiving: bool


def of_person(house: http.House, region_code: str, username: str, address: str) -> list[Counted]:
    """Return what a log-in with a password is counted for: the name, wherever it is tried from, and the address."""
    name = Counted(f"name\0{region_code}\0{username}", house.settings.log_in_attempts_per_account, forgiving=True)
    return [name, _of_address(house, address)]


def of_client(house: http.House, region_code: str, client_id: str, address: str) -> list[Counted]:
    """Return what a log-in with a client's secret is counted for.

    The name counts at the address only: else anybody could lock the one client of a region out from afar, and its
    secret is too long to be guessed from many addresses.
    """
    limit = house.settings.log_in_attempts_per_address
    return [
        Counted(f"client\0{region_code}\0{client_id}\0{address}", limit, forgiving=True),
        _of_address(house, address),
    ]


def _of_address(house: http.House, address: str) -> Counted:
    # never forgiven: who has one account could otherwise guess at others for ever
    return Counted(f"address\0{address}", house.settings.log_in_attempts_per_address, forgiving=False)


@asynccontextmanager
async def attempt(house: http.House, counted: Sequence[Counted]) -> AsyncIterator[None]:
    """Take an attempt for what is done inside; a wrong guess keeps it, a success or another refusal gives it back.

    Raises:
        TooManyLogIns: there is none left; says how long to wait.
    """
    hashed = {house.cipher.blind(each.what, context=_CONTEXT): each for each in counted}
    asked = {"keys": list(hashed), "limits": [each.limit for each in hashed.values()]}
    async with transaction(house.sessions, Fence(), house.clock.now()) as session:
        seconds = house.settings.log_in_lock_seconds
        wait = (await session.execute(_TAKE, asked | {"seconds": seconds})).scalar_one()
    if wait:
        raise errors.TooManyLogIns(retry_after_seconds=wait)
    try:
        yield
    except errors.WRONG:
        raise
    except problems.Refusal:
        await _give_back(house, list(hashed), [])
        raise
    await _give_back(house, list(hashed), [key for key, each in hashed.items() if each.forgiving])


async def _give_back(house: http.House, keys: list[bytes], forgotten: list[bytes]) -> None:
    async with transaction(house.sessions, Fence(), house.clock.now()) as session:
        kept = [key for key in keys if key not in forgotten]
        await session.execute(_GIVE_BACK, {"keys": kept, "forgotten": forgotten})


async def own_attempt(
    house: http.TheHouse, principal: Annotated[Principal | None, Depends(http.find_principal)]
) -> AsyncIterator[None]:
    """Take an attempt at one's own password or code: who holds a stolen token must not guess either."""
    account_id: UUID | None = principal.account_id if principal else None
    counted = Counted(f"own\0{account_id}", house.settings.log_in_attempts_per_account, forgiving=True)
    async with attempt(house, [counted]):
        yield


# before the request's own transaction begins: an attempt is taken in another, and two at once could wait for each other
OwnAttempt = Annotated[None, Depends(own_attempt, scope="function")]
