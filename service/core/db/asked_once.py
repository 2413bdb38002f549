"""What a transaction asks several times over is read once, as long as the transaction itself changes nothing.

Rooms ask each other for the same settings, lists and registrations while one request is served. Nothing is kept beyond
the transaction, so what another one commits is seen by the next; and nothing beyond a change of one's own, a call of a
function that writes or locks included.
Only for what is looked up: whatever is locked, counted or spent must be read where it is decided.
"""

import functools
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from service.core.audit import trail
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
        key = (ask, *map(_plain, args), *((name, _plain(kwargs[name])) for name in sorted(kwargs)))
        if knows(session, key):
            return cast("Answer", known(session, key))
        said = await ask(session, *args, **kwargs)
        keep(session, key, said)
        return said

    return answer


def knows(session: AsyncSession, key: Hashable) -> bool:
    """Return whether an answer is at hand that still holds."""
    kept = session.info.get(_KEY)
    if kept is None or key not in kept:
        return False
    since, _ = kept[key]
    # what is waiting to be written would be written by the question itself
    return bool(since == trail.of(session).changed) and not (session.new or session.dirty or session.deleted)


def known(session: AsyncSession, key: Hashable) -> Any:
    """Return the answer at hand."""
    _, said = session.info[_KEY][key]
    return said


def keep(session: AsyncSession, key: Hashable, answer: Any) -> None:
    """Keep an answer until the transaction changes something or ends."""
    if isinstance(session.sync_session, TrackedSession):  # of another session nobody tells when it changes something
        session.info.setdefault(_KEY, {})[key] = trail.of(session).changed, answer


def forget(session: AsyncSession) -> None:
    """Let everything be asked again: whoever asks from now on may see other rows."""
    session.info.pop(_KEY, None)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(value)
    return frozenset(value) if isinstance(value, set | frozenset) or hasattr(value, "keys") else value


@event.listens_for(TrackedSession, "after_transaction_end")
def _forget(session: Session, *_: Any) -> None:
    session.info.pop(_KEY, None)
