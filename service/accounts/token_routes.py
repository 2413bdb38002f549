"""HTTP of log-ins. Public: who asks is only known at the end, so each opens its own transaction without a fence."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import errors, schemas, usecases
from service.core import http
from service.core.db.session import transaction
from service.core.http import House, Now, TheHouse
from service.core.principal import Fence

router = APIRouter()


@router.post("/tokens", responses=http.refuses(errors.LogInFailed, errors.LogInAgain, errors.NotToActFor))
async def grant_token(
    house: TheHouse, now: Now, response: Response, body: Annotated[schemas.Grant, Body()]
) -> schemas.TokenRead:
    """登录：密码、服务端密钥、刷新令牌，或由服务端代居民操作。"""
    async with transaction(house.sessions, Fence(), now) as session:
        granted = await _grant(session, house, body)
    # outside the transaction: the refusal of a refresh token that was stolen must not undo the revocation
    if granted is None:
        raise errors.LogInAgain
    response.headers["Cache-Control"] = "no-store"
    return granted


async def _grant(session: AsyncSession, house: House, body: schemas.Grant) -> schemas.TokenRead | None:
    match body:
        case schemas.PasswordGrant():
            return await usecases.log_in(
                session,
                house=house,
                region_code=body.region_code,
                username=body.username,
                password=body.password,
            )
        case schemas.ClientGrant():
            return await usecases.log_in(
                session,
                house=house,
                region_code=body.region_code,
                username=body.client_id,
                password=body.client_secret,
                client=True,
            )
        case schemas.ExchangeGrant():
            return await usecases.act_for(
                session,
                house=house,
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
    """退出登录：刷新令牌及由它换来的全部令牌失效。"""
    async with transaction(house.sessions, Fence(), now) as session:
        await usecases.revoke(session, house=house, refresh_token=body.refresh_token)
