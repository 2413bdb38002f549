"""Which days the engine without compiled code plans: those whose rules its walk knows."""

from service.routing.problem import Problem


def suits(problem: Problem) -> bool:
    """Tell whether insertion, ruin and recreate in Python keep and price every rule of the day: no links, no traffic,
    nobody who rides, with two shifts, a pace of his own, a limit of work or a lunch elsewhere, no promised times with a
    price.

    Raises: nothing.
    """
    rules, people = problem.rules, [who.person for who in problem.staff if who.person is not None]
    stretched = any(band.factor != 1000 for bands in problem.traffic for band in bands)
    moved = rules.moved and any(job.promised is not None for job in problem.jobs)
    if problem.links or stretched or moved or rules.travel_balance or len(set(people)) < len(people):
        return False
    return all(
        not who.rides and who.pace == 1000 and who.max_work is None and (who.lunch is None or who.lunch.point is None)
        for who in problem.staff
    )
