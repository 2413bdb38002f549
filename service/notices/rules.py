"""The words of notices, and their decisions: to whom, when, with which text, and what follows from an attempt."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from service.core.clock import LOCAL, at_local
from service.notices import errors
from service.patients.rules import Right

NOTICE_DUE: Final = "notice.due"
"""News: a notice may be sent (subject: the notice)."""


class NoticeKind(StrEnum):
    """What people are told."""

    order_accepted = "order_accepted"
    order_rejected = "order_rejected"
    plan_published = "plan_published"
    appointment_withdrawn = "appointment_withdrawn"
    on_the_way = "on_the_way"
    visit_cancelled = "visit_cancelled"
    bill_ready = "bill_ready"


class Channel(StrEnum):
    """The way a notice takes."""

    sms = "sms"


class NoticeState(StrEnum):
    """How far a notice has come. `sending`: an attempt was begun whose end is not written down yet."""

    queued = "queued"
    sending = "sending"
    sent = "sent"
    delivered = "delivered"
    failed = "failed"
    suppressed = "suppressed"


class Suppressed(StrEnum):
    """Why a notice is not sent at all."""

    switched_off = "switched_off"
    no_mobile = "no_mobile"
    no_template = "no_template"
    no_gateway = "no_gateway"
    too_late = "too_late"


class Audience(StrEnum):
    """Who is told, as the setting has it."""

    elder_and_proxies = "elder_and_proxies"
    elder = "elder"
    proxies = "proxies"
    proxies_else_elder = "proxies_else_elder"


SAMPLES: Final[Mapping[NoticeKind, Mapping[str, str]]] = {
    NoticeKind.order_accepted: {
        "name": "王桂兰", "institution": "朝阳社区卫生服务中心", "order_no": "20260302-1", "day": "3月3日",
    },
    NoticeKind.order_rejected: {
        "name": "王桂兰", "institution": "朝阳社区卫生服务中心", "order_no": "20260302-1", "phone": "0952-2012345",
    },
    NoticeKind.plan_published: {
        "name": "王桂兰", "institution": "朝阳社区卫生服务中心", "day": "3月3日", "from": "09:10", "to": "09:40",
        "staff": "李护士、张医生",
    },
    NoticeKind.appointment_withdrawn: {
        "name": "王桂兰", "institution": "朝阳社区卫生服务中心", "day": "3月3日", "phone": "0952-2012345",
    },
    NoticeKind.on_the_way: {
        "name": "王桂兰", "institution": "朝阳社区卫生服务中心", "staff": "李护士", "from": "09:10",
    },
    NoticeKind.visit_cancelled: {
        "name": "王桂兰", "institution": "朝阳社区卫生服务中心", "day": "3月3日", "order_no": "20260302-1",
    },
    NoticeKind.bill_ready: {
        "name": "王桂兰", "institution": "朝阳社区卫生服务中心", "day": "3月3日", "amount": "35.50",
    },
}  # fmt: skip
"""Kind → its parameters, each with an example; a preview shows these."""

LIFETIMES: Final[Mapping[NoticeKind, timedelta]] = {
    NoticeKind.order_accepted: timedelta(days=2),
    NoticeKind.order_rejected: timedelta(days=2),
    NoticeKind.plan_published: timedelta(days=1),
    NoticeKind.appointment_withdrawn: timedelta(days=1),
    NoticeKind.on_the_way: timedelta(hours=1),
    NoticeKind.visit_cancelled: timedelta(days=1),
    NoticeKind.bill_ready: timedelta(days=3),
}
"""How long a notice is worth sending; what comes later than that would only confuse."""

NEEDED: Final[Mapping[NoticeKind, Right]] = {
    kind: Right.pay if kind is NoticeKind.bill_ready else Right.view for kind in NoticeKind
}
"""The right over the person without which a proxy is not told."""

LONGEST_PARAMETER: Final = 35
"""What the provider takes for one parameter, in characters."""
MOST_ATTEMPTS: Final = 8
PATIENCE: Final = timedelta(minutes=2)
"""Real time after which an attempt without a written end is looked up at the provider."""
_PLACE: Final = re.compile(r"\$\{([^{}]*)\}")
_MOBILE: Final = re.compile(r"\+861[3-9]\d{9}")


@dataclass(frozen=True, slots=True)
class Draft:
    """What a room above has to tell. `cause` names the event: the same cause is told once to each recipient.

    `subject_id` is what the notice is about (order, settlement): a kind that repeats what was last told of a subject
    is not told again.
    """

    region_id: UUID
    institution_id: UUID
    person_id: UUID
    kind: NoticeKind
    cause: str
    subject_id: UUID
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Someone who may be told: the person himself (`account_id` None) or a proxy. `phone` as E.164."""

    account_id: UUID | None
    phone: str | None
    rights: frozenset[Right]


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings of a day: kinds switched off, who is told, quiet hours (local hours; equal = none)."""

    off: tuple[str, ...]
    to: Audience
    quiet_from: int
    quiet_to: int


def is_mobile(phone: str | None) -> bool:
    """Return whether a number takes short messages: a mainland mobile."""
    return phone is not None and _MOBILE.fullmatch(phone) is not None


def choose(elder: Recipient, proxies: Iterable[Recipient], kind: NoticeKind, to: Audience) -> list[Recipient]:
    """Return who is told; the same phone only once. A proxy needs the kind's right and a mobile of his own."""
    able = [each for each in proxies if NEEDED[kind] in each.rights and is_mobile(each.phone)]
    chosen = {
        Audience.elder_and_proxies: [elder, *able],
        Audience.elder: [elder],
        Audience.proxies: able,
        Audience.proxies_else_elder: able or [elder],
    }[to]
    seen: set[str] = set()
    told = []
    for each in chosen:
        if each.phone is None or each.phone not in seen:
            told.append(each)
            seen |= {each.phone} if each.phone else set()
    return told


