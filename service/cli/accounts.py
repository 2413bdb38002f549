"""`xunzhen accounts …`: what nobody who is logged in may do: make a platform administrator, help the last one in."""

import asyncio
import sys
from typing import Annotated
from uuid import UUID

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from service.accounts import errors, schemas
from service.accounts import usecases as accounts
from service.accounts.rules import Role
from service.cli.app import CommandError
from service.cli.database import addresses, require_owner
from service.core.clock import SystemClock
from service.core.db.engine import make_engine, make_sessions
from service.core.db.session import transaction
from service.core.principal import Fence
from service.core.settings import get_settings
from service.institutions import usecases as institutions

app = typer.Typer(add_completion=False, help="账号：平台管理员、丢失的动态码", no_args_is_help=True)

Region = Annotated[str, typer.Option(help="账号所在统筹区的编码", show_default=False)]
Username = Annotated[str, typer.Option(help="账号名", show_default=False)]


async def _region(session: AsyncSession, code: str) -> UUID:
    found = await institutions.find_region(session, code=code)
    if found is None:
        raise CommandError(f"没有编码为 {code} 的统筹区。")
    return found.id


async def add_platform_admin_at(url: str, *, region_code: str, username: str, password: str) -> None:
    """Make a platform administrator, who must enrol a second factor at the first log-in.

    Raises:
        CommandError: no such region, the name is taken, or name or password will not do.
    """
    try:
        TypeAdapter(schemas.Username).validate_python(username)
        TypeAdapter(schemas.NewPassword).validate_python(password)
    except ValidationError as wrong:
        raise CommandError(f"账号名或密码不符合要求：{wrong.errors(include_input=False)[0]['msg']}。") from None
    engine = make_engine(url)
    now = SystemClock().now()
    try:
        async with transaction(make_sessions(engine), Fence(), now) as session:
            await accounts.create_first_account(
                session,
                region_id=await _region(session, region_code),
                username=username,
                password=password,
                role=Role.platform_admin,
                display_name="平台管理员",
                now=now,
            )
    except (errors.UsernameTaken, errors.PasswordTooWeak) as refused:
        raise CommandError(str(refused)) from None
    except (DBAPIError, OSError) as error:
        raise CommandError("数据库没有接受，请检查 XUNZHEN_OWNER_URL 是否为表的所有者。") from error
    finally:
        await engine.dispose()


async def reset_second_factor_at(url: str, *, region_code: str, username: str) -> None:
    """Take an account's second factor out of use and end its sessions, as the schema's owner.

    Raises:
        CommandError: no such account, or it has no second factor.
    """
    engine = make_engine(url)
    try:
        async with transaction(make_sessions(engine), Fence(), SystemClock().now()) as session:
            done = await accounts.clear_second_factor(
                session, region_id=await _region(session, region_code), username=username
            )
    except (DBAPIError, OSError) as error:
        raise CommandError("数据库没有接受，请检查 XUNZHEN_OWNER_URL 是否为表的所有者。") from error
    finally:
        await engine.dispose()
    if not done:
        raise CommandError(f"统筹区 {region_code} 没有名为 {username} 且启用了动态码的账号。")


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CommandError("这里不能输入密码，请用 --password-stdin 从标准输入传入。")
    typed: str = typer.prompt("密码（至少 10 位）", hide_input=True, confirmation_prompt="再输入一次")
    return typed


@app.command()
def add_platform_admin(
    region_code: Region,
    username: Username,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="从标准输入读密码（一行）")] = False,
) -> None:
    """开设平台管理员：只能建立新的统筹区，看不到任何统筹区里的内容。"""
    password = _password(password_stdin)
    with addresses(get_settings()) as known:
        owner = require_owner(known)
        asyncio.run(add_platform_admin_at(owner, region_code=region_code, username=username, password=password))
    Console().print(f"已开设平台管理员 {username}；首次登录须绑定动态码。", highlight=False)


@app.command()
def reset_second_factor(region_code: Region, username: Username) -> None:
    """为丢失手机和恢复码、又没有别的管理员可找的账号停用动态码；其登录随之失效。"""
    with addresses(get_settings()) as known:
        asyncio.run(reset_second_factor_at(require_owner(known), region_code=region_code, username=username))
    Console().print(f"已停用 {username} 的动态码；下次登录可重新绑定。", highlight=False)
