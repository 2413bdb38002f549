"""Which passwords anybody could guess: names, numbers that others know, keyboard runs, the words everybody takes."""

import re
import unicodedata
from typing import Final

from service.accounts import errors

_RUNS: Final = ("abcdefghijklmnopqrstuvwxyz", "0123456789", "1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
_SHORTEST_RUN: Final = 4
_LEFT: Final = 4
"""A password needs this many characters beside what is a run, or a known number."""
_WORDS: Final = frozenset(
    {
        "password", "passwd", "passw0rd", "p@ssw0rd", "p@ssword", "admin", "administrator", "root", "user", "guest",
        "test", "welcome", "letmein", "login", "iloveyou", "woaini", "xunzhen", "hospital", "doctor", "nurse", "yiyuan",
        "yisheng", "hushi", "weisheng", "mima", "qwerty", "changeme", "default", "system", "health", "community",
    }
)  # fmt: skip
_KNOWN: Final = re.compile(
    r"\d{17}[\dx]"  # an identity number
    r"|1[3-9]\d{9}"  # a mobile telephone
    r"|0\d{2,3}-?\d{7,8}"  # a telephone with its area
    r"|(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"  # a birthday
)
_AROUND_A_WORD: Final = re.compile(r"[^a-z@]+$|^[^a-z@]+")


def refuse_weak(password: str, *, username: str, display_name: str) -> None:
    """Refuse a password that anybody could guess; upper and lower case, full and half width make no difference.

    Raises:
        PasswordTooWeak: says why.
    """
    plain = unicodedata.normalize("NFKC", password).casefold()
    for name in (username.casefold(), display_name.casefold()):
        if plain == name or (len(name) >= _LEFT and name in plain and len(plain) - len(name) < _LEFT):
            raise errors.PasswordTooWeak(why="与账号名或姓名相同或相近", reason="name")
    if not any(each.isalpha() for each in plain):
        raise errors.PasswordTooWeak(why="只有数字和符号", reason="digits_only")
    if len(set(plain)) < _LEFT:
        raise errors.PasswordTooWeak(why="只是几个字符的重复", reason="repeated")
    if len(_KNOWN.sub("", plain)) < _LEFT and _KNOWN.search(plain):
        raise errors.PasswordTooWeak(why="是电话、证件号或生日", reason="number")
    if _beside_runs(plain) < _LEFT:
        raise errors.PasswordTooWeak(why="是键盘或字母、数字的连续排列", reason="run")
    if _is_common(plain):
        raise errors.PasswordTooWeak(why="是常用密码", reason="common")


def _beside_runs(plain: str) -> int:
    """Return how many characters do not belong to a run of four or more along a row, either way."""
    rows = [*_RUNS, *(row[::-1] for row in _RUNS)]
    beside, at = 0, 0
    while at < len(plain):
        length = max((_run_at(plain, at, row) for row in rows), default=0)
        at, beside = (at + length, beside) if length >= _SHORTEST_RUN else (at + 1, beside + 1)
    return beside


def _run_at(plain: str, at: int, row: str) -> int:
    start = row.find(plain[at])
    length = 0
    while start >= 0 and at + length < len(plain) and row[start + length : start + length + 1] == plain[at + length]:
        length += 1
    return length


def _is_common(plain: str) -> bool:
    """Whether it is a word that everybody takes, once or again and again, with a number or signs around it."""
    bare = plain
    while bare != (stripped := _AROUND_A_WORD.sub("", bare)):
        bare = stripped
    return any(bare == word * (len(bare) // len(word)) for word in _WORDS if bare)
