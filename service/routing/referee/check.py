"""Puts the referee's parts together."""

from service.routing.problem import Plan, Problem
from service.routing.referee import days, jobs, links, people, price, rides
from service.routing.referee.verdict import Verdict


def check_plan(problem: Problem, plan: Plan) -> Verdict:
    """Check every hard rule of `problem` on the times that `plan` says, and price the plan again.

    A rule is hard when its price in `problem.rules` is None; rules without a price there are always hard. A plan that
    breaks rules gets all its violations and still a price, of what can be read.
    """
    reading = days.read(problem, plan)
    visits = jobs.visits_by_job(reading.days)
    violations = (
        *reading.violations,
        *jobs.check_jobs(problem, plan, visits),
        *people.check_people(problem, reading.days),
        *links.check_links(problem, visits),
        *rides.check_tours(problem, plan),
    )
    return Verdict(violations, price.price(problem, reading.days, visits, rides.driven(problem, plan)))
