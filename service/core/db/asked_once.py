"""What a transaction asks several times over is read once, as long as the transaction itself changes nothing.

Rooms ask each other for the same settings, lists and registrations while one request is served. Nothing is kept beyond
the transaction, so what another one commits is seen by the next; and nothing beyond a change of one's own.
Only for what is looked up: whatever is locked, counted or spent must be read where it is decided.
"""

import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast

from sqlalchemy import TextClause, event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import ORMExecuteState, Session

from service.core.audit import statements
from service.core.audit.trail import TrackedSession

P = ParamSpec("P")
Answer = TypeVar("Answer")

_KEY: Final = "asked_once"


def asked_once(
    ask: Callable[Concatenate[AsyncSession, P], Coroutine[Any, Any, Answer]],
) -> Callable[Concatenate[AsyncSession, P], Coroutine[Any, Any, Answer]]:
    """Let a question (a function of a session) be asked of the database once per transaction for the same arguments.

    Whoever asks shares the answer with others: it must not be changed.
    """

    @functools.wraps(ask)
    async def answer(session: AsyncSession, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        if not isinstance(session.sync_session, TrackedSession):  # nobody tells when it changes something
            return await ask(session, *args, **kwargs)
        known: dict[Any, Any] = session.info.setdefault(_KEY, {})
        key = (ask, *map(_plain, args), *((name, _plain(kwargs[name])) for name in sorted(kwargs)))
        # what is waiting to be written would be written by the question itself
        if key not in known or session.new or session.dirty or session.deleted:
            said = await ask(session, *args, **kwargs)
            session.info.setdefault(_KEY, {})[key] = said
            return said
        return cast("Answer", known[key])

    return answer


def forget(session: AsyncSession) -> None:
    """Let everything be asked again: whoever asks from now on may see other rows."""
    session.info.pop(_KEY, None)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(value)
    return frozenset(value) if isinstance(value, set | frozenset) or hasattr(value, "keys") else value


def _forget(session: Session, *_: Any) -> None:
    session.info.pop(_KEY, None)


def _forget_after_change(asked: ORMExecuteState) -> None:
    if asked.is_select:
        return
    written = asked.statement
    # a question put as text; functions write ledgers and relations, of which nothing is kept here
    if isinstance(written, TextClause) and all(
        change.verb == "call" for change in statements.read(written.text).changes
    ):
        return
    _forget(asked.session)


event.listen(TrackedSession, "after_flush", _forget)
event.listen(TrackedSession, "after_transaction_end", _forget)
event.listen(TrackedSession, "do_orm_execute", _forget_after_change)
