"""The words of a visit and its decisions: which step may follow, what proves a visit, what casts doubt on it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from service.catalog.rules import ItemFacts, PriceCategory
from service.core.files.kinds import IMAGES, SOUNDS, FileKind
from service.visits import errors

VISIT_FINAL: Final = "visit.final"
"""News: a visit is verified, refused, missed or cancelled; it and those of its trip may settle (subject: the visit)."""

VISIT_DEPARTED: Final = "visit.departed"
"""News: the first of a visit's crew has set out (subject: the visit)."""

VISIT_MISSED: Final = "visit.missed"
"""News: a neighbour's crew found nobody at home; what the order held is to be given back (subject: the visit)."""

VISIT_FRUITLESS: Final = "visit.fruitless"
"""News: a crew set out in vain: nobody at home, or the family cancelled meanwhile (subject: the visit)."""

VISIT_STRAYED: Final = "visit.strayed"
"""News: a verified visit's crew arrived away from where the home is on the map (subject: the visit)."""
STRAYED_METRES: Final = 10
"""Nearer than this no setting lets a position be wrong."""


class VisitState(StrEnum):
    """How far a visit has come. `missed`, `refused` and `cancelled` are final without a bill."""

    prepared = "prepared"
    departed = "departed"
    arrived = "arrived"
    in_service = "in_service"
    completed = "completed"
    missed = "missed"
    refused = "refused"
    cancelled = "cancelled"


class EventKind(StrEnum):
    """The steps that a phone reports, in their order; of a visit in parts also stepping out and coming back."""

    depart = "depart"
    arrive = "arrive"
    start = "start"
    step_out = "step_out"
    come_back = "come_back"
    complete = "complete"
    leave = "leave"


class ExceptionKind(StrEnum):
    """What keeps a visit from verifying itself."""

    out_of_fence = "out_of_fence"
    place_unknown = "place_unknown"
    crew_incomplete = "crew_incomplete"
    end_missing = "end_missing"
    too_short = "too_short"
    evidence_missing = "evidence_missing"
    back_late = "back_late"
    part_missing = "part_missing"
    crew_late = "crew_late"


class ReasonCode(StrEnum):
    """Why a named person approved an exception, or refused it for good."""

    no_signal = "no_signal"
    position_drift = "position_drift"
    address_wrong = "address_wrong"
    elder_elsewhere = "elder_elsewhere"
    device_failure = "device_failure"
    colleague_substituted = "colleague_substituted"
    confirmed_by_family = "confirmed_by_family"
    service_cut_short = "service_cut_short"
    evidence_supplied = "evidence_supplied"
    not_credible = "not_credible"


class Decision(StrEnum):
    """An exception is approved or refused for good; neither can be taken back."""

    approved = "approved"
    refused = "refused"


class EvidenceKind(StrEnum):
    """What a file shows of a visit."""

    arrival_photo = "arrival_photo"
    signature = "signature"
    paper_form = "paper_form"
    service_photo = "service_photo"
    recording = "recording"


EVIDENCE_FILES: Final[Mapping[EvidenceKind, frozenset[FileKind]]] = {
    EvidenceKind.arrival_photo: IMAGES,
    EvidenceKind.signature: IMAGES | {FileKind.pdf},
    EvidenceKind.paper_form: IMAGES | {FileKind.pdf},
    EvidenceKind.service_photo: IMAGES | {FileKind.mp4},
    EvidenceKind.recording: SOUNDS,
}
"""Kind of evidence → kinds of file that can show it."""

ENDLESS: Final = frozenset({ExceptionKind.end_missing, ExceptionKind.part_missing})
"""What is doubted of visits that nobody completed: whoever approves it says when they ended."""
AT_THE_DOOR: Final = frozenset({EventKind.arrive, EventKind.come_back})
"""The steps that must be reported from the home."""
FINAL: Final = frozenset({VisitState.missed, VisitState.refused, VisitState.cancelled})
REACHES: Final[Mapping[EventKind, VisitState]] = {
    EventKind.depart: VisitState.departed,
    EventKind.arrive: VisitState.arrived,
    EventKind.start: VisitState.in_service,
}
"""The state that the first report of a step brings the visit to; `completed` needs the whole crew."""

EXCEPTION_TEXTS: Final[Mapping[ExceptionKind, str]] = {
    ExceptionKind.out_of_fence: "到达打卡的位置不在老人住处附近",
    ExceptionKind.place_unknown: "到达打卡没有位置，或定位误差太大",
    ExceptionKind.crew_incomplete: "到场人数少于安排的人数",
    ExceptionKind.end_missing: "服务开始后没有完成打卡",
    ExceptionKind.too_short: "服务时间明显短于项目所需时间",
    ExceptionKind.evidence_missing: "缺少规定留存的证据（照片、签名等）",
    ExceptionKind.back_late: "分次服务返回时已超过规定的最长间隔",
    ExceptionKind.part_missing: "分次服务没有做完：后面的几次没有人返回",
    ExceptionKind.crew_late: "先后上门的人员开始时已超过规定的最长间隔",
}
"""What the dispatcher reads."""


