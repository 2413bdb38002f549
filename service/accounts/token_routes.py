"""HTTP of log-ins. Public: who asks is only known at the end, so each opens its own transaction without a fence."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Body, Depends, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import errors, rules, schemas, throttle, usecases
from service.core import http
from service.core.db.session import transaction
from service.core.http import House, Now, TheHouse
from service.core.principal import Fence
from service.core.router import Router

router = Router()

_LONGEST_DEVICE: Final = 200


async def origin_of(request: Request) -> rules.Origin:
    """Return where a request comes from; what a device calls itself is text of ours only once it is cleaned."""
    device = "".join(each for each in request.headers.get("user-agent", "") if each.isprintable())
    return rules.Origin(request.client.host if request.client else "", device[:_LONGEST_DEVICE])


Origin = Annotated[rules.Origin, Depends(origin_of)]


@router.post(
    "/tokens",
    responses=http.refuses(
        errors.LogInFailed,
        errors.LogInAgain,
        errors.NotToActFor,
        errors.SecondFactorRequired,
        errors.SecondFactorWrong,
        errors.TooManyLogIns,
    ),
)
async def grant_token(
    house: TheHouse, now: Now, response: Response, origin: Origin, body: Annotated[schemas.Grant, Body()]
) -> schemas.TokenRead:
    """登录：密码（及动态码）、服务端密钥、刷新令牌，或由服务端代居民操作。"""
    async with throttle.attempt(house, _counted(house, body, origin)):
        async with transaction(house.sessions, Fence(), now) as session:
            granted = await _grant(session, house, body, origin)
        # outside the transaction: the refusal of a refresh token that was stolen must not undo the revocation
        if granted is None:
            raise errors.LogInAgain
    response.headers["Cache-Control"] = "no-store"
    return granted


def _counted(house: House, body: schemas.Grant, origin: rules.Origin) -> Sequence[throttle.Counted]:
    match body:
        case schemas.PasswordGrant():
            return throttle.of_person(house, body.region_code, body.username, origin.address)
        case schemas.ClientGrant() | schemas.ExchangeGrant():
            return throttle.of_client(house, body.region_code, body.client_id, origin.address)
        case schemas.RefreshGrant():
            return ()  # 256 random bits: there is nothing to guess


async def _grant(
    session: AsyncSession, house: House, body: schemas.Grant, origin: rules.Origin
) -> schemas.TokenRead | None:
    match body:
        case schemas.PasswordGrant():
            return await usecases.log_in(
                session,
                house=house,
                origin=origin,
                region_code=body.region_code,
                username=body.username,
                password=body.password,
                totp_code=body.totp_code,
            )
        case schemas.ClientGrant():
            return await usecases.log_in_client(
                session,
                house=house,
                origin=origin,
                region_code=body.region_code,
                client_id=body.client_id,
                client_secret=body.client_secret,
            )
        case schemas.ExchangeGrant():
            return await usecases.act_for(
                session,
                house=house,
                origin=origin,
                region_code=body.region_code,
                client_id=body.client_id,
                client_secret=body.client_secret,
                account_id=body.account_id,
                account_username=body.account_username,
            )
        case schemas.RefreshGrant():
            return await usecases.refresh(session, house=house, refresh_token=body.refresh_token)


@router.post("/tokens/revocation", status_code=204, responses=http.refuses())
async def revoke_token(house: TheHouse, now: Now, body: schemas.Revocation) -> None:
    """退出登录：这次登录的访问令牌和刷新令牌立即失效。"""
    async with transaction(house.sessions, Fence(), now) as session:
        await usecases.revoke(session, house=house, refresh_token=body.refresh_token)
