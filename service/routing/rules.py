"""The words of routing and its pure decisions: who may give a service, at what price, and why a job stays out."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from service.routing.problem import Carer, Job, Link, Problem, Sync


class UnassignedReason(StrEnum):
    """Why a job is in no route; each is checked by the solver before it is said."""

    no_qualified_staff = "no_qualified_staff"
    excluded_staff = "excluded_staff"
    too_heavy = "too_heavy"
    unreachable = "unreachable"
    outside_shifts = "outside_shifts"
    overworked = "overworked"
    no_lunch = "no_lunch"
    linked = "linked"
    no_ride = "no_ride"
    no_capacity = "no_capacity"
    not_worth_it = "not_worth_it"
    no_place_found = "no_place_found"


EXPLANATIONS: Final[Mapping[UnassignedReason, str]] = MappingProxyType(
    {
        UnassignedReason.no_qualified_staff: "当天没有（足够的）人员具备该服务所需资质",
        UnassignedReason.excluded_staff: (
            "对人员的要求（指定、回避、距离、锁定，或当天已有上门的传染先后、早晚同一人员）排除了所有具备资质的人员"
        ),
        UnassignedReason.too_heavy: "该任务的携带量超过所有具备资质人员的上限",
        UnassignedReason.unreachable: "即使全天不安排其他任务，路程时间也不允许任何具备资质的人员按时往返",
        UnassignedReason.outside_shifts: "没有具备资质人员的班次能覆盖该任务的任何一个时间窗",
        UnassignedReason.overworked: "即使全天只安排该任务，具备资质人员的路程与服务时间也会超过其当日工作上限",
        UnassignedReason.no_lunch: "即使全天只安排该任务，具备资质的人员也无法在规定时段内用餐",
        UnassignedReason.linked: "与该任务相连的任务（先后、间隔、同一或不同人员、须一并安排）使其无法安排",
        UnassignedReason.no_ride: "没有共用车辆能按时接送，步行又来不及；多一辆车或改用自备车辆即可安排",
        UnassignedReason.no_capacity: "具备资质的人员当天已排满，加入该任务会违反硬性规则",
        UnassignedReason.not_worth_it: "可以安排，但增加的代价高于该任务不安排的代价",
        UnassignedReason.no_place_found: "在计算时限内未找到可安排的位置，所有可能尚未逐一试完",
    }
)
"""What dispatchers read for each reason."""


def explain(reason: UnassignedReason) -> str:
    """Say a reason in Chinese, for people.

    Raises: nothing.
    """
    return EXPLANATIONS[reason]


def overlaps(start: datetime, end: datetime, spans: Iterable[tuple[datetime, datetime]]) -> bool:
    """Tell whether the time from `start` up to `end` has a moment in common with one of the half-open spans.

    Raises: nothing.
    """
    return any(begins < end and start < ends for begins, ends in spans)


def longest_free(
    start: datetime, end: datetime, taken: Iterable[tuple[datetime, datetime]]
) -> tuple[datetime, datetime]:
    """Return the longest stretch of [start, end) in which nothing is taken, the first of several; empty when none is.

    Raises: nothing.
    """
    free, best = start, (start, start)
    for begins, ends in (*sorted(taken), (end, end)):
        if min(begins, end) - free > best[1] - best[0]:
            best = (free, min(begins, end))
        free = max(free, ends)
    return best


def is_qualified(problem: Problem, job: int, service: int, staff: int) -> bool:
    """Tell whether the person has every skill that the service asks for, and one of those of which one is enough.

    Raises: nothing.
    """
    wanted, has = problem.jobs[job].services[service], problem.staff[staff].skills
    return wanted.skills <= has and not (wanted.any_skills and wanted.any_skills.isdisjoint(has))


def is_punctual(problem: Problem, job: int) -> bool:
    """Tell whether the job's windows are hard: by its own word, or by rules that it has no price of its own against.

    Raises: nothing.
    """
    wanted, rules = problem.jobs[job], problem.rules
    unpriced = wanted.tardiness is None and rules.tardiness is None
    return wanted.punctual or rules.max_tardiness is None or unpriced


def lasts(problem: Problem, job: int, service: int, staff: int) -> int:
    """Tell how long a service takes the person, at the person's pace.

    Raises: nothing.
    """
    return paced(problem.jobs[job].services[service].duration, problem.staff[staff].pace)


def paced(duration: int, pace: int) -> int:
    """Tell how long somebody of a pace takes for what takes `duration` at the usual one.

    Raises: nothing.
    """
    return -(-duration * pace // 1000)


def leg(problem: Problem, staff: int, travel: int, leaving: int) -> int:
    """Tell how long a way of `travel` takes a row's person who is free to leave at `leaving`, in the traffic of then.

    Raises: nothing.
    """
    return in_traffic(problem, problem.staff[staff].matrix, travel, leaving)


def in_traffic(problem: Problem, matrix: int, travel: int, leaving: int) -> int:
    """Tell how long a way of `travel` takes by a matrix's mode, in the traffic of the moment of leaving.

    Raises: nothing.
    """
    if not problem.traffic:
        return travel
    factor = next((band.factor for band in reversed(problem.traffic[matrix]) if band.start <= leaving), 1000)
    return -(-travel * factor // 1000)


def ends_in_window(problem: Problem, job: int) -> bool:
    """Tell whether the job's services must be over by the end of a window, and not only begin by then.

    Raises: nothing.
    """
    return problem.rules.window_end_at_service_end or problem.jobs[job].ends_in_window


def counts(problem: Problem, link: Link, job: int, service: int) -> bool:
    """Tell whether a service counts for a job's link, for whom and for when: where the same person is asked for, of
    those who do not begin at once the first alone, who gives what the others assist at.

    Raises: nothing.
    """
    return link.carer is not Carer.same or service == 0 or problem.jobs[job].sync is Sync.simultaneous


def is_admitted(job: Job, staff: int) -> bool:
    """Tell whether the job's wishes that are never soft admit the person (指定人员).

    Raises: nothing.
    """
    return job.allowed_staff is None or staff in job.allowed_staff


def is_as_promised(problem: Problem, job: Job, staff: int) -> bool:
    """Tell whether the person, in whatever shift, is one of those who were promised, if anybody was.

    Raises: nothing.
    """
    if job.promised_staff is None or staff in job.promised_staff:
        return True
    human = problem.staff[staff].person
    return human is not None and human in {problem.staff[other].person for other in job.promised_staff}


def service_price(problem: Problem, job: int, service: int, staff: int) -> int | None:
    """Price the person giving this service: 0 when nothing is bent, None when a hard rule forbids it.

    Adds up `unqualified`, `forbidden`, `not_preferred` and `changed` of the problem's rules; each of the first three is
    hard where its price is None.

    Raises: nothing.
    """
    wanted, rules = problem.jobs[job], problem.rules
    if not is_admitted(wanted, staff):
        return None
    bent = (
        (is_qualified(problem, job, service, staff), rules.unqualified),
        (staff not in wanted.forbidden_staff, rules.forbidden),
        (wanted.preferred_staff is None or staff in wanted.preferred_staff, rules.not_preferred),
        (is_as_promised(problem, wanted, staff), rules.changed),
    )
    total = 0
    for kept, price in bent:
        if kept:
            continue
        if price is None:
            return None
        total += price
    return total
