"""Text that a database column can hold and a person can read, and lists of it."""

import re
from collections.abc import Hashable
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, StringConstraints

Value = TypeVar("Value", bound=Hashable)

_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


def refuse_unstorable(text: str) -> str:
    """Return `text` if PostgreSQL can store it.

    Raises:
        ValueError: it contains U+0000 or a lone surrogate.
    """
    if _UNSTORABLE.search(text):
        raise ValueError("不能含有空字符或残缺的字符")
    return text


def distinct(values: list[Value]) -> list[Value]:
    """Return `values` if each is there once.

    Raises:
        ValueError: one is there twice.
    """
    if len(set(values)) != len(values):
        raise ValueError("不能重复")
    return values


Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(refuse_unstorable)
]
"""A line of text: 1–200 characters."""
LongText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000), AfterValidator(refuse_unstorable)]
"""A note: up to 2,000 characters, may be empty."""
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,39}$")]
"""A code of a published list, or a number people read: letters, digits, `_`, `.`, `-`; up to 40."""
