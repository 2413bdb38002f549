"""HTTP of one's own password and second factor, and of the second factors of accounts in one's charge."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from service.accounts import errors, rules, schemas, usecases
from service.accounts.throttle import OwnAttempt
from service.core import http
from service.core.principal import Principal
from service.core.problems import NotFound
from service.core.router import Router


async def _not_stored(response: Response) -> None:
    response.headers["Cache-Control"] = "no-store"


router = Router(dependencies=[Depends(_not_stored)])

Secures = Annotated[Principal, Depends(http.Requires(rules.SECURES))]
Writes = Annotated[Principal, Depends(http.Requires("accounts:write"))]


@router.post(
    "/me/password",
    status_code=204,
    responses=http.refuses(
        NotFound,
        errors.PasswordNotUsed,
        errors.PasswordWrong,
        errors.PasswordTooWeak,
        errors.PasswordUsedBefore,
        errors.TooManyLogIns,
    ),
)
async def change_own_password(
    attempt: OwnAttempt, principal: Secures, session: http.Session, house: http.TheHouse, body: schemas.PasswordChange
) -> None:
    """修改自己的密码；其他登录随之失效。"""
    await usecases.change_own_password(
        session, principal=principal, change=body, remembered=house.settings.passwords_remembered
    )


@router.post(
    "/me/second-factor",
    responses=http.refuses(NotFound, errors.PasswordNotUsed, errors.SecondFactorEnrolled),
)
async def begin_second_factor(
    principal: Secures, session: http.Session, house: http.TheHouse
) -> schemas.SecondFactorSecret:
    """绑定动态码第一步：取得密钥，用身份验证器扫码；确认后才生效，再取一次则前一个作废。"""
    secret, uri = await usecases.begin_second_factor(session, house=house, principal=principal)
    return schemas.SecondFactorSecret(secret=secret, otpauth_uri=uri)


@router.post(
    "/me/second-factor/confirmation",
    responses=http.refuses(
        errors.SecondFactorMissing, errors.SecondFactorEnrolled, errors.SecondFactorWrong, errors.TooManyLogIns
    ),
)
async def confirm_second_factor(
    attempt: OwnAttempt, principal: Secures, session: http.Session, house: http.TheHouse, body: schemas.TotpCode
) -> schemas.RecoveryCodes:
    """绑定动态码第二步：输入动态码使其生效，取得恢复码（只显示这一次）；其他登录随之失效。"""
    codes = await usecases.confirm_second_factor(session, house=house, principal=principal, code=body.totp_code)
    return schemas.RecoveryCodes(recovery_codes=codes)


@router.post(
    "/me/second-factor/removal",
    status_code=204,
    responses=http.refuses(errors.SecondFactorMissing, errors.SecondFactorWrong, errors.TooManyLogIns),
)
async def remove_second_factor(
    attempt: OwnAttempt, principal: Secures, session: http.Session, house: http.TheHouse, body: schemas.TotpCode
) -> None:
    """用动态码或恢复码停用自己的动态码；全部登录随之失效。"""
    await usecases.remove_second_factor(session, house=house, principal=principal, code=body.totp_code)


@router.delete(
    "/accounts/{account_id}/second-factor",
    status_code=204,
    responses=http.refuses(NotFound, errors.NotYourself, errors.SecondFactorMissing),
)
async def reset_second_factor(principal: Writes, session: http.Session, account_id: UUID) -> None:
    """为丢失手机和恢复码的账号停用动态码；其登录随之失效。"""
    await usecases.reset_second_factor(session, principal=principal, account_id=account_id)
