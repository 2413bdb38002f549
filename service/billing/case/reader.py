"""Reads a billing case, strictly: whatever is wrong is refused with its JSON path before anything is settled."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Final, TypeAlias

from service.billing import rules
from service.billing.case import node, people_reader, terms_reader
from service.billing.case.node import Node
from service.core import clock

FORMAT: Final = "xunzhen.billing-case/1"
_REQUIRED: Final = "format institution staff price_book patients visits events"
_OPTIONAL: Final = "policy visit_fee_tariff region programs contracts beds"
_MOMENT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]((?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])(?:\.[0-9]+)?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)


@dataclass(frozen=True, slots=True)
class Settle:
    """`{"settle": visit}`."""

    visit: str


@dataclass(frozen=True, slots=True)
class Reverse:
    """`{"reverse": visit}`."""

    visit: str


@dataclass(frozen=True, slots=True)
class SettleBed:
    """`{"settle_bed": bed, "from": …, "to": …}`, days [first, until)."""

    bed: str
    first: date
    until: date


@dataclass(frozen=True, slots=True)
class ReverseBed:
    """`{"reverse_bed": bed, "from": …, "to": …}`, days [first, until)."""

    bed: str
    first: date
    until: date


Event: TypeAlias = Settle | Reverse | SettleBed | ReverseBed


@dataclass(frozen=True, slots=True)
class Case:
    """A billing case: facts, what is used before the first event, and the events in order."""

    terms: rules.Terms
    patients: dict[str, rules.Patient]
    opening: people_reader.Opening
    visits: dict[str, rules.Visit]
    events: tuple[Event, ...]


def read_case(raw: bytes) -> Case:
    """Read a billing case from the bytes of its file.

    Raises:
        Malformed: names the JSON path that is wrong, and why.
    """
    return read_document(node.parse(raw))


def read_document(document: Node) -> Case:
    """Read a billing case that stands in a document.

    Raises:
        Malformed: names the JSON path that is wrong, and why.
    """
    fields = document.fields(_REQUIRED, _OPTIONAL)
    if fields["format"].text() != FORMAT:
        raise fields["format"].wrong(f"应为 {FORMAT}")
    terms = terms_reader.read_terms(fields)
    opening: people_reader.Opening = {}
    patients = people_reader.read_patients(fields, terms, opening)
    visits = terms_reader.unique(fields["visits"], "id", lambda member: _read_visit(member, terms, patients))
    events = tuple(_read_event(member) for member in fields["events"].items())
    return Case(terms, patients, opening, dict(visits), events)


def _read_visit(member: Node, terms: rules.Terms, patients: dict[str, rules.Patient]) -> tuple[str, rules.Visit]:
    fields = member.fields("id patient mode started_at verified staff distance_km items", "home trip")
    service_on, starts_at = _read_moment(fields["started_at"])
    home, trip = node.given(fields, "home"), node.given(fields, "trip")
    visit = rules.Visit(
        id=fields["id"].text(),
        patient=people_reader.read_reference(fields["patient"], patients),
        mode=fields["mode"].text(),
        service_on=service_on,
        starts_at=starts_at,
        verified=fields["verified"].flag(),
        staff=tuple(people_reader.read_reference(staff, terms.licences) for staff in fields["staff"].items()),
        distance_km=fields["distance_km"].decimal(),
        items=tuple(read_item(item) for item in fields["items"].items()),
        home=None if home is None else home.text(),
        trip=None if trip is None else trip.text(),
    )
    return visit.id, visit


def read_item(member: Node) -> rules.Item:
    """Read something performed on a visit.

    Raises:
        Malformed: names the first path that is wrong.
    """
    fields = member.fields("code quantity")
    return rules.Item(fields["code"].text(), fields["quantity"].count(at_least=1))


def _read_moment(started_at: Node) -> tuple[date, time]:
    """Read an RFC 3339 moment of any offset and return its local date and time, to the second."""
    found = _MOMENT.fullmatch(started_at.text())
    if found is None:
        raise started_at.wrong("应为带时区的时刻（RFC 3339）")
    day, at, sign, hours, minutes = found.groups()
    try:
        offset = timedelta() if sign is None else timedelta(hours=int(hours), minutes=int(minutes))
        offset = -offset if sign == "-" else offset
        # beyond the first and the last year of the calendar there is no local time
        local = datetime.fromisoformat(f"{day}T{at}").replace(tzinfo=timezone(offset)).astimezone(clock.LOCAL)
    except (ValueError, OverflowError):
        raise started_at.wrong("应为存在的时刻（RFC 3339）") from None
    return local.date(), local.time()


def _read_event(member: Node) -> Event:
    entries = member.entries()
    if "settle_bed" in entries or "reverse_bed" in entries:
        name = "settle_bed" if "settle_bed" in entries else "reverse_bed"
        fields = member.fields(f"{name} from to")
        kind = SettleBed if name == "settle_bed" else ReverseBed
        return kind(fields[name].text(), fields["from"].day(), fields["to"].day())
    if "reverse" in entries:
        return Reverse(member.fields("reverse")["reverse"].text())
    return Settle(member.fields("settle")["settle"].text())
