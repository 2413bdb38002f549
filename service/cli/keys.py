"""`xunzhen keys …`: the keys of an installation are listed, rotated, and dropped once nothing needs them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.cli.app import CommandError
from service.cli.database import addresses, require_owner
from service.cli.field_rotation import Rotation, Unfinished, Unreadable
from service.core import field_keys, key_rotation, keyring
from service.core.db.engine import make_engine
from service.core.keyring import Keyring
from service.core.settings import get_settings

_Answer = TypeVar("_Answer")

app = typer.Typer(add_completion=False, help="密钥：列出、轮换、停用", no_args_is_help=True)
rotate = typer.Typer(help="换用新密钥", no_args_is_help=True)
app.add_typer(rotate, name="rotate")


def _load() -> Keyring:
    try:
        return keyring.load(get_settings().keyring_path)
    except keyring.KeyringMissing as missing:
        raise CommandError(str(missing)) from missing
    except (OSError, ValueError, KeyError) as broken:
        raise CommandError(f"密钥文件 {get_settings().keyring_path} 读不出来，没有改动。") from broken


@app.command("list")
def list_keys() -> None:
    """列出各把密钥的名称与用途；密钥本身从不显示。

    Raises:
        CommandError: there are no keys.
    """
    keys = _load()
    table = Table("kid", "种类", "用途")
    for at, signing in enumerate(keys.signing):
        table.add_row(signing.kid, "signing", "验签" if at else "签发、验签")
    for at, field in enumerate(keys.fields):
        table.add_row(field.kid, f"fields（{field.cipher}）", "解密" if at else "加密、解密")
    table.add_row(keys.index.kid, "index", "检索（不能轮换）")
    Console().print(table)


@rotate.command("signing")
def rotate_signing() -> None:
    """换用新的签名密钥；旧密钥继续验签，到用 keys drop 停用为止。运行中的服务数秒内换用，不必重启。

    Raises:
        CommandError: there are no keys, or the file cannot be written.
    """
    _load()
    try:
        kid = key_rotation.rotate_signing(get_settings().keyring_path)
    except OSError as error:
        raise CommandError(f"密钥文件写不进去，没有改动：{error}。") from error
    Console().print(f"新的签名密钥 {kid} 已启用；旧密钥仍可验签。", highlight=False)


@rotate.command("fields")
def rotate_fields(
    prepare: Annotated[bool, typer.Option("--prepare", help="多台服务器：只添加新密钥，先不启用")] = False,
    use: Annotated[str | None, typer.Option(help="多台服务器：启用已复制到各台的密钥", show_default=False)] = None,
) -> None:
    """换用新的字段密钥，并把已封存的内容全部改用新密钥；服务照常运行，中断后再运行一次即接着做。

    Raises:
        CommandError: there are no keys, or no database; exit code 1: not everything is sealed with the new key yet.
    """
    _load()
    path = get_settings().keyring_path
    try:
        if prepare:
            kid = field_keys.add(path, get_settings().field_cipher, first=False)
            _say(
                f"字段密钥 {kid} 已添加，尚未启用：把密钥文件复制到每台服务器，再运行 keys rotate fields --use {kid}。"
            )
        elif use is not None:
            field_keys.put_first(path, use)
            _say(f"字段密钥 {use} 已启用：再把密钥文件复制到每台服务器，最后运行 keys rotate fields 重新封存。")
        else:
            _with_owner(lambda work: work.run())
            _say(f"全部内容已用字段密钥 {_load().fields[0].kid} 封存；旧密钥可用 keys drop 停用。")
    except field_keys.NoSuchKey:
        raise CommandError(f"没有名为 {use} 的字段密钥，请用 xunzhen keys list 查看。") from None
    except OSError as error:
        raise CommandError(f"密钥文件写不进去，没有改动：{error}。") from error
    except Unreadable as broken:
        raise CommandError(
            f"{broken} 中有一项打不开（内容被改动，或缺少密钥），轮换停在这里；请运行 xunzhen doctor。", code=1
        ) from broken
    except Unfinished as still:
        raise CommandError(
            f"还有 {still.count} 项由旧密钥封存，或有事务尚未结束；请稍后再运行一次 xunzhen keys rotate fields。",
            code=1,
        ) from still


@app.command()
def drop(kid: Annotated[str, typer.Argument(help="旧密钥的名称，见 keys list")]) -> None:
    """停用一把旧密钥：签名密钥签发的令牌随即失效；字段密钥须已不封存任何内容。

    Raises:
        CommandError: no such key, or it is in use, or something is sealed with it, or the file cannot be written.
    """
    is_field = kid in {each.kid for each in _load().fields}
    try:
        if is_field:
            _drop_field(kid)
        else:
            key_rotation.drop_signing(get_settings().keyring_path, kid)
    except key_rotation.KeyUnknown:
        raise CommandError(f"没有名为 {kid} 的密钥，请用 xunzhen keys list 查看。") from None
    except key_rotation.KeyInUse:
        raise CommandError(f"{kid} 正在签发令牌：请先运行 xunzhen keys rotate signing。") from None
    except OSError as error:
        raise CommandError(f"密钥文件写不进去，没有改动：{error}。") from error
    _say(f"{'字段' if is_field else '签名'}密钥 {kid} 已停用。")


def _drop_field(kid: str) -> None:
    if kid == _load().fields[0].kid:
        raise CommandError(f"{kid} 正在用于封存：请先运行 xunzhen keys rotate fields。")

    async def count(work: Rotation) -> int:
        await work.settle()
        return (await work.sealed_by()).get(kid, 0)

    try:
        left = _with_owner(count)
    except Unfinished as still:
        raise CommandError("有事务尚未结束，其中可能还有用旧密钥封存的内容，请稍后再运行一次。", code=1) from still
    if left:
        raise CommandError(f"还有 {left} 项由 {kid} 封存，不能停用：请先运行 xunzhen keys rotate fields。")
    field_keys.retire(get_settings().keyring_path, kid)


def _with_owner(act: Callable[[Rotation], Awaitable[_Answer]]) -> _Answer:
    async def run(url: str) -> _Answer:
        engine = make_engine(url, pool_size=1)
        try:
            await _refuse_without_tables(engine)
            return await act(Rotation(engine, get_settings(), _say))
        finally:
            await engine.dispose()

    with addresses(get_settings()) as known:
        return asyncio.run(run(require_owner(known)))


async def _refuse_without_tables(engine: AsyncEngine) -> None:
    try:
        async with engine.connect() as connection:
            there = await connection.scalar(text("select to_regclass('patients') is not null"))
    except (DBAPIError, OSError) as error:
        raise CommandError("连不上数据库，请检查 XUNZHEN_OWNER_URL。") from error
    if not there:
        raise CommandError("数据库里还没有表：请先运行 xunzhen migrate（新装请用 xunzhen init）。")


def _say(sentence: str) -> None:
    typer.echo(sentence)
