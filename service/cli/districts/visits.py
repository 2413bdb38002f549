"""The visits: what is done for whom, when, and what ties one visit to another."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Final

from service.cli.districts.features import HOUR, MINUTE, Chance, Feature
from service.cli.districts.land import Land
from service.cli.districts.people import Team
from service.routing.problem import Carer, Job, Link, Service, Sync, Window

LEFT_OUT: Final = 4 * HOUR
"""What leaving a plain visit out costs, in seconds of travel."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of visit: how often of a hundred, how many minutes, what it takes, and who else may do it."""

    often: int
    minutes: tuple[int, int]
    skills: tuple[str, ...]
    instead: tuple[str, ...] = ()


KINDS: Final = (
    Kind(30, (15, 25), ("nurse",)),
    Kind(15, (10, 20), (), ("doctor", "nurse")),
    Kind(12, (30, 45), ("nurse", "wound")),
    Kind(10, (25, 40), ("catheter", "nurse")),
    Kind(13, (20, 30), ("doctor",)),
    Kind(8, (40, 60), ("therapist",)),
    Kind(12, (40, 60), ("carer",)),
)
WIDTHS: Final = (30, 60, 60, 120, 120, 240)
"""Minutes in which a visit may begin."""


@dataclass
class Asked:
    """What is drawn one after the other: jobs, their links, and the chance of each feature."""

    land: Land
    team: Team
    seed: int
    features: AbstractSet[Feature]
    lab: int
    homes: tuple[int, ...]
    jobs: list[Job] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    hands: dict[str, Chance] = field(default_factory=dict)

    def hand(self, what: str) -> Chance:
        """Get the chance of one thing.

        Raises: nothing.
        """
        return self.hands.setdefault(what, Chance(self.seed, f"visits {what}"))

    def has(self, feature: Feature, per_cent: int = 100) -> bool:
        """Tell whether the feature is asked for and this visit has it; the chance is drawn either way.

        Raises: nothing.
        """
        return self.hand(feature).happens(per_cent) and feature in self.features


def draw(asked: Asked, number: int) -> None:
    """Draw so many jobs: elders one after the other, each with one visit or with two that are tied.

    Raises: nothing.
    """
    while len(asked.jobs) < number:
        point = asked.land.anywhere()
        if asked.hand("care homes").happens(20) and Feature.institutions in asked.features:
            point = asked.hand("residents").draw.choice(asked.homes)
        tie = next(_ties(asked), None) if len(asked.jobs) + 2 <= number else None
        if tie is None:
            _add(asked, _visit(asked, point))
        else:
            tie(asked, point)


def _ties(asked: Asked) -> Iterator[Callable[[Asked, int], None]]:
    """Yield what ties two visits of one elder, if anything does; each chance is drawn for everybody."""
    shares = ((_fasting, 4), (_same_nurse, 3), (_second_opinion, 2), (_apart, 4))
    names = (Feature.fasting, Feature.same_nurse, Feature.second_opinion, Feature.gaps)
    having = [asked.has(name, share) for name, (_, share) in zip(names, shares, strict=True)]
    yield from (tie for (tie, _), has in zip(shares, having, strict=True) if has)


def _add(asked: Asked, job: Job) -> int:
    asked.jobs.append(job)
    return len(asked.jobs) - 1


def _visit(asked: Asked, point: int) -> Job:
    """A visit of its own: kind, place and time first, then what the features make of it."""
    hand = asked.hand("plain")
    kind = hand.draw.choices(KINDS, [kind.often for kind in KINDS])[0]
    opening = hand.minutes(7 * 60, 16 * 60)
    width = hand.draw.choice(WIDTHS) * MINUTE
    job = Job(
        id=f"v{len(asked.jobs)}",
        point=point,
        windows=(Window(opening, opening + width),),
        services=(_service(asked, kind, hand.minutes(*kind.minutes)),),
        drop_penalty=LEFT_OUT,
    )
    if asked.has(Feature.several, 20):
        job = replace(job, windows=(*job.windows, Window(opening + width + HOUR, opening + width + 2 * HOUR)))
    return _told(asked, _wished(asked, _weighed(asked, _crewed(asked, job))))


def _service(asked: Asked, kind: Kind, duration: int) -> Service:
    if Feature.skills not in asked.features:
        return Service(duration, frozenset())
    if not kind.skills:
        instead = frozenset(kind.instead)
        if Feature.any_skills in asked.features:
            return Service(duration, frozenset(), instead)
        return Service(duration, frozenset({max(instead)}))
    return Service(duration, frozenset(kind.skills))