@dataclass(frozen=True, slots=True)
class Report:
    """One event of one member of the crew; `home_distance_metres` None = no usable position. `part`: of a visit in
    parts the one that is left or come back for.
    """

    kind: EventKind
    practitioner_id: UUID
    happened_at: datetime
    home_distance_metres: int | None = None
    accuracy_metres: int | None = None
    part: int = 1


@dataclass(frozen=True, slots=True)
class Departure:
    """That a crew set out: who of it with a position that can be used, the first of them when; and the planned hour."""

    crew: tuple[UUID, ...]
    at: datetime
    planned_at: datetime


@dataclass(frozen=True, slots=True)
class ProofLimits:
    """Dated settings that the proof stands on: metres, and the least share of the planned minutes."""

    geofence_metres: int
    accuracy_limit_metres: int
    minimum_share: Decimal


@dataclass(frozen=True, slots=True)
class VisitProof:
    """What billing needs of a visit: whether it is proven, by whom, when, what was done.

    `in_vain`: the crew set out and found nobody, or was called back by the family; the way may be charged.
    """

    visit_id: UUID
    order_id: UUID
    institution_id: UUID
    person_id: UUID
    home_id: UUID
    trip_id: UUID | None
    mode: str
    service_on: date
    started_at: datetime | None
    verified: bool
    state: VisitState
    staff_ids: tuple[UUID, ...]
    items: tuple[tuple[str, int], ...]
    in_vain: bool = False

    @property
    def is_final(self) -> bool:
        """Whether nothing more can change: verified, or final without a bill."""
        return self.verified or self.state in FINAL


def state_after(
    current: VisitState, kind: EventKind, crew: Iterable[UUID], reports: Sequence[Report], *, apart: bool = False
) -> VisitState:
    """Return the visit's state once `kind` is among `reports`: steps only move it forwards.

    It is completed when everybody who began has ended; of a crew whose members come `apart`, everybody.
    """
    if kind is EventKind.complete:
        begun = {each.practitioner_id for each in reports if each.kind is EventKind.start}
        ended = {each.practitioner_id for each in reports if each.kind is EventKind.complete}
        awaited = set(crew) if apart else begun & set(crew)
        return VisitState.completed if awaited <= ended else current
    reached = REACHES.get(kind, current)
    order = list(VisitState)
    return reached if order.index(reached) > order.index(current) else current


def span_of(reports: Iterable[Report]) -> tuple[datetime | None, datetime | None]:
    """Return when the service began (first start) and ended (last completion); None where not reported."""
    reports = list(reports)
    starts = [each.happened_at for each in reports if each.kind is EventKind.start]
    ends = [each.happened_at for each in reports if each.kind is EventKind.complete]
    return (min(starts) if starts else None), (max(ends) if ends else None)


