"""`xunzhen keys …`: the signing keys of an installation are listed, rotated, and dropped once nothing needs them."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from service.cli.app import CommandError
from service.core import key_rotation, keyring
from service.core.keyring import Keyring
from service.core.settings import get_settings

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


@app.command()
def drop(kid: Annotated[str, typer.Argument(help="旧签名密钥的名称，见 keys list")]) -> None:
    """停用一把旧的签名密钥：它签发的令牌和报价随即失效。

    Raises:
        CommandError: no such key, or it is the one that signs, or the file cannot be written.
    """
    _load()
    try:
        key_rotation.drop_signing(get_settings().keyring_path, kid)
    except key_rotation.KeyUnknown:
        raise CommandError(f"没有名为 {kid} 的签名密钥，请用 xunzhen keys list 查看。") from None
    except key_rotation.KeyInUse:
        raise CommandError(f"{kid} 正在签发令牌：请先运行 xunzhen keys rotate signing。") from None
    except OSError as error:
        raise CommandError(f"密钥文件写不进去，没有改动：{error}。") from error
    Console().print(f"签名密钥 {kid} 已停用。", highlight=False)
