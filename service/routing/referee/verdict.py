"""The referee's words: the rules by name, a breach of one, the price of a plan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Rule(StrEnum):
    """Every hard rule of a day's plan; the name of the one that a violation breaks."""

    unknown_staff = "unknown_staff"
    unknown_job = "unknown_job"
    unknown_service = "unknown_service"
    repeated_route = "repeated_route"
    missing_route = "missing_route"
    duplicate_service = "duplicate_service"
    incomplete_job = "incomplete_job"
    forgotten_job = "forgotten_job"
    mandatory_left_out = "mandatory_left_out"
    planned_and_unassigned = "planned_and_unassigned"
    repeated_unassigned = "repeated_unassigned"
    same_staff = "same_staff"
    not_simultaneous = "not_simultaneous"
    lag = "lag"
    too_early = "too_early"
    too_late = "too_late"
    duration = "duration"
    order = "order"
    overlap = "overlap"
    travel = "travel"
    shift_start = "shift_start"
    shift_end = "shift_end"
    lunch_missing = "lunch_missing"
    lunch_not_due = "lunch_not_due"
    lunch_repeated = "lunch_repeated"
    lunch_window = "lunch_window"
    lunch_duration = "lunch_duration"
    lunch_place = "lunch_place"
    unqualified = "unqualified"
    not_allowed = "not_allowed"
    forbidden = "forbidden"
    not_preferred = "not_preferred"
    overload = "overload"
    rank = "rank"
    max_work = "max_work"
    link_gap = "link_gap"
    link_order = "link_order"
    link_carer = "link_carer"
    link_bound = "link_bound"
    unknown_vehicle = "unknown_vehicle"
    repeated_tour = "repeated_tour"
    tour_place = "tour_place"
    tour_travel = "tour_travel"
    tour_shift = "tour_shift"
    seats = "seats"
    not_a_rider = "not_a_rider"
    boarding = "boarding"
    left_aboard = "left_aboard"
    two_vehicles = "two_vehicles"
    ride_elsewhere = "ride_elsewhere"
    not_carried = "not_carried"


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach: the rule, the indices of the person and the job it concerns, and the figures that do not fit."""

    code: Rule
    staff: int | None = None
    job: int | None = None
    facts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a plan's price: how much of it there is (in the problem's unit, or a count), and what it costs."""

    name: str
    amount: int
    cost: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the referee found: every breach, and the price by component, also of a plan that breaks rules."""

    violations: tuple[Violation, ...]
    components: tuple[Component, ...]

    @property
    def feasible(self) -> bool:
        """Whether no hard rule is broken."""
        return not self.violations

    @property
    def total(self) -> int:
        """The price of the plan: the sum of its components."""
        return sum(component.cost for component in self.components)

    @property
    def costs(self) -> dict[str, int]:
        """The price by component's name, `total` first."""
        return {"total": self.total} | {component.name: component.cost for component in self.components}

    def component(self, name: str) -> Component:
        """Return a component by name.

        Raises:
            KeyError: there is no such component.
        """
        for component in self.components:
            if component.name == name:
                return component
        raise KeyError(name)
