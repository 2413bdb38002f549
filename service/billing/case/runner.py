"""Carries out the events of a billing case in order, and keeps its balances as sums of what was consumed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from service.billing import rules
from service.billing.case import reader

Answer: TypeAlias = rules.Bill | rules.BedSettlement | rules.Reversal | rules.Refusal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event."""

    event: reader.Event
    answer: Answer


@dataclass(frozen=True, slots=True)
class Result:
    """A case carried out: an outcome per event, and what is used after the last one."""

    case: reader.Case
    outcomes: tuple[Outcome, ...]
    used: dict[rules.Entitlement, int]


def run_case(case: reader.Case) -> Result:
    """Carry out the events of a case; a refused one changes nothing and later ones go on."""
    books = _Books(case, used=defaultdict(int, case.opening))
    outcomes = tuple(Outcome(event, books.answer(event)) for event in case.events)
    return Result(case, outcomes, dict(books.used))


@dataclass(slots=True)
class _Books:
    """The state between events: sums of consumption, live settlements by visit, billed bed days by patient and day."""

    case: reader.Case
    used: defaultdict[rules.Entitlement, int]
    settled: dict[str, rules.Settlement] = field(default_factory=dict)
    bed_days: dict[str, dict[date, rules.BedDay]] = field(default_factory=lambda: defaultdict(dict))
    beds: dict[str, tuple[rules.Patient, rules.Bed]] = field(init=False)
    stays: dict[tuple[str | None, str | None], list[rules.Visit]] = field(init=False)

    def __post_init__(self) -> None:
        self.beds = {bed.id: (patient, bed) for patient in self.case.patients.values() for bed in patient.beds}
        self.stays = defaultdict(list)
        for visit in self.case.visits.values():
            self.stays[visit.trip, visit.home].append(visit)

    def answer(self, event: reader.Event) -> Answer:
        """Carry out one event."""
        try:
            match event:
                case reader.Settle(visit):
                    return self._settle(visit)
                case reader.Reverse(visit):
                    return self._reverse(visit)
                case reader.SettleBed(bed, first, until):
                    return self._settle_bed(bed, first, until)
                case reader.ReverseBed(bed, first, until):
                    return self._reverse_bed(bed, first, until)
        except rules.Refused as refused:
            return refused.refusal

    def _settle(self, visit_id: str) -> rules.Bill:
        if visit_id in self.settled:
            return self.settled[visit_id].bill
        visit = self._visit(visit_id)
        settlement = rules.settle_visit(
            visit,
            terms=self.case.terms,
            patient=self.case.patients[visit.patient],
            used=self.used,
            peers=self.stays[visit.trip, visit.home],
        )
        self.settled[visit_id] = settlement
        self._post(settlement.consumptions)
        return settlement.bill

    def _reverse(self, visit_id: str) -> rules.Reversal:
        self._visit(visit_id)
        if visit_id not in self.settled:
            raise rules.Refused(rules.RefusalReason.not_settled)
        reversal = rules.reverse_settlement(self.settled.pop(visit_id))
        self._post(reversal.consumptions)
        return reversal

    def _settle_bed(self, bed_id: str, first: date, until: date) -> rules.BedSettlement:
        patient, bed = self._bed(bed_id)
        billed = self.bed_days[patient.id]
        settlement = rules.settle_bed_days(bed, first, until, patient=patient, used=self.used, billed=billed)
        billed |= {day.on: day for day in settlement.days}
        self._post(settlement.consumptions)
        return settlement

    def _reverse_bed(self, bed_id: str, first: date, until: date) -> rules.Reversal:
        patient, bed = self._bed(bed_id)
        billed = self.bed_days[patient.id]
        returned = [day for on, day in sorted(billed.items()) if day.bed == bed_id and first <= on < until]
        reversal = rules.reverse_bed_days(bed, returned)
        for day in returned:
            del billed[day.on]
        self._post(reversal.consumptions)
        return reversal

    def _visit(self, visit_id: str) -> rules.Visit:
        if visit_id not in self.case.visits:
            raise rules.Refused(rules.RefusalReason.visit_unknown)
        return self.case.visits[visit_id]

    def _bed(self, bed_id: str) -> tuple[rules.Patient, rules.Bed]:
        if bed_id not in self.beds:
            raise rules.Refused(rules.RefusalReason.bed_unknown)
        return self.beds[bed_id]

    def _post(self, consumptions: Iterable[rules.Consumption]) -> None:
        for consumption in consumptions:
            self.used[consumption.entitlement] += consumption.amount