def due_at(at: datetime, quiet_from: int, quiet_to: int) -> datetime:
    """Return the first moment from `at` on that lies outside the quiet hours [from, to) of the local day."""
    local = at.astimezone(LOCAL)
    hours = (quiet_to - quiet_from) % 24
    if (local.hour - quiet_from) % 24 >= hours:
        return at
    evening = local.hour >= quiet_from > quiet_to
    return at_local(local.date() + timedelta(days=int(evening)), time(quiet_to))


def places_of(text: str) -> list[str]:
    """Return the names of the parameters that a text has a place for, each once, in order."""
    return list(dict.fromkeys(_PLACE.findall(text)))


def refuse_unknown_parameters(kind: NoticeKind, text: str) -> None:
    """Refuse a text that names a parameter which its kind does not have.

    Raises:
        errors.TemplateParameterUnknown: names it, and those that there are.
    """
    for name in places_of(text):
        if name not in SAMPLES[kind]:
            raise errors.TemplateParameterUnknown(unknown=name, known="、".join(SAMPLES[kind]))


def clipped(parameters: Mapping[str, str]) -> dict[str, str]:
    """Return parameters as the provider takes them: what is too long ends in “…”."""
    return {
        name: value if len(value) <= LONGEST_PARAMETER else value[: LONGEST_PARAMETER - 1] + "…"
        for name, value in parameters.items()
    }


def used(text: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return those of the parameters that a text has a place for: the provider wants no others."""
    return {name: parameters.get(name, "") for name in places_of(text)}


def render(text: str, parameters: Mapping[str, str]) -> str:
    """Return a text with its places filled; one without a parameter stays empty."""
    return _PLACE.sub(lambda found: parameters.get(found[1], ""), text)


def segments(characters: int) -> int:
    """Return how many messages a text counts as: 70 characters, or 67 each when it takes several."""
    return 1 if characters <= 70 else -(-characters // 67)


def retry_at(now: datetime, wait_seconds: int, attempts: int) -> datetime:
    """Return when to try again: the provider's wait, doubled with every attempt up to six hours."""
    return now + min(timedelta(seconds=wait_seconds) * (1 << max(attempts - 1, 0)), timedelta(hours=6))


def names(people: Sequence[str]) -> str:
    """Return the names of a crew as one parameter."""
    return "、".join(people)
