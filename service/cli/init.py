"""`xunzhen init`: an empty database gets its schema, region, district, institution and first administrator."""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import asyncpg
import typer
from pydantic import ValidationError
from rich.console import Console
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.accounts import schemas as account_schemas
from service.accounts import usecases as accounts
from service.accounts.errors import PasswordTooWeak
from service.accounts.rules import Role, refuse_weak
from service.cli.app import CommandError
from service.cli.database import addresses, require_owner
from service.cli.migrate import upgrade
from service.core import keyring, places
from service.core.clock import SystemClock
from service.core.db.engine import make_engine, make_sessions
from service.core.db.session import transaction
from service.core.geo import Datum
from service.core.ids import new_id
from service.core.principal import Fence
from service.core.settings import get_settings
from service.institutions import schemas as institution_schemas
from service.institutions import usecases as institutions
from service.institutions.rules import InstitutionKind

app = typer.Typer(add_completion=False, help="建库：区域、机构与第一个管理员")

FOUNDED: Final = "数据库里已有统筹区，没有改动任何内容：xunzhen init 只用于空库，升级结构请用 xunzhen migrate。"

_HAS_TABLES: Final = text("select to_regclass('regions') is not null")
_HAS_REGION: Final = text("select exists (select from regions)")
# two that set up the same database at once: the second waits, and then sees the first one's region
_ONE_AT_A_TIME: Final = text("lock table regions in exclusive mode")


@dataclass(frozen=True, slots=True)
class Founding:
    """What an empty database begins with; everything is checked before anything is written."""

    region: institution_schemas.DistrictCreate
    district: institution_schemas.DistrictCreate
    institution: institution_schemas.InstitutionCreate
    admin: account_schemas.AccountCreate


def founding(
    *,
    region: tuple[str, str],
    district: tuple[str, str],
    institution: tuple[str, str],
    kind: InstitutionKind,
    address: str,
    place: tuple[float, float, Datum],
    admin: str,
    password: str,
) -> Founding:
    """Return what to found; region, district and institution are (code, name).

    Raises:
        CommandError: one of the values is not valid.
    """
    lon, lat, datum = place
    code, name = institution
    try:
        refuse_weak(password, username=admin, display_name="管理员")
        return Founding(
            # a region's code and name are those of a district: a code of a published list and a line of text
            region=institution_schemas.DistrictCreate(code=region[0], name=region[1]),
            district=institution_schemas.DistrictCreate(code=district[0], name=district[1]),
            institution=institution_schemas.InstitutionCreate(
                code=code,
                name=name,
                kind=kind,
                district_id=new_id(),  # known once the district stands
                address=address,
                place=places.Place(lon=lon, lat=lat, datum=datum),
            ),
            admin=account_schemas.AccountCreate(
                username=admin, role=Role.region_admin, display_name="管理员", password=password
            ),
        )
    except PasswordTooWeak as weak:
        raise CommandError(str(weak)) from None
    except ValidationError as wrong:
        # the first one only, and never the value itself: it may be the password
        first = wrong.errors(include_input=False, include_url=False)[0]
        raise CommandError(f"{'.'.join(map(str, first['loc']))} 不符合要求：{first['msg']}。") from None


async def found(owner_url: str, keys: Path, what: Founding) -> None:
    """Migrate an empty database and put in what it begins with, in one transaction; then keys, if there are none.

    Raises:
        CommandError: there is a region already, or no database; nothing was written.
    """
    engine = make_engine(owner_url)
    try:
        if await _is_founded(engine):
            raise CommandError(FOUNDED)
        await asyncio.to_thread(upgrade, owner_url)
        await put_in(engine, keys, what)
    except (DBAPIError, asyncpg.PostgresError) as error:
        said = error.orig if isinstance(error, DBAPIError) else error
        raise CommandError(f"数据库拒绝建库，请检查 XUNZHEN_OWNER_URL 是否为表的所有者：{said}。") from error
    except OSError as error:
        raise CommandError(f"密钥文件写不进去，没有建库：{error}。") from error
    finally:
        await engine.dispose()


async def _is_founded(engine: AsyncEngine) -> bool:
    try:
        async with engine.connect() as connection:
            if not (await connection.execute(_HAS_TABLES)).scalar_one():
                return False
            return bool((await connection.execute(_HAS_REGION)).scalar_one())
    except (DBAPIError, asyncpg.PostgresError, OSError) as error:
        raise CommandError("连不上数据库，请检查 XUNZHEN_OWNER_URL。") from error


async def put_in(engine: AsyncEngine, keys: Path, what: Founding) -> None:
    """Put what a migrated database begins with in, in one transaction.

    Raises:
        CommandError: there is a region already.
    """
    now = SystemClock().now()
    async with transaction(make_sessions(engine), Fence(), now) as session:
        await session.execute(_ONE_AT_A_TIME)
        if (await session.execute(_HAS_REGION)).scalar_one():
            raise CommandError(FOUNDED)
        region = await institutions.found_region(session, code=what.region.code, name=what.region.name)
        district = await institutions.add_district(session, region_id=region.id, draft=what.district)
        draft = what.institution.model_copy(update={"district_id": district.id})
        await institutions.add_institution(session, region_id=region.id, draft=draft)
        await accounts.create_first_account(
            session,
            region_id=region.id,
            username=what.admin.username,
            password=what.admin.password or "",
            role=what.admin.role,
            now=now,
        )
        keyring.create(keys, get_settings().field_cipher)  # last: without keys nothing of this must stand


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CommandError("这里不能输入密码，请用 --password-stdin 从标准输入传入。")
    typed: str = typer.prompt("管理员密码（至少 10 位）", hide_input=True, confirmation_prompt="再输入一次")
    return typed


@app.command()
def init(
    *,
    region_code: Annotated[str, typer.Option(help="统筹区编码，例如 640200", show_default=False)],
    region_name: Annotated[str, typer.Option(help="统筹区名称", show_default=False)],
    district_code: Annotated[str, typer.Option(help="县区编码，例如 640202", show_default=False)],
    district_name: Annotated[str, typer.Option(help="县区名称", show_default=False)],
    institution_code: Annotated[str, typer.Option(help="机构编码", show_default=False)],
    institution_name: Annotated[str, typer.Option(help="机构名称", show_default=False)],
    address: Annotated[str, typer.Option(help="机构地址", show_default=False)],
    lon: Annotated[float, typer.Option(help="机构经度", show_default=False)],
    lat: Annotated[float, typer.Option(help="机构纬度", show_default=False)],
    admin: Annotated[str, typer.Option(help="第一个管理员的账号名", show_default=False)],
    institution_kind: Annotated[
        InstitutionKind, typer.Option(help="机构类别")
    ] = InstitutionKind.community_health_centre,
    datum: Annotated[Datum, typer.Option(help="经纬度的坐标系")] = Datum.wgs84,
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="从标准输入读密码（一行）")] = False,
) -> None:
    """在空库上建立统筹区、县区、第一家机构和第一个管理员；已有统筹区时什么也不做。

    Raises:
        CommandError: a value is not valid, there is a region already, or no database; nothing was written.
    """
    what = founding(
        region=(region_code, region_name),
        district=(district_code, district_name),
        institution=(institution_code, institution_name),
        kind=institution_kind,
        address=address,
        place=(lon, lat, datum),
        admin=admin,
        password=_password(password_stdin),
    )
    settings = get_settings()
    with addresses(settings) as known:
        asyncio.run(found(require_owner(known), settings.keyring_path, what))
    Console().print(f"已建立统筹区 {region_code}，管理员 {admin} 可以登录。下一步：xunzhen serve。", highlight=False)
