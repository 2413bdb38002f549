"""Puts the referee's parts together."""

from dataclasses import dataclass, field

from service.routing.problem import Plan, Problem
from service.routing.referee import days, jobs, links, people, price, rides
from service.routing.referee.days import Day
from service.routing.referee.jobs import Found, Given
from service.routing.referee.people import Seen
from service.routing.referee.price import Counted
from service.routing.referee.verdict import Verdict


@dataclass(slots=True)
class Known:
    """What the referee has read of one plan: of others of the same problem only the rows and jobs that differ are read.

    A verdict is the same with it as without it.
    """

    days: dict[int, Day] = field(default_factory=dict)
    given: Given = field(default_factory=dict)
    rows: Seen = field(default_factory=dict)
    alone: Seen = field(default_factory=dict)
    found: Found = field(default_factory=dict)
    counted: Counted = field(default_factory=Counted)


def check_plan(problem: Problem, plan: Plan, known: Known | None = None) -> Verdict:
    """Check every hard rule of `problem` on the times that `plan` says, and price the plan again.

    A rule is hard when its price in `problem.rules` is None; rules without a price there are always hard. A plan that
    breaks rules gets all its violations and still a price, of what can be read. `known`, of this problem alone, is what
    plans judged before have in common with this one; it is added to.
    """
    known = Known() if known is None else known
    reading = days.read(problem, plan, known.days)
    visits = jobs.visits_by_job(reading.days, known.given)
    violations = (
        *reading.violations,
        *jobs.check_jobs(problem, plan, visits, known.found),
        *people.check_people(problem, reading.days, known.rows, known.alone),
        *links.check_links(problem, visits),
        *rides.check_tours(problem, plan),
    )
    driven = rides.driven(problem, plan)
    return Verdict(violations, price.price(problem, reading.days, visits, driven, known.counted))
