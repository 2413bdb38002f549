"""Keyset pagination: a page is what comes after a key; the cursor is that key, signed by us and bound to its list."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from service.core import problems

Item = TypeVar("Item", bound=BaseModel)
Row = TypeVar("Row")


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None = Field(default=None, description="传给 cursor 以取下一页；没有下一页时为 null")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What part of a list is asked for: up to `limit` rows whose id comes after `after`."""

    limit: int
    after: UUID | None


class Cursors:
    """Makes and reads cursors, signed so that no one can step into a list with a key of his own."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, listing: str, last: UUID) -> str:
        """Return the cursor that continues `listing` after the row `last`."""
        body = json.dumps([listing, str(last)]).encode()
        return base64.urlsafe_b64encode(self._mac(body) + body).decode().rstrip("=")

    def read(self, listing: str, cursor: str) -> UUID:
        """Return the row after which `listing` continues.

        Raises:
            problems.CursorInvalid: forged, or of another list.
        """
        try:
            raw = base64.urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4))
            mac, body = raw[:16], raw[16:]
            if not hmac.compare_digest(mac, self._mac(body)):
                raise problems.CursorInvalid
            name, last = json.loads(body)
        except ValueError:
            raise problems.CursorInvalid from None
        if name != listing:
            raise problems.CursorInvalid
        return UUID(last)

    def _mac(self, body: bytes) -> bytes:
        return hmac.new(self._secret, b"cursor\0" + body, hashlib.sha256).digest()[:16]


def page_of(
    rows: Sequence[Row],
    *,
    request: PageRequest,
    read: Callable[[Row], Item],
    last: Callable[[Row], UUID],
    cursors: Cursors,
    listing: str,
) -> Page[Item]:
    """Return the page for `rows`, of which the repository fetched one more than `request.limit`."""
    shown = rows[: request.limit]
    more = len(rows) > request.limit
    return Page(
        items=[read(row) for row in shown], next_cursor=cursors.make(listing, last(shown[-1])) if more else None
    )


Limit = Annotated[int, Query(ge=1, le=200, description="每页条数，1–200")]
CursorText = Annotated[str | None, Query(max_length=400, description="上一页的 next_cursor")]