def doubts(
    crew: Sequence[UUID],
    reports: Sequence[Report],
    planned_minutes: int,
    limits: ProofLimits,
    *,
    shortest: timedelta | None = None,
) -> dict[ExceptionKind, dict[str, object]]:
    """Return what keeps a completed visit from being verified by itself, with the facts of each doubt.

    Place: every arrival of the crew, and every coming back, within the geofence, its accuracy allowed for up to the
    limit. Time: the service took at least its share of the planned minutes, without those between its parts; of a crew
    whose members come apart so did the `shortest` stay of one of them. Crew: everyone sent has arrived and begun.
    """
    found: dict[ExceptionKind, dict[str, object]] = {}
    arrivals = [each for each in reports if each.kind in AT_THE_DOOR]
    unknown = [each for each in arrivals if not _has_place(each, limits)]
    far = [each for each in arrivals if _has_place(each, limits) and not _inside(each, limits)]
    if far:
        worst = max(each.home_distance_metres or 0 for each in far)
        found[ExceptionKind.out_of_fence] = {"distance_metres": worst, "geofence_metres": limits.geofence_metres}
    if unknown:
        found[ExceptionKind.place_unknown] = {"arrivals": len(unknown), "limit_metres": limits.accuracy_limit_metres}
    begun = {each.practitioner_id for each in reports if each.kind is EventKind.start}
    absent = [each for each in crew if each not in begun]
    if absent:
        found[ExceptionKind.crew_incomplete] = {"planned": len(crew), "present": len(crew) - len(absent)}
    start, end = span_of(reports)
    length = end - start - away(reports) if start and end else timedelta(0)
    minutes = int((length if shortest is None else shortest).total_seconds() // 60)
    if start and end and minutes < planned_minutes * limits.minimum_share:
        found[ExceptionKind.too_short] = {"minutes": minutes, "planned_minutes": planned_minutes}
    return found


def away(reports: Iterable[Report]) -> timedelta:
    """Return for how long somebody was away between the parts of a visit."""
    at = {(each.kind, each.part): each.happened_at for each in reports}
    ways = (
        back - at[EventKind.step_out, part - 1]
        for (kind, part), back in at.items()
        if kind is EventKind.come_back and (EventKind.step_out, part - 1) in at
    )
    return sum(ways, timedelta(0))


def _has_place(arrival: Report, limits: ProofLimits) -> bool:
    return arrival.home_distance_metres is not None and (arrival.accuracy_metres or 0) <= limits.accuracy_limit_metres


def _inside(arrival: Report, limits: ProofLimits) -> bool:
    return (arrival.home_distance_metres or 0) - (arrival.accuracy_metres or 0) <= limits.geofence_metres


def strayed(reports: Iterable[Report], *, accuracy_limit_metres: int) -> bool:
    """Return whether an arrival whose position can be used was made away from the home."""
    return any(
        each.kind is EventKind.arrive
        and (each.home_distance_metres or 0) >= STRAYED_METRES
        and (each.accuracy_metres or 0) <= accuracy_limit_metres
        for each in reports
    )


def address_was_wrong(doubts: Iterable[tuple[ExceptionKind, Decision | None, ReasonCode | None]]) -> bool:
    """Return whether a person approved an arrival out of the fence because the address is wrong."""
    return (ExceptionKind.out_of_fence, Decision.approved, ReasonCode.address_wrong) in set(doubts)


def was_elsewhere(doubts: Iterable[tuple[ExceptionKind, Decision | None, ReasonCode | None]]) -> bool:
    """Return whether the elder was met elsewhere, or the phone's position was wrong: nothing about the home."""
    reasons = {reason for _, _, reason in doubts}
    return not reasons.isdisjoint({ReasonCode.elder_elsewhere, ReasonCode.position_drift, ReasonCode.device_failure})


def is_verified(
    *,
    items: int,
    crew: int,
    started_at: datetime | None,
    ended_at: datetime | None,
    decisions: Sequence[Decision | None],
) -> bool:
    """Return whether service, person, staff, date, place, start and end are recorded, or each doubt is approved.

    The person and the date are the order's, which every report names; the place stands or falls with the doubts.
    """
    recorded = items > 0 and crew > 0 and started_at is not None and ended_at is not None
    return recorded and all(each is Decision.approved for each in decisions)


def contradicts(decision: Decision, reason: ReasonCode) -> bool:
    """Return whether a reason says the opposite of the decision: what is not credible cannot be approved."""
    return decision is Decision.approved and reason is ReasonCode.not_credible


def missing_evidence(required: Iterable[str], given: Iterable[EvidenceKind]) -> list[EvidenceKind]:
    """Return the required kinds of evidence of which a visit has none, in their order."""
    have = set(given)
    wanted = {EvidenceKind(each) for each in required}
    return [each for each in EvidenceKind if each in wanted - have]


def fits(kind: EvidenceKind, file: FileKind) -> bool:
    """Return whether a file can show a kind of evidence."""
    return file in EVIDENCE_FILES[kind]


def refuse_unaddable(code: str, item: ItemFacts | None, kind: str, *, crew: int, priced: bool) -> None:
    """Refuse to add a service at the door that could not have been ordered, that needs a larger crew, or has no price.

    Raises:
        errors.ItemNotAddable: says why.
    """
    reason = None
    if item is None:
        reason = "目录中没有这个项目"
    elif not item.home_allowed:
        reason = item.refusal_note or "不能上门提供"
    elif kind not in item.order_kinds:
        reason = "这类上门不提供该项目"
    elif item.staff_count > crew:
        reason = f"需要 {item.staff_count} 名人员"
    elif not priced:
        reason = "当日没有价格"
    if reason is not None:
        raise errors.ItemNotAddable(item_code=code, reason=reason)


def refuse_lot(name: str, category: PriceCategory, lot_no: str | None) -> None:
    """Refuse a drug or a consumable without its lot (批号), and a service with one.

    Raises:
        errors.LotMissing, errors.LotOutOfPlace: name what was recorded.
    """
    if category is PriceCategory.service and lot_no is not None:
        raise errors.LotOutOfPlace(name=name)
    if category is not PriceCategory.service and lot_no is None:
        raise errors.LotMissing(name=name)


def departure_of(reports: Iterable[Report], planned_at: datetime, *, accuracy_limit_metres: int) -> Departure | None:
    """Return the evidence that a crew set out, None when no departure has a position that can be used."""
    set_out = [
        each
        for each in reports
        if each.kind is EventKind.depart
        and each.home_distance_metres is not None
        and (each.accuracy_metres or 0) <= accuracy_limit_metres
    ]
    if not set_out:
        return None
    crew = tuple(sorted({each.practitioner_id for each in set_out}))
    return Departure(crew, min(each.happened_at for each in set_out), planned_at)


def crew_key(crew: Iterable[UUID]) -> str:
    """Return what identifies a crew: its members, in a fixed order."""
    return ",".join(sorted(str(each) for each in crew))