def _crewed(asked: Asked, job: Job) -> Job:
    """Some visits take two: at once, one after the other, or each when it suits."""
    hand = asked.hand("crew")
    sync, minutes = hand.draw.choice((Sync.simultaneous, Sync.simultaneous, Sync.sequential, Sync.independent)), 15
    second = Service(hand.minutes(minutes, 30), frozenset({"carer"} if Feature.skills in asked.features else ()))
    if not asked.has(Feature.crews, 10):
        return job
    lag = Window(0, HOUR // 2) if sync is Sync.sequential else Window(0, 0)
    return replace(job, services=(*job.services, second), sync=sync, lag=lag)


def _weighed(asked: Asked, job: Job) -> Job:
    """What it weighs to be left out or late, what is carried for it, and its place in the order of infection."""
    hand = asked.hand("weight")
    urgency, load, rank = hand.draw.choice((1, 1, 1, 2, 4)), hand.draw.choice((0, 0, 1, 2)), hand.draw.randrange(100)
    if Feature.priorities in asked.features:
        job = replace(job, drop_penalty=LEFT_OUT * urgency)
    if Feature.loads in asked.features:
        job = replace(job, load=load)
    if Feature.ranks in asked.features:
        job = replace(job, rank=0 if rank < 4 else 2 if rank >= 96 else 1)
    if Feature.soft in asked.features:
        job = replace(job, tardiness=5 if urgency > 2 else None)
    if asked.has(Feature.soft, 30):
        job = replace(job, punctual=True)
    if asked.has(Feature.ending, 10):
        longest = max(service.duration for service in job.services)
        job = replace(job, ends_in_window=True, windows=tuple(Window(w.start, w.end + longest) for w in job.windows))
    return job


def _wished(asked: Asked, job: Job) -> Job:
    hand = asked.hand("wish")
    able = asked.team.able(job.services[0].skills) or list(range(len(asked.team.rows)))
    one, few = hand.draw.choice(able), frozenset(hand.draw.sample(able, min(3, len(able))))
    kind = hand.draw.randrange(100)
    if Feature.wishes not in asked.features:
        return job
    if kind < 15:
        return replace(job, preferred_staff=frozenset({one}))
    if kind < 20:
        return replace(job, forbidden_staff=frozenset({one}))
    # a crew of two cannot come from a list made for its first member
    return replace(job, allowed_staff=few) if kind < 23 and len(job.services) == 1 else job


def _told(asked: Asked, job: Job) -> Job:
    """What the family was told: a start inside the first window, and who comes."""
    hand = asked.hand("promise")
    window = job.windows[0]
    start = window.start + hand.draw.randrange(0, 1 + (window.end - window.start) // 2, 5 * MINUTE)
    who = hand.draw.choice(asked.team.able(job.services[0].skills) or [0])
    if not asked.has(Feature.promises, 30):
        return job
    return replace(job, promised=start, promised_staff=frozenset({who}))


def _simple(asked: Asked, point: int, window: Window, minutes: int, skill: str) -> Job:
    """A visit of somebody with two visits: nothing else is asked of it."""
    skills = frozenset({skill} if Feature.skills in asked.features else ())
    job = Job(f"v{len(asked.jobs)}", point, (window,), (Service(minutes * MINUTE, skills),), drop_penalty=LEFT_OUT)
    return replace(job, rank=1) if Feature.ranks in asked.features else job


def _fasting(asked: Asked, point: int) -> None:
    early, open_hours = Window(13 * HOUR // 2, 9 * HOUR), Window(13 * HOUR // 2, 11 * HOUR)
    drawn = _add(asked, replace(_simple(asked, point, early, 10, "nurse"), punctual=True))
    brought = _add(asked, replace(_simple(asked, asked.lab, open_hours, 5, "nurse"), punctual=True))
    asked.links.append(Link(drawn, brought, 0, 2 * HOUR, carer=Carer.same, bound=True))


def _same_nurse(asked: Asked, point: int) -> None:
    morning = _add(asked, _simple(asked, point, Window(7 * HOUR, 10 * HOUR), 20, "nurse"))
    evening = _add(asked, _simple(asked, point, Window(13 * HOUR, 17 * HOUR), 20, "nurse"))
    asked.links.append(Link(morning, evening, 5 * HOUR, 9 * HOUR, carer=Carer.same))


def _second_opinion(asked: Asked, point: int) -> None:
    hours = Window(8 * HOUR, 17 * HOUR)
    first, second = (_add(asked, _simple(asked, point, hours, 20, "doctor")) for _ in range(2))
    asked.links.append(Link(first, second, HOUR, carer=Carer.other, ordered=False))


def _apart(asked: Asked, point: int) -> None:
    hours = Window(8 * HOUR, 17 * HOUR)
    first = _add(asked, _simple(asked, point, hours, 20, "nurse"))
    second = _add(asked, _simple(asked, point, hours, 40, "carer"))
    asked.links.append(Link(first, second, 2 * HOUR, ordered=False))
