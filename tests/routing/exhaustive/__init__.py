"""The cheapest plan of a tiny day, found by trying everything: the judge of cleverer searches. Slow on purpose.

Tried are: which jobs stay out, who gives each service, in which order, where in the route and at whose address lunch is
had, which of two free jobs comes first. Each of these has an earliest timetable, the least fixed point of "not before".
Where it may pay to begin later (a later window, a promised start, another band of the traffic, less waiting), later
timetables are tried as well. Every plan is judged and priced by the referee; nothing of the solver is used.
"""

from tests.routing.exhaustive.search import Best, solve

__all__ = ["Best", "solve"]
